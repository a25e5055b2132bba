"""What families share that show one picture to a language model: gaia, rsgpt4v, rsmoe."""
