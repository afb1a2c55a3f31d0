"""One set of features, one file."""
