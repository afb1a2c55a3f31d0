"""The compiled beginning of a reading: 16 bits of the stream for every length and split that a sender may have chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compiled import compiled

BITS = 16


@compiled
def beginnings(
    high: np.ndarray, low: np.ndarray, columns: np.ndarray, totals: np.ndarray, seconds: np.ndarray, out: np.ndarray
) -> None:
    """out (trials,): the first 16 bits, highest first, of streams of `totals` bits with `seconds` of them in the second layer.

    high, low uint8 (n,): the second lowest and the lowest bits, each in its layer's order; columns int64 (2, 2^(h-2)), of the
    second layer and of the first.
    """
    for trial in range(len(out)):
        second = seconds[trial]
        ahead = min(second, BITS)
        word = _beginning(high, columns[0], second, ahead)
        out[trial] = word << (BITS - ahead) | _beginning(low, columns[1], totals[trial] - second, BITS - ahead)


@compiled
def _beginning(bits: np.ndarray, columns: np.ndarray, length: int, wanted: int) -> Any:
    """The first `wanted` bits of a layer of `length` bits: docs/format.md, section 8."""
    window, word, first = np.int64(0), np.int64(0), np.int64(0)
    mask = len(columns) - 1
    for block in range(wanted):
        end = np.int64(np.floor((block + 1) * (len(bits) / length) + 0.5))
        for t in range(end - first):
            window ^= columns[t & mask] & -np.int64(bits[first + t])
        first = end
        word = word << 1 | (window & 1)
        window >>= 1
    return word
