"""A place as a camera sees it: colours, patterns, relief and light, optics and sensor; drawn from the list of its items."""
