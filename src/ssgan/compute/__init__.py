"""Compute: compiled loops, CUDA graphs, threads, processes, public randomness."""
