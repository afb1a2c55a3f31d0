"""How a network detector is trained."""
