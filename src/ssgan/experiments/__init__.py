"""Repeat the paper's experiments, one a file: by its own protocol, and by the accepted one."""
