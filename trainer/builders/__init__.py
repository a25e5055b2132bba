"""Training records from what a user has: rasters with map features, two dates with masks, labels, captions, outlines, metadata.

One builder a file. Each gives records one after the other, the same ones for the same seed; building.py writes them.
"""
