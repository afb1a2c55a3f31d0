"""Layers of the networks as single functions for the CPU: the same numbers, sooner."""
