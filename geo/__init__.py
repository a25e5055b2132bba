"""Pixels and the map: scenes, views, tiles and what they measure on the ground.

Knows rasters and coordinate systems; nothing of models, tasks, HTTP or Qt.
"""
