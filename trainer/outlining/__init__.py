"""The layers that draw, fitted alone on pictures that the rest has read already. Of the bundled family."""
