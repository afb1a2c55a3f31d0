"""Parse file formats, one a file: the structure is checked before Pillow decodes it."""
