"""The compiled beginning of a reading: 16 bits of the stream for every length and split that a sender may have chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.messages.container import PROBE_BITS as BITS


@compiled
def beginnings(
    high: np.ndarray, low: np.ndarray, columns: np.ndarray, ahead: np.ndarray, edges: np.ndarray, out: np.ndarray
) -> None:
    """Fill out (trials,): first 16 bits, highest first, of streams whose first `ahead` (trials,) bits are in the second layer.

    high, low uint8 (n,): the samples, in the second layer's order and in the first one's; columns int64 (2, 2^(h-2)) and edges
    int64 (2, trials, 17): of the second layer and of the first. (Edges are rounded products: they are not made here, where a
    product and a sum may be fused.)
    """
    for trial in range(len(out)):
        word = _beginning(high, 1, columns[0], edges[0, trial], ahead[trial])
        out[trial] = word << (BITS - ahead[trial]) | _beginning(low, 0, columns[1], edges[1, trial], BITS - ahead[trial])


@compiled
def _beginning(samples: np.ndarray, shift: int, columns: np.ndarray, edges: np.ndarray, wanted: int) -> Any:
    """Return the first `wanted` bits of a layer: docs/format.md, section 8."""
    window, word = np.int64(0), np.int64(0)
    mask = len(columns) - 1
    for block in range(wanted):
        first = edges[block]
        for t in range(edges[block + 1] - first):
            window ^= columns[t & mask] & -(np.int64(samples[first + t]) >> shift & 1)
        word = word << 1 | (window & 1)
        window >>= 1
    return word
