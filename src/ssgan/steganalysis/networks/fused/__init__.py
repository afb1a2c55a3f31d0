"""Compute layers of the networks as single functions on the processor: the same numbers, faster."""
