"""How arithmetic is done: compiled loops, CUDA graphs, threads, processes, public randomness."""
