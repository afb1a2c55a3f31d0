"""The paper's questions, one file each, asked again: in its own protocol, and in the one that the field accepts."""
