"""Make the keystream of ChaCha20 (RFC 8439): bytes that cannot be told from random ones without the key."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

_BLOCK = 64  # bytes that one count of the cipher gives


def keystream(key: bytes, size: int) -> bytes:
    """Return the first `size` bytes for a key of 32 bytes: block counter 0, nonce 0."""
    return reader(key)(size)


def keystream_from(key: bytes, begin: int, size: int) -> bytes:
    """Return `size` bytes from byte `begin` on, which must lie below 2^38, without those before."""
    block, skipped = divmod(begin, _BLOCK)
    encryptor = Cipher(algorithms.ChaCha20(key, block.to_bytes(4, "little") + bytes(12)), mode=None).encryptor()
    return encryptor.update(bytes(skipped + size))[skipped:]


def reader(key: bytes) -> Callable[[int], bytes]:
    """Return a function that returns the next bytes of the keystream, as many as it is asked for."""
    encryptor = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    return lambda size: encryptor.update(bytes(size))
