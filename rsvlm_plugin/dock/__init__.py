"""The panel beside the map: where, what the model will see, the answers."""
