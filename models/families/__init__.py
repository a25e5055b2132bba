"""A family composes parts into a model that is built from a card's configuration."""
