"""MModalCC (SECOND-CC)."""
