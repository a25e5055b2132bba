"""GeoPix."""
