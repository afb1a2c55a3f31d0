"""Compile HUGO-BD for the processor: bands of rows, inner loops over contiguous columns.

A band is padded into one flat buffer, so that each of the four line directions is a constant stride and the seven pixels of a
line are seven shifted views of that buffer. Weights of undisturbed triples are computed once per place and direction; four
reciprocals share one division: 1/a + 1/b = (a + b) / (a b).
"""

from __future__ import annotations

import math

import numpy as np

from ssgan.compute.compiled import compiled

MARGIN = 3  # a change disturbs triples of differences, so pixels up to three steps away matter
BAND_ROWS = 64  # the working set of a band stays in the cache nearest to the core


@compiled
def fill_costs(covers: np.ndarray, plus: np.ndarray, minus: np.ndarray, first: int, last: int, one: np.floating) -> None:
    """Write rho+ and rho- of the rows `first`...`last` - 1, counted through all planes.

    All arrays are float (P, H, W) of one dtype; `one` is 1 in that dtype and keeps float32 arithmetic in float32.
    """
    height, width = covers.shape[1], covers.shape[2]
    stride = width + 2 * MARGIN
    buffer = np.empty((min(height, BAND_ROWS) + 2 * MARGIN) * stride + MARGIN, covers.dtype)
    kept = np.empty_like(buffer)
    row = first
    while row < last:
        plane, top = row // height, row % height
        rows = min(last - row, height - top, BAND_ROWS)
        _pad_band(covers[plane], top, rows, buffer)
        plus[plane, top : top + rows] = 0
        minus[plane, top : top + rows] = 0
        size = (rows + 2 * MARGIN) * stride
        for step in (1, stride, stride - 1, stride + 1):  # horizontal, vertical, the two diagonals
            _weigh_triples(buffer, size - MARGIN * step, step, kept, one)
            for r in range(rows):
                center = (r + MARGIN) * stride + MARGIN
                _add_row(buffer, kept, center, step, plus[plane, top + r], minus[plane, top + r], one)
        row += rows


@compiled
def _add_row(
    pixels: np.ndarray, kept: np.ndarray, center: int, step: int, plus: np.ndarray, minus: np.ndarray, one: np.floating
) -> None:
    """Add one direction to a row of costs: the four triples that hold the pixel, unchanged and changed."""
    # Views, not computed indices: a negative-index check inside the loop would stop the compiler from using vectors.
    p0, p1, p2 = pixels[center - 3 * step :], pixels[center - 2 * step :], pixels[center - step :]
    p3, p4 = pixels[center:], pixels[center + step :]
    p5, p6 = pixels[center + 2 * step :], pixels[center + 3 * step :]
    k0, k1, k2, k3 = kept[center - 3 * step :], kept[center - 2 * step :], kept[center - step :], kept[center:]
    for j in range(plus.size):
        before, after = p2[j] - p3[j], p3[j] - p4[j]  # the two differences that a change of p3 moves, oppositely
        d0, d1, d4, d5 = p0[j] - p1[j], p1[j] - p2[j], p4[j] - p5[j], p5[j] - p6[j]
        e1, e4 = d1 * d1, d4 * d4
        e01, e45 = d0 * d0 + e1, e4 + d5 * d5
        raised, lowered = (before - one) * (before - one), (after + one) * (after + one)  # p3 + 1
        a, b = one + math.sqrt(e01 + raised), one + math.sqrt(e1 + raised + lowered)
        c, d = one + math.sqrt(raised + lowered + e4), one + math.sqrt(lowered + e45)
        up = ((a + b) * (c * d) + (c + d) * (a * b)) / ((a * b) * (c * d))
        lowered, raised = (before + one) * (before + one), (after - one) * (after - one)  # p3 - 1
        a, b = one + math.sqrt(e01 + lowered), one + math.sqrt(e1 + lowered + raised)
        c, d = one + math.sqrt(lowered + raised + e4), one + math.sqrt(raised + e45)
        down = ((a + b) * (c * d) + (c + d) * (a * b)) / ((a * b) * (c * d))
        same = k0[j] + k1[j] + k2[j] + k3[j]
        plus[j] += same + up
        minus[j] += same + down


@compiled
def _weigh_triples(pixels: np.ndarray, count: int, step: int, kept: np.ndarray, one: np.floating) -> None:
    """Fill kept[t] with w of the triple of differences from the flat position t along `step`."""
    p0, p1, p2, p3 = pixels[:count], pixels[step:], pixels[2 * step :], pixels[3 * step :]
    for t in range(count):
        d0, d1, d2 = p0[t] - p1[t], p1[t] - p2[t], p2[t] - p3[t]
        kept[t] = one / (one + math.sqrt(d0 * d0 + d1 * d1 + d2 * d2))


@compiled
def _pad_band(plane: np.ndarray, top: int, rows: int, buffer: np.ndarray) -> None:
    """Fill rows `top` - 3 ... `top` + `rows` + 2 of the plane mirrored about its edges (edge pixel repeated), flat."""
    height, width = plane.shape
    stride = width + 2 * MARGIN
    for r in range(rows + 2 * MARGIN):
        source, target = plane[_mirrored(top + r - MARGIN, height)], buffer[r * stride : (r + 1) * stride]
        for c in range(width):
            target[c + MARGIN] = source[c]
        for c in range(MARGIN):
            target[c] = source[_mirrored(c - MARGIN, width)]
            target[width + MARGIN + c] = source[_mirrored(width + c, width)]
    buffer[(rows + 2 * MARGIN) * stride :] = 0


@compiled
def _mirrored(index: int, size: int) -> int:
    """Return the position in 0...size - 1 of `index` on an axis mirrored at both ends, as often as needed."""
    index = index % (2 * size)
    return 2 * size - 1 - index if index >= size else index
