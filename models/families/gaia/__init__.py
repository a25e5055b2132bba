"""GAIA."""
