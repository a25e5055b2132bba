"""Generated aerial scenes whose every pixel is known: layout from a seed, drawing, exact masks, changes between two dates.

Coordinates in this package are metres, x right, y down, from the scene's upper left corner; demo.py alone gives them a CRS.
"""
