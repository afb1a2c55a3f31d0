"""Covers drawn sample by sample from exact laws, in integers: the message picks the samples (docs/drawn.md)."""
