"""The demo project and the tour that `make run` shows."""
