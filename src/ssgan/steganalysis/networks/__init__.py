"""Build networks, one a file."""
