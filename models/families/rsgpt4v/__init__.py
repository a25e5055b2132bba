"""RS-GPT4V."""
