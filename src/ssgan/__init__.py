"""ssgan: secure steganography with generated covers."""
