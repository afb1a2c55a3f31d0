"""Train network detectors."""
