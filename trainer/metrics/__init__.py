"""Figures of how good answers are, each by the protocol of who published it. Knows arrays and words; no networks."""
