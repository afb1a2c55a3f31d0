"""Draw covers sample by sample from exact laws, in integers, where the message picks the samples (docs/drawn.md)."""
