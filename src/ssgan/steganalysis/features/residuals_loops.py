"""Compile residuals: filters of small integers, quantized and truncated to a few levels, and their minima and maxima.

Rows follow each other in one long row of an even stride, so that the vector registers are full on narrow images too.
What is made across the ends of rows means nothing, and the counting leaves it out.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

LARGEST_STRIP = 1 << 16  # samples: a strip and its levels fit in the second-level cache


@compiled
def stride_of(width: int) -> int:
    """Return the width rounded up to an even number: windows are counted two by two."""
    return width + width % 2


@compiled
def strip_rows(height: int, stride: int) -> int:
    """Return how many rows of residuals are worked on at a time: an even number, or all of them."""
    return min(height, max(4, LARGEST_STRIP // stride // 2 * 2))


@compiled
def lay_out(plane: np.ndarray, top: int, stride: int, samples: np.ndarray) -> None:
    """Copy the rows from `top` on, as many as exist and fit, each padded to the stride by zeros; zeros after the last."""
    height, width = plane.shape
    rows = min(height - top, len(samples) // stride)
    samples[rows * stride :] = 0
    for y in range(rows):
        row, filled = plane[top + y], samples[y * stride : (y + 1) * stride]
        for x in range(width):
            filled[x] = row[x]
        filled[width:] = 0


@compiled
def filter_strip(samples: np.ndarray, stride: int, taps: np.ndarray, residual: np.ndarray) -> None:
    """Fill residual int16: the sum over `taps` (row, column, weight) of the samples at that offset, times the weight."""
    residual[:] = 0
    for t in range(len(taps)):
        weight = np.int16(taps[t, 2])
        if weight:
            moved = samples[taps[t, 0] * stride + taps[t, 1] :]
            for i in range(len(residual)):
                residual[i] += weight * np.int16(moved[i])


@compiled
def quantize(residual: np.ndarray, thresholds: np.ndarray, levels: np.ndarray) -> None:
    """Fill levels uint8 0...2T: T, plus how many of the T thresholds the residual reaches, less how many its negative does."""
    first, second = np.int16(thresholds[0]), np.int16(thresholds[1])
    if len(thresholds) == 2:
        for i in range(len(levels)):
            r = residual[i]
            levels[i] = np.uint8(r >= first) + np.uint8(r >= second) + np.uint8(r > -first) + np.uint8(r > -second)
        return
    levels[:] = 0
    for t in range(len(thresholds)):
        threshold = np.int16(thresholds[t])
        for i in range(len(levels)):
            r = residual[i]
            levels[i] += np.uint8(r >= threshold) + np.uint8(r > -threshold)


@compiled
def extreme(levels: np.ndarray, members: int, largest: bool, out: np.ndarray) -> None:
    """Take the least or the largest, position by position, of the rows of `levels` (B, L) whose bits are set in `members`."""
    fresh = True
    for b in range(len(levels)):
        if members >> b & 1:
            row = levels[b]
            if fresh:
                for i in range(len(out)):
                    out[i] = row[i]
                fresh = False
            elif largest:
                for i in range(len(out)):
                    out[i] = max(out[i], row[i])
            else:
                for i in range(len(out)):
                    out[i] = min(out[i], row[i])
