"""Places of many kinds, laid out from chance: what stands where, in metres, x right, y down. Knows nothing of pixels' colours."""
