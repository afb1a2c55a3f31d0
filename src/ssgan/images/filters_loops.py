"""Compile separable filters: the mirrored border, and correlation along rows and along columns.

Each output row is built up in the first-level cache, eight, three or one taps at a time: the taps of a group are scalars, so
that all sums of a row run side by side in vector registers. The loops work on single planes; a caller that takes a strip of
rows at a time keeps everything in between near the core.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

WIDEST = 256  # columns of a tile


@compiled
def correlate_rows(x: np.ndarray, taps: np.ndarray, out: np.ndarray, fresh: bool) -> None:
    """Compute out[i, j] = sum over t of taps[t] x[i, j + t], or add it to out (H, W - len(taps) + 1)."""
    for i in range(out.shape[0]):
        row, sums = x[i], out[i]
        if fresh:
            sums[:] = 0
        t = 0
        while t + 8 <= len(taps):
            a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
            e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
            r = row[t:]
            for j in range(len(sums)):
                sums[j] += (
                    a * r[j] + b * r[j + 1] + c * r[j + 2] + d * r[j + 3]
                    + e * r[j + 4] + f * r[j + 5] + g * r[j + 6] + h * r[j + 7]
                )  # fmt: skip
            t += 8
        while t + 3 <= len(taps):
            a, b, c = taps[t], taps[t + 1], taps[t + 2]
            r = row[t:]
            for j in range(len(sums)):
                sums[j] += a * r[j] + b * r[j + 1] + c * r[j + 2]
            t += 3
        while t < len(taps):
            a = taps[t]
            r = row[t:]
            for j in range(len(sums)):
                sums[j] += a * r[j]
            t += 1


@compiled
def correlate_columns(x: np.ndarray, taps: np.ndarray, out: np.ndarray, fresh: bool) -> None:
    """Compute out[i, j] = sum over t of taps[t] x[i + t, j], or add it to out (H - len(taps) + 1, W)."""
    for i in range(out.shape[0]):
        sums = out[i]
        if fresh:
            sums[:] = 0
        t = 0
        while t + 8 <= len(taps):
            a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
            e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
            k = i + t
            r0, r1, r2, r3, r4, r5, r6, r7 = x[k], x[k + 1], x[k + 2], x[k + 3], x[k + 4], x[k + 5], x[k + 6], x[k + 7]
            for j in range(len(sums)):
                sums[j] += (
                    a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
                    + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
                )  # fmt: skip
            t += 8
        while t + 3 <= len(taps):
            a, b, c = taps[t], taps[t + 1], taps[t + 2]
            r0, r1, r2 = x[i + t], x[i + t + 1], x[i + t + 2]
            for j in range(len(sums)):
                sums[j] += a * r0[j] + b * r1[j] + c * r2[j]
            t += 3
        while t < len(taps):
            a = taps[t]
            r0 = x[i + t]
            for j in range(len(sums)):
                sums[j] += a * r0[j]
            t += 1


@compiled
def mirror(plane: np.ndarray, top: int, border: int, out: np.ndarray) -> None:
    """Fill out (R, W + 2 border): rows top...top + R - 1 of the plane with mirrored borders, the edge repeated."""
    mirror_tile(plane, top, -border, out)


@compiled
def mirror_tile(plane: np.ndarray, top: int, left: int, out: np.ndarray) -> None:
    """Fill out (R, S) with rows top...top + R - 1 and columns left...left + S - 1 of the plane, mirrored beyond its edges."""
    height, width = plane.shape
    begin, end = max(0, -left), min(out.shape[1], width - left)
    for i in range(out.shape[0]):
        y = (top + i) % (2 * height)
        row, filled = plane[min(y, 2 * height - 1 - y)], out[i]
        for j in range(begin, end):
            filled[j] = row[left + j]
        for j in range(begin):
            x = (left + j) % (2 * width)
            filled[j] = row[min(x, 2 * width - 1 - x)]
        for j in range(end, out.shape[1]):
            x = (left + j) % (2 * width)
            filled[j] = row[min(x, 2 * width - 1 - x)]


@compiled
def strip_height(width: int) -> int:
    """Return how many rows of a strip, with border and result, fit in the second-level cache."""
    return max(16, min(64, 16384 // width))


@compiled
def tile_count(width: int) -> int:
    """Return into how many tiles of columns a wide plane is cut, so that its strips need not be flat."""
    return max(1, (width + WIDEST - 1) // WIDEST)
