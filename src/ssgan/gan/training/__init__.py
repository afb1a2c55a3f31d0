"""The game: losses, updates, loop and checkpoints."""
