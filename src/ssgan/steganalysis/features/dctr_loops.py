"""Compile DCTR: the undecimated cosine transform of a picture, and how often each magnitude occurs at each place in a block.

The transform is separable, and a cosine vector is symmetric or its own negative when read backwards, so that a sum or a
difference of two samples is multiplied in place of both. All five counts of a place are kept in one number, 12 bits each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.decompression_loops import decompress

TRUNCATION = 4
BINS = TRUNCATION + 1
PHASES = 25  # of 8 x 8, merged: rows i and 8 - i, columns j and 8 - j
# The authors' comparison of fractions with 1/2 lets this much pass; coefficients on the block grid are often an exact half.
MARGIN = 5.01e-6
_BITS = 12  # of a count; a row of one phase is flushed before it is full
_MOST = 2**_BITS - 1


@compiled
def fill_dctr(planes: np.ndarray, table: np.ndarray, cosines: np.ndarray, step: float, out: np.ndarray) -> None:
    """Fill out (N, 8000) with frequencies: mode k, l, then phase i, j, then magnitude, of int16 coefficients (N, H, W)."""
    height, width = planes.shape[1:]
    samples = np.empty((height, width))
    for n in range(len(planes)):
        decompress(planes[n], table, cosines, samples)
        _transform(samples, cosines, step, out[n].reshape((64, PHASES, BINS)))


@compiled
def _transform(samples: np.ndarray, cosines: np.ndarray, step: float, out: np.ndarray) -> None:
    height, width = samples.shape
    column, folded = np.empty(width), np.empty((8, width - 7))
    packed, counts = np.zeros((8, width - 7), np.int64), np.zeros((8, PHASES, BINS), np.int64)
    for k in range(8):
        counts[:] = 0
        for i in range(8):
            rows = 0
            for y in range(i, height - 7, 8):
                _along_columns(samples[y : y + 8], cosines[k] / step, column)
                _fold(column, folded)
                for m in range(8):
                    odd = 4 * (m % 2)
                    _count(folded[odd], folded[odd + 1], folded[odd + 2], folded[odd + 3], cosines[m], packed[m])
                rows += 1
                if rows == _MOST:
                    _flush(packed, i, counts)
                    rows = 0
            _flush(packed, i, counts)
        for m in range(8):
            for phase in range(PHASES):
                total = 0
                for b in range(BINS):
                    total += counts[m, phase, b]
                for b in range(BINS):
                    out[8 * k + m, phase, b] = counts[m, phase, b] / total if total else 0.0


@compiled
def _along_columns(rows: np.ndarray, factors: np.ndarray, out: np.ndarray) -> None:
    r0, r1, r2, r3 = rows[0], rows[1], rows[2], rows[3]
    a0, a1, a2, a3 = factors[0], factors[1], factors[2], factors[3]
    for x in range(len(out)):
        out[x] = a0 * r0[x] + a1 * r1[x] + a2 * r2[x] + a3 * r3[x]
    r0, r1, r2, r3 = rows[4], rows[5], rows[6], rows[7]
    a0, a1, a2, a3 = factors[4], factors[5], factors[6], factors[7]
    for x in range(len(out)):
        out[x] += a0 * r0[x] + a1 * r1[x] + a2 * r2[x] + a3 * r3[x]


@compiled
def _fold(column: np.ndarray, folded: np.ndarray) -> None:
    """Fill sums (rows 0...3) and differences (4...7) of the samples n and 7 - n of each window."""
    for n in range(4):
        first, last, sums, differences = column[n:], column[7 - n :], folded[n], folded[4 + n]
        for x in range(folded.shape[1]):
            sums[x] = first[x] + last[x]
            differences[x] = first[x] - last[x]


@compiled
def _count(f0: np.ndarray, f1: np.ndarray, f2: np.ndarray, f3: np.ndarray, factors: np.ndarray, packed: np.ndarray) -> None:
    a0, a1, a2, a3 = factors[0], factors[1], factors[2], factors[3]
    for x in range(len(packed)):
        magnitude = abs(a0 * f0[x] + a1 * f1[x] + a2 * f2[x] + a3 * f3[x])
        level: Any = np.int32(min(magnitude + (0.5 + MARGIN), 4.0))
        packed[x] += np.int64(1) << (np.int64(level) * _BITS)


@compiled
def _flush(packed: np.ndarray, i: int, counts: np.ndarray) -> None:
    """Add the counts of a row's phase i to the merged phases, and empty them."""
    row = min(i, 8 - i)
    for m in range(8):
        for x in range(packed.shape[1]):
            j, value = x % 8, packed[m, x]
            phase = 5 * row + min(j, 8 - j)
            for b in range(BINS):
                counts[m, phase, b] += (value >> (b * _BITS)) & _MOST
            packed[m, x] = 0
