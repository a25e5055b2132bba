"""Images and words in, text and embeddings out. Predictors know pixels and strings; nothing of rasters, CRS or files."""
