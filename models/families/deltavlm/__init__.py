"""DeltaVLM."""
