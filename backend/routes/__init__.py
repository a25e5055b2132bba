"""The addresses that the service answers at, one file for each subject."""
