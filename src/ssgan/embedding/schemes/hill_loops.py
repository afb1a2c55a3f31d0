"""Compile HILL for the processor: high-pass, mean, reciprocal and mean strip by strip, within the caches.

The formula is that of `hill.py`; its torch form is differentiated, and is the reference of the tests.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.compute.plain_loops import copy
from ssgan.images.filters_loops import correlate_columns, correlate_rows, mirror_tile, strip_height, tile_count

BORDER = 1 + 1 + 7  # of the high-pass, of the first mean, of the second


@compiled
def fill_costs(
    planes: np.ndarray, high: np.ndarray, near: np.ndarray, far: np.ndarray, epsilon: float,
    first: int, last: int, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill out with rho of the rows first...last - 1, counted through all planes (P, H, W).

    `high` (2, 3) are the taps of the high-pass down the columns and along the rows, `near` and `far` those of the two means.
    """
    tiles, width = tile_count(planes.shape[2]), planes.shape[2]
    for tile in range(tiles):
        _fill_tile(planes, high, near, far, epsilon, first, last, width * tile // tiles, width * (tile + 1) // tiles, out)


@compiled
def _fill_tile(
    planes: np.ndarray, high: np.ndarray, near: np.ndarray, far: np.ndarray, epsilon: float,
    first: int, last: int, left: int, right: int, out: np.ndarray,
) -> None:  # fmt: skip
    """Run `fill_costs` for the columns left...right - 1."""
    height, width = planes.shape[1], right - left
    strip = min(strip_height(width), height)
    one = np.empty((strip + 2 * BORDER, width + 2 * BORDER), planes.dtype)
    other = np.empty((strip + 2 * BORDER, width + 2 * BORDER - 2), planes.dtype)
    texture = np.empty((strip + 14, width + 14), planes.dtype)
    narrow = np.empty((strip + 14, width + 16), planes.dtype)
    spread, sums = np.empty((strip, width + 14), planes.dtype), np.empty((strip, width), planes.dtype)
    row = first
    while row < last:
        plane, top = row // height, row % height
        count = min(strip, height - top, last - row)
        mirror_tile(planes[plane], top - BORDER, left - BORDER, one[: count + 18])
        correlate_rows(one[: count + 18], high[1], other[: count + 18], True)
        residual = one.ravel()[: (count + 16) * (width + 16)].reshape(count + 16, width + 16)
        correlate_columns(other[: count + 18], high[0], residual, True)
        for i in range(count + 16):
            line = residual[i]
            for j in range(len(line)):
                line[j] = abs(line[j])
        correlate_columns(residual, near, narrow[: count + 14], True)
        correlate_rows(narrow[: count + 14], near, texture[: count + 14], True)
        for i in range(count + 14):
            line = texture[i]
            for j in range(len(line)):
                line[j] = 1 / (line[j] + epsilon)
        correlate_columns(texture[: count + 14], far, spread[:count], True)
        correlate_rows(spread[:count], far, sums[:count], True)
        for i in range(count):
            copy(sums[i], out[plane, top + i, left:right])
        row += count
