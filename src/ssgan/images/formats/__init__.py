"""One file format, one file: its structure checked before Pillow decodes it."""
