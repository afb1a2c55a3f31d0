"""Attack LSB replacement by its structure."""
