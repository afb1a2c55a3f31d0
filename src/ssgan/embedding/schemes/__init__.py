"""Compute the costs of changes, one scheme a file."""
