"""Keyed choices: which samples stay frozen, and in which order the others carry the message (docs/format.md, 2, 3 and 5).

All of it comes from the ChaCha20 keystream (RFC 8439) by a rule that is written down, so that no library's random stream, which
may change with its version, is part of a message.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

FROZEN_LEAST, FROZEN_MOST, FROZEN_SHARE = 64, 256, 32
_WORDS = 1 << 18  # of keystream made at a time


def keystream(key: bytes, size: int) -> bytes:
    """The first `size` bytes of ChaCha20's keystream: block counter 0, nonce 0."""
    return Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(size))


def frozen_count(samples: int) -> int:
    """How many of so many samples are frozen."""
    return min(FROZEN_MOST, max(FROZEN_LEAST, samples // FROZEN_SHARE), samples)


def frozen_places(key: bytes, samples: int) -> np.ndarray:
    """int64 (k,): the places of the samples that are never changed, in the order in which they are drawn."""
    count = frozen_count(samples)
    words = _words(key)
    moved: dict[int, int] = {}  # what the exchanges have put elsewhere than where it started
    chosen = []
    for i in range(count):
        j = i + _uniform(words, samples - i)
        chosen.append(moved.get(j, j))
        moved[j] = moved.get(i, i)
    return np.array(chosen, dtype=np.int64)


def carrying_places(key: bytes, samples: int, frozen: np.ndarray) -> np.ndarray:
    """int64 (n,): the places of the samples that carry the message, in its order; `frozen` are left out."""
    from ssgan.messages.order_loops import shuffle

    carrying = np.ones(samples, dtype=bool)
    carrying[frozen] = False
    order = np.flatnonzero(carrying)
    left, stream = len(order) - 1, Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    while left > 0:
        size = min(_WORDS, left + left // 2 + 64)
        left = shuffle(order, np.frombuffer(stream.update(bytes(4 * size)), dtype="<u4"), left)
    return order


def _words(key: bytes) -> Iterator[int]:
    stream = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()
    while True:
        yield from np.frombuffer(stream.update(bytes(4 * 512)), dtype="<u4").tolist()


def _uniform(words: Iterator[int], bound: int) -> int:
    fair = 2**32 - 2**32 % bound
    return next(word for word in words if word < fair) % bound
