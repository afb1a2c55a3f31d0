"""What is kept: atomic files, run folders, weights, signals held back while saving."""
