"""The backend as a program on this machine: where its Python is, how it is installed, started and ended."""
