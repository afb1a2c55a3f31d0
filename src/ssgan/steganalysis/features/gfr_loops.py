"""Compile GFR: a picture filtered by pairs of mirrored Gabor kernels, and how often each magnitude occurs at each place.

A kernel at an angle and its mirror image are the sum and the difference of two parts, of 16 numbers each: one is even in
columns, the other odd. So a window is folded to 4 x 16 sums and differences, once for all kernels, and 32 products give the
answers of two kernels. All five counts of a place are kept in one number, 12 bits each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.dctr_loops import BINS, MARGIN, PHASES
from ssgan.steganalysis.features.decompression_loops import decompress

WIDTH = 32  # windows side by side that are worked on together, so that all they need stays in the first cache
_BITS = 12
_MOST = 2 ** (_BITS - 1) - 1  # rows, each of which counts twice
_PART = 16 * WIDTH


@compiled
def fill_gfr(planes: np.ndarray, table: np.ndarray, cosines: np.ndarray, kernels: np.ndarray, out: np.ndarray) -> None:
    """Fill out (N, filters x 125) with frequencies of int16 coefficients (N, H, W): filter, then phase, then magnitude.

    kernels (2, filters / 2, 2, 16): the two parts of each pair, divided by its step; first of kernels even under a half turn,
    then of odd ones; [4 u + v] multiplies the sums and differences of samples u + 1/2 rows and v + 1/2 columns from the center.
    """
    height, width = planes.shape[1:]
    filters = kernels.shape[1]
    wide = (width - 7 + WIDTH - 1) // WIDTH * WIDTH + 8
    samples, padded = np.empty((height, width)), np.zeros((height, wide))
    folded, rows = np.empty(4 * _PART), np.empty((8, WIDTH + 8))
    packed = np.zeros((2, filters, WIDTH), np.int64)
    counts = np.empty((2, filters, PHASES, BINS), np.int64)
    for n in range(len(planes)):
        decompress(planes[n], table, cosines, samples)
        padded[:, :width] = samples
        counts[:] = 0
        for i in range(8):
            for left in range(0, width - 7, WIDTH):
                since = 0
                for y in range(i, height - 7, 8):
                    _fold(padded[y : y + 8], left, rows, folded)
                    for f in range(filters):
                        _count(folded, 0, 3 * _PART, kernels[0, f, 0], kernels[0, f, 1], packed[0, f])
                        _count(folded, _PART, 2 * _PART, kernels[1, f, 0], kernels[1, f, 1], packed[1, f])
                    since += 1
                    if since == _MOST:
                        _flush(packed, i, min(WIDTH, width - 7 - left), counts)
                        since = 0
                _flush(packed, i, min(WIDTH, width - 7 - left), counts)
        _normalize(counts, out[n].reshape((2, filters, PHASES, BINS)))


@compiled
def _fold(samples: np.ndarray, left: int, rows: np.ndarray, folded: np.ndarray) -> None:
    """Fill the parts even in both, odd in columns, odd in rows, odd in both; each 16 rows of WIDTH windows."""
    for u in range(4):
        above, below, sums, differences = samples[3 - u, left:], samples[4 + u, left:], rows[u], rows[4 + u]
        for x in range(WIDTH + 7):
            sums[x] = above[x] + below[x]
            differences[x] = below[x] - above[x]
    for u in range(8):
        for v in range(4):
            row, at = rows[u], 2 * (u // 4) * _PART + (4 * (u % 4) + v) * WIDTH
            before, after = row[3 - v :], row[4 + v :]
            even, odd = folded[at : at + WIDTH], folded[at + _PART : at + _PART + WIDTH]
            for x in range(WIDTH):
                even[x] = after[x] + before[x]
                odd[x] = after[x] - before[x]


@compiled
def _count(folded: np.ndarray, one: int, other: int, a: np.ndarray, b: np.ndarray, packed: np.ndarray) -> None:
    """Add the magnitudes of both kernels of a pair, in all windows."""
    a0, a1, a2, a3, a4, a5, a6, a7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    a8, a9, a10, a11, a12, a13, a14, a15 = a[8], a[9], a[10], a[11], a[12], a[13], a[14], a[15]
    b0, b1, b2, b3, b4, b5, b6, b7 = b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
    b8, b9, b10, b11, b12, b13, b14, b15 = b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
    s, t = folded[one : one + _PART], folded[other : other + _PART]
    for x in range(WIDTH):
        first = (
            a0 * s[x] + a1 * s[x + WIDTH] + a2 * s[x + 2 * WIDTH] + a3 * s[x + 3 * WIDTH]
            + a4 * s[x + 4 * WIDTH] + a5 * s[x + 5 * WIDTH] + a6 * s[x + 6 * WIDTH] + a7 * s[x + 7 * WIDTH]
            + a8 * s[x + 8 * WIDTH] + a9 * s[x + 9 * WIDTH] + a10 * s[x + 10 * WIDTH] + a11 * s[x + 11 * WIDTH]
            + a12 * s[x + 12 * WIDTH] + a13 * s[x + 13 * WIDTH] + a14 * s[x + 14 * WIDTH] + a15 * s[x + 15 * WIDTH]
        )  # fmt: skip
        second = (
            b0 * t[x] + b1 * t[x + WIDTH] + b2 * t[x + 2 * WIDTH] + b3 * t[x + 3 * WIDTH]
            + b4 * t[x + 4 * WIDTH] + b5 * t[x + 5 * WIDTH] + b6 * t[x + 6 * WIDTH] + b7 * t[x + 7 * WIDTH]
            + b8 * t[x + 8 * WIDTH] + b9 * t[x + 9 * WIDTH] + b10 * t[x + 10 * WIDTH] + b11 * t[x + 11 * WIDTH]
            + b12 * t[x + 12 * WIDTH] + b13 * t[x + 13 * WIDTH] + b14 * t[x + 14 * WIDTH] + b15 * t[x + 15 * WIDTH]
        )  # fmt: skip
        level: Any = np.int32(min(abs(first + second) + (0.5 + MARGIN), 4.0))
        mirrored: Any = np.int32(min(abs(first - second) + (0.5 + MARGIN), 4.0))
        packed[x] += (np.int64(1) << (np.int64(level) * _BITS)) + (np.int64(1) << (np.int64(mirrored) * _BITS))


@compiled
def _flush(packed: np.ndarray, i: int, width: int, counts: np.ndarray) -> None:
    """Add the counts of a row's phase i to the merged phases, and empty them."""
    row = min(i, 8 - i)
    for parity in range(2):
        for f in range(packed.shape[1]):
            for x in range(width):
                j, value = x % 8, packed[parity, f, x]
                phase = 5 * row + min(j, 8 - j)
                for b in range(BINS):
                    counts[parity, f, phase, b] += (value >> (b * _BITS)) & (2**_BITS - 1)
            packed[parity, f] = 0


@compiled
def _normalize(counts: np.ndarray, out: np.ndarray) -> None:
    for parity in range(2):
        for f in range(counts.shape[1]):
            for phase in range(PHASES):
                total = counts[parity, f, phase].sum()
                for b in range(BINS):
                    out[parity, f, phase, b] = counts[parity, f, phase, b] / total if total else 0.0
