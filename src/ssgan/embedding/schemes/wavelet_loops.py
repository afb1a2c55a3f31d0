"""Compile WOW and S-UNIWARD for the processor: residuals and costs strip by strip, within the caches.

The formulas are those of `wow.py` and `suniward.py`; their torch form is differentiated, and is the reference of the tests.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.compute.plain_loops import copy
from ssgan.images.filters_loops import correlate_columns, correlate_rows, mirror_tile, strip_height, tile_count


@compiled
def fill_costs(planes: np.ndarray, bank: np.ndarray, sigma: float, first: int, last: int, out: np.ndarray) -> None:
    """Fill out with rho of the rows first...last - 1, counted through all planes (P, H, W).

    `bank` (2, 16) holds the low- and the high-pass taps as they correlate; sigma > 0 gives S-UNIWARD, sigma = 0 WOW.
    """
    tiles, width = tile_count(planes.shape[2]), planes.shape[2]
    for tile in range(tiles):
        _fill_tile(planes, bank, sigma, first, last, width * tile // tiles, width * (tile + 1) // tiles, out)


@compiled
def _fill_tile(
    planes: np.ndarray, bank: np.ndarray, sigma: float, first: int, last: int, left: int, right: int, out: np.ndarray
) -> None:
    """Run `fill_costs` for the columns left...right - 1."""
    height, width = planes.shape[1], right - left
    reach = bank.shape[1] - 1
    strip = min(strip_height(width), height)
    magnitude = np.abs(bank[:, ::-1].copy())
    bordered = np.empty((strip + 2 * reach, width + 2 * reach), planes.dtype)
    rows = np.empty((2, strip + 2 * reach, width + reach), planes.dtype)
    residual = np.empty((strip + reach, width + reach), planes.dtype)
    back = np.empty((2, strip, width + reach), planes.dtype)
    suitability, sums = np.empty((strip, width), planes.dtype), np.empty((strip, width), planes.dtype)
    row = first
    while row < last:
        plane, top = row // height, row % height
        count = min(strip, height - top, last - row)
        outer, inner, filled = count + 2 * reach, count + reach, sums[:count]
        mirror_tile(planes[plane], top - reach, left - reach, bordered[:outer])
        for band in range(2):
            correlate_rows(bordered[:outer], bank[band], rows[band, :outer], True)
        filled[:] = 0
        for vertical, horizontal in ((0, 1), (1, 1), (1, 0)):  # LH, HH, HL: low or high down the columns, along the rows
            correlate_columns(rows[horizontal, :outer], bank[vertical], residual[:inner], True)
            if sigma > 0:
                _susceptibility(residual[:inner], sigma)
                correlate_columns(residual[:inner], magnitude[vertical], back[horizontal, :count], vertical != horizontal)
                if (vertical, horizontal) != (0, 1):  # LH and HH share the way back along the rows
                    correlate_rows(back[horizontal, :count], magnitude[horizontal], filled, False)
            else:
                _magnitude(residual[:inner])
                correlate_columns(residual[:inner], magnitude[vertical], back[horizontal, :count], True)
                correlate_rows(back[horizontal, :count], magnitude[horizontal], suitability[:count], True)
                _add_reciprocal(suitability[:count], filled)
        for i in range(count):
            copy(filled[i], out[plane, top + i, left:right])
        row += count


@compiled
def _susceptibility(residual: np.ndarray, sigma: float) -> None:
    for i in range(residual.shape[0]):
        row = residual[i]
        for j in range(len(row)):
            row[j] = 1 / (sigma + abs(row[j]))


@compiled
def _magnitude(residual: np.ndarray) -> None:
    for i in range(residual.shape[0]):
        row = residual[i]
        for j in range(len(row)):
            row[j] = abs(row[j])


@compiled
def _add_reciprocal(suitability: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.shape[0]):
        row, sums = suitability[i], out[i]
        for j in range(len(sums)):
            sums[j] += 1 / row[j]
