"""Build generators and critics, one design a file."""
