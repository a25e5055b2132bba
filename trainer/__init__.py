"""The headless trainer: records in, weights and measured figures out."""
