"""What the plugin does on the map canvas: draw a rectangle, show an outline, go somewhere."""
