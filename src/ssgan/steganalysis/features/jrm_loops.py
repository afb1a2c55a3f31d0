"""Compile the JPEG rich model: pairs of magnitudes, and of differences of magnitudes, counted by mode and over all modes.

Magnitudes and differences are kept as levels, a plane for each mode, so that pairs are read in a row. All are counted truncated
at 5; smaller truncations are sums of these counts. A count is divided among four tables, as an addition to a counter must wait
for the one before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled

MOST = 5  # the largest truncation
SIDE = 2 * MOST + 1  # levels of a difference; magnitudes use the upper ones
PLANES = 6  # magnitudes, and differences to the right, below, diagonally, to the next block, and to the block below
_BINS = SIDE * SIDE


@compiled
def fill_jrm(planes: np.ndarray, steps: np.ndarray, pairs: np.ndarray, sums: np.ndarray, out: np.ndarray) -> None:
    """Fill out (N, 11255) of int16 coefficients (N, H, W).

    steps  (6, 2): how far below and to the right the second coefficient of each plane's difference is; none of magnitudes
    pairs  (P, 8): truncation, the planes of both directions, row and column of both coefficients in the first, first feature
    sums   (S, 7): truncation, plane, whether between blocks, step down and right, whether the next row is added, first feature
    """
    rows, columns = planes.shape[1] // 8, planes.shape[2] // 8
    levels, tables = np.empty((PLANES, 64, rows * columns), np.uint8), np.zeros((4, _BINS), np.int64)
    first, second = np.empty(_BINS), np.empty(_BINS)
    for n in range(len(planes)):
        for p in range(PLANES):
            _fill_levels(planes[n], steps[p, 0], steps[p, 1], levels[p])
        for s in range(len(pairs)):
            most, one, other, y1, x1, y2, x2, at = pairs[s]
            _count_pair(levels[one], _shape(rows, columns, steps[one]), y1, x1, y2, x2, tables)
            _total(tables, first)
            _count_pair(levels[other], _shape(rows, columns, steps[other]), x1, y1, x2, y2, tables)
            _total(tables, second)
            _normalize(first)
            _normalize(second)
            for i in range(_BINS):
                first[i] = 0.5 * (first[i] + second[i])
            _write(first, most, one > 0, out[n, at:])
        for s in range(len(sums)):
            most, plane, between, down, right, continues, at = sums[s]
            _count_all(levels[plane], _shape(rows, columns, steps[plane]), between, down, right, tables)
            if not continues:
                _total(tables, first)
                _normalize(first)
                _write(first, most, plane > 0, out[n, at:])


@compiled
def _shape(rows: int, columns: int, steps: np.ndarray) -> tuple[int, int]:
    """Return how many rows and columns of blocks a plane has: a difference ends a block before the border."""
    return rows - (steps[0] > 0), columns - (steps[1] > 0)


@compiled
def _fill_levels(plane: np.ndarray, down: int, right: int, levels: np.ndarray) -> None:
    """Fill (64, r c): 5 + magnitude, or 5 + difference of magnitudes, truncated to 0...10."""
    rows, columns = plane.shape[0] // 8 - (down > 0), plane.shape[1] // 8 - (right > 0)
    for r in range(rows):
        for k in range(8):
            here, there = plane[8 * r + k], plane[8 * r + k + down]
            for m in range(8):
                target = levels[8 * k + m, r * columns :]
                for c in range(columns):
                    x = 8 * c + m
                    value: Any = abs(np.int32(here[x]))
                    if down + right:
                        value -= abs(np.int32(there[x + right]))
                    target[c] = max(min(value, MOST), -MOST) + MOST


@compiled
def _count_pair(levels: np.ndarray, shape: tuple[int, int], y1: int, x1: int, y2: int, x2: int, tables: np.ndarray) -> None:
    """Count two coefficients at places of 16 x 16, in all blocks where both exist."""
    rows, columns = shape
    height, width = rows - max(y1, y2) // 8, columns - max(x1, x2) // 8
    if height < 1 or width < 1:
        return
    first, second = levels[8 * (y1 % 8) + x1 % 8], levels[8 * (y2 % 8) + x2 % 8]
    begin, end = (y1 // 8) * columns + x1 // 8, (y2 // 8) * columns + x2 // 8
    _count(first[begin:], second[end:], height, width, columns, tables)


@compiled
def _count_all(levels: np.ndarray, shape: tuple[int, int], between: int, down: int, right: int, tables: np.ndarray) -> None:
    """Count pairs of all modes but DC: within blocks, or of one mode between blocks."""
    rows, columns = shape
    for k in range(8):
        for m in range(8):
            other = 8 * k + m
            begin, end, height, width = 0, 0, rows, columns
            if between:
                begin, end = max(-down, 0) * columns + max(-right, 0), max(down, 0) * columns + max(right, 0)
                height, width = rows - abs(down), columns - abs(right)
            elif not (0 <= k + down < 8 and 0 <= m + right < 8):
                continue
            else:
                other += 8 * down + right
            if k + m > 0 and other > 0 and height > 0 and width > 0:
                _count(levels[8 * k + m][begin:], levels[other][end:], height, width, columns, tables)


@compiled
def _count(first: np.ndarray, second: np.ndarray, height: int, width: int, columns: int, tables: np.ndarray) -> None:
    if width == columns:
        height, width = 1, height * width
    for r in range(height):
        one, other = first[r * columns :], second[r * columns :]
        x = 0
        while x + 4 <= width:
            for t in range(4):
                tables[t, SIDE * np.int64(one[x + t]) + np.int64(other[x + t])] += 1
            x += 4
        while x < width:
            tables[0, SIDE * np.int64(one[x]) + np.int64(other[x])] += 1
            x += 1


@compiled
def _total(tables: np.ndarray, out: np.ndarray) -> None:
    """Add the tables up, and empty them."""
    for i in range(_BINS):
        out[i] = tables[0, i] + tables[1, i] + tables[2, i] + tables[3, i]
    tables[:] = 0


@compiled
def _normalize(table: np.ndarray) -> None:
    total = table.sum()
    if total:
        for i in range(len(table)):
            table[i] /= total


@compiled
def _write(table: np.ndarray, most: int, signed: int, out: np.ndarray) -> None:
    """Fill the features of a table, truncated at `most`, in the order of the second level, then the first.

    Of differences each pair is averaged with its negative, and the features sum to 1.
    """
    least = -most if signed else 0
    size = most - least + 1
    small = np.zeros((size, size))
    for i in range(SIDE):
        for j in range(SIDE):
            small[max(min(i - MOST, most), least) - least, max(min(j - MOST, most), least) - least] += table[SIDE * i + j]
    total, at = 0.0, 0
    for j in range(size):
        for i in range(size):
            if signed:
                if i > most or (i == most and j > most):
                    continue
                out[at] = 0.5 * (small[i, j] + small[size - 1 - i, size - 1 - j])
            else:
                out[at] = small[i, j]
            total += out[at]
            at += 1
    if signed and total:
        for i in range(at):
            out[i] /= total
