"""Compute: compiled loops, CUDA graphs, optimizers, threads, processes, public randomness."""
