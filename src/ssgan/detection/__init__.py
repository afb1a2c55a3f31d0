"""A question, its pairs, a trained detector, its scores and verdicts on files."""
