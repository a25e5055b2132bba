"""The local service: a supervisor that listens and a worker that runs the models. Knows tasks by name only."""
