"""Between map layers and the words of the protocol: places, pictures for the model, answers as layers and files."""
