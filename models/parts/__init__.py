"""One idea per file; a family in ../families composes them. Parts know tensors only: no images, files or words."""
