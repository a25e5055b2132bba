"""Models of transformers as they are released, and SAM beside them."""
