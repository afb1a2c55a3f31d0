"""One adaptive scheme, one file: what a change of each sample costs."""
