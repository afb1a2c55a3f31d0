"""Compile SPAM: differences of neighbors along four directions, and how often each triple of them occurs.

Each direction is counted in two tables, for even and for odd columns: a smooth image shows the same triple again and again, and
an addition to a counter must wait for the one before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled

TRUNCATION = 3
LEVELS = 2 * TRUNCATION + 1
BINS = LEVELS**3


@compiled
def fill_spam(images: np.ndarray, out: np.ndarray) -> None:
    """Fill out (N, 2, 343) float64: straight and diagonal triples of uint8 images (N, C, H, W), averaged over directions."""
    channels, height, width = images.shape[1:]
    rows = min(_strip(width), height)
    strip = np.zeros((rows + 4) * width, np.uint8)  # three rows more than are counted, and the samples that the last ones reach
    differences, index = np.empty((4, (rows + 3) * width), np.uint8), np.empty((4, rows * width), np.uint16)
    tables, counted, backwards = np.empty((4, 2, BINS + 1), np.uint32), np.empty((4, BINS)), _read_backwards()
    # Every submodel is the mean over two directions, each read forwards and backwards.
    across, down = 0.25 / (channels * height * (width - 3)), 0.25 / (channels * (height - 3) * width)
    slanted = 0.25 / (channels * (height - 3) * (width - 3))
    for n in range(len(images)):
        tables[:] = 0
        for c in range(channels):
            _count(images[n, c], strip, differences, index, tables)
        for direction in range(4):
            for i in range(BINS):
                counted[direction, i] = tables[direction, 0, i] + tables[direction, 1, i]
        straight, diagonal = out[n]
        for i in range(BINS):
            j = backwards[i]
            straight[i] = (counted[0, i] + counted[0, j]) * across + (counted[1, i] + counted[1, j]) * down
            diagonal[i] = (counted[2, i] + counted[2, j] + counted[3, i] + counted[3, j]) * slanted


@compiled
def _read_backwards() -> np.ndarray:
    """Fill for each triple the one that it becomes when read backwards: its differences reversed and negated."""
    found = np.empty(BINS, np.uint16)
    last = LEVELS - 1
    for a in range(LEVELS):
        for b in range(LEVELS):
            for c in range(LEVELS):
                found[(a * LEVELS + b) * LEVELS + c] = ((last - c) * LEVELS + last - b) * LEVELS + last - a
    return found


@compiled
def _count(plane: np.ndarray, strip: np.ndarray, differences: np.ndarray, index: np.ndarray, tables: np.ndarray) -> None:
    """Add the triples of one plane, strip by strip.

    A strip is worked on as one long row, so that loops are long on narrow images too; what is made across the ends of rows is
    counted in a bin of its own, which is never read.
    """
    height, width = plane.shape
    rows = _strip(width)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        for y in range(min(count + 3, height - top)):
            for x in range(width):
                strip[y * width + x] = plane[top + y, x]
        size = count * width
        _differ(strip, width, size + 2 * width + 2, differences)
        d, one, two = differences, width, 2 * width
        _join(d[0], d[0, 1:], d[0, 2:], index[0, :size])
        _join(d[1], d[1, one:], d[1, two:], index[1, :size])
        _join(d[2], d[2, one + 1 :], d[2, two + 2 :], index[2, :size])
        _join(d[3, 2:], d[3, one + 1 :], d[3, two:], index[3, :size])
        for direction in (0, 2, 3):
            for x in range(width - 3, size, width):
                index[direction, x : x + 3] = BINS
        down = max(0, min(count, height - 3 - top)) * width  # rows with a triple that goes down
        _increase(index, down, tables)
        for x in range(down, size):
            tables[0, 0, index[0, x]] += np.uint32(1)


@compiled
def _strip(width: int) -> int:
    """Return how many rows fit in the first-level cache with their results."""
    return max(1, 4096 // width)


@compiled
def _differ(strip: np.ndarray, width: int, size: int, differences: np.ndarray) -> None:
    """Fill levels 0...6 of the differences along the row, down, down to the right, and down to the left (from one to the
    right).
    """
    below, along, down, right, left = strip[width:], differences[0], differences[1], differences[2], differences[3]
    for x in range(size):
        here, beside = np.int16(strip[x]), np.int16(strip[x + 1])
        along[x] = _level(here - beside)
        down[x] = _level(here - np.int16(below[x]))
        right[x] = _level(here - np.int16(below[x + 1]))
        left[x] = _level(beside - np.int16(below[x]))


@compiled
def _level(difference: np.int16) -> int:
    truncated: Any = min(max(difference, -TRUNCATION), TRUNCATION)
    return truncated + TRUNCATION


@compiled
def _join(first: np.ndarray, second: np.ndarray, third: np.ndarray, index: np.ndarray) -> None:
    for x in range(len(index)):
        index[x] = (np.uint16(first[x]) * LEVELS + np.uint16(second[x])) * LEVELS + np.uint16(third[x])


@compiled
def _increase(index: np.ndarray, size: int, tables: np.ndarray) -> None:
    """Count triples of all directions in turn."""
    one = np.uint32(1)
    for x in range(0, size - 1, 2):
        for direction in range(4):
            tables[direction, 0, index[direction, x]] += one
        for direction in range(4):
            tables[direction, 1, index[direction, x + 1]] += one
    if size % 2:
        for direction in range(4):
            tables[direction, 0, index[direction, size - 1]] += one
