"""Play the game: losses, updates, loop and checkpoints."""
