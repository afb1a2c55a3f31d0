"""Keep things on the disk: atomic files, run folders, weights, checkpoints, signals held back while saving."""
