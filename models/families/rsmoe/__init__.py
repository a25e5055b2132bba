"""RS-MoE."""
