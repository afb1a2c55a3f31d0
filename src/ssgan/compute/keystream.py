"""Make the keystream of ChaCha20 (RFC 8439): bytes that cannot be told from random ones without the key."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms


def keystream(key: bytes, size: int) -> bytes:
    """Return the first `size` bytes for a key of 32 bytes: block counter 0, nonce 0."""
    return reader(key)(size)


def reader(key: bytes) -> Callable[[int], bytes]:
    """Return a function that returns the next bytes of the keystream, as many as it is asked for."""
    encryptor = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    return lambda size: encryptor.update(bytes(size))
