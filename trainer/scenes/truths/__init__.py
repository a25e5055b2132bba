"""What is true of a generated place, in masks, numbers and words; every sentence is read from what was drawn."""
