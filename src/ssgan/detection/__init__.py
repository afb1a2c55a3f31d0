"""Ask a question of a detector: pairs, training, scores, and verdicts on files."""
