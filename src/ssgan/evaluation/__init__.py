"""Evaluate how detectable embedders are, and how good covers are."""
