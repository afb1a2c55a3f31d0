"""Covers by a trained generator: from latents to files."""
