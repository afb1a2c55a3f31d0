"""Compile co-occurrences between the color channels: the three levels of one residual at the same pixel.

A set of filters is counted in two tables by turns, for the reason given in `cooccurrence_loops.py`.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.cooccurrence_loops import ACROSS, DOWN, merge_bins
from ssgan.steganalysis.features.residuals_loops import extreme, filter_strip, lay_out, quantize, stride_of, strip_rows

CHANNELS = 3
LEVELS = 7
BINS = LEVELS**CHANNELS


@compiled
def fill_color_bank(
    images: np.ndarray, taps: np.ndarray, border: int, thresholds: np.ndarray, members: np.ndarray, kinds: np.ndarray,
    merges: np.ndarray, places: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill the features of one bank of residuals, in their places in out (N, D) float64.

    images uint8 (N, 3, H, W); `thresholds` (3,); all else as in `cooccurrence_loops.fill_bank`, at one quantization step:
    the sets that are scanned down there are one more term here, normalized by itself.
    """
    height, width = images.shape[2] - 2 * border, images.shape[3] - 2 * border
    stride = stride_of(images.shape[3])
    rows = strip_rows(height, stride)
    length = rows * stride
    samples, residual = np.empty(length + (2 * border + 1) * stride, np.uint8), np.empty(length, np.int16)
    levels = np.empty((CHANNELS, len(taps), length), np.uint8)
    planes, index, tables = (
        np.empty((CHANNELS, length), np.uint8),
        np.empty(length, np.uint16),
        np.empty((2, BINS + 1), np.uint32),
    )
    counts = np.empty((len(members), 2, 2, BINS), np.uint32)
    for n in range(len(images)):
        counts[:] = 0
        for top in range(0, height, rows):
            here = min(rows, height - top)
            for c in range(CHANNELS):
                lay_out(images[n, c], top, stride, samples)
                for b in range(len(taps)):
                    filter_strip(samples, stride, taps[b], residual)
                    quantize(residual, thresholds, levels[c, b])
            for p in range(len(members)):
                for largest in range(1 if kinds[p] == 1 else 2):
                    for way in range(2):
                        tables[:] = 0
                        for i in range(members.shape[2]):
                            if members[p, way, i]:
                                for c in range(CHANNELS):
                                    extreme(levels[c], members[p, way, i], largest == 1, planes[c])
                                _count_colors(planes, here, stride, width, index, tables)
                        for i in range(BINS):
                            counts[p, way, largest, i] += tables[0, i] + tables[1, i]
        for p in range(len(members)):
            across, down = (members[p, ACROSS] != 0).sum(), (members[p, DOWN] != 0).sum()
            pixels = height * width
            merge_bins(counts[p], across * pixels, down * pixels, merges[kinds[p]], kinds[p] == 1, out[n, places[p] :])


@compiled
def _count_colors(planes: np.ndarray, rows: int, stride: int, width: int, index: np.ndarray, tables: np.ndarray) -> None:
    """Add the triples of levels at each pixel; positions at the end of a row without a residual have a bin of their own."""
    one, size = np.uint32(1), rows * stride
    first, second, third = planes[0], planes[1], planes[2]
    for i in range(size):
        index[i] = (np.uint16(first[i]) * LEVELS + np.uint16(second[i])) * LEVELS + np.uint16(third[i])
    for y in range(rows):
        index[y * stride + width : (y + 1) * stride] = BINS
    for i in range(0, size, 2):
        tables[0, index[i]] += one
        tables[1, index[i + 1]] += one
