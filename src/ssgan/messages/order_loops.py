"""Compile the shuffle of `order.py`: the Fisher-Yates exchange, driven by keystream words, with rejection."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def shuffle(order: np.ndarray, words: np.ndarray, last: int) -> int:
    """Exchange order[i] with order[uniform(i + 1)] for i = last...1; return the i where the words ended, or 0.

    `words` are uint32 of the keystream. A word too large to be fair is passed over: docs/format.md, sections 2 and 5.
    """
    used, i = 0, last
    while i > 0:
        bound = np.int64(i + 1)
        fair = (np.int64(1) << 32) - (np.int64(1) << 32) % bound
        word = np.int64(0)
        while True:
            if used == len(words):
                return i
            word = np.int64(words[used])
            used += 1
            if word < fair:
                break
        j = word % bound
        order[i], order[j] = order[j], order[i]
        i -= 1
    return 0
