"""Keep things on the disk: atomic files, run folders, weights, signals held back while saving."""
