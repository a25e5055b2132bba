"""Generated aerial scenes whose every pixel is known: layout from a seed, drawing, exact masks, changes between dates.

Coordinates are metres, x right, y down, from the scene's upper left corner; demo.py alone gives them a CRS.
"""
