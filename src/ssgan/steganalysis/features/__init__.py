"""Extract features, one set a file."""
