"""Compile the original HUGO: the bins of the co-occurrences that a change of one sample moves, and its cost.

A triple of differences read forwards, (d1, d2, d3), is (-d3, -d2, -d1) read backwards, with the same weight, and both readings
are counted. So one bin represents both, named by the smaller of their codes, and counts double. A bin's code holds three
numbers of ten bits and the group of directions, axes or diagonals, above them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled

DIGIT = 10  # bits of a code for one difference
OFFSET = 1 << (DIGIT - 1)  # differences reach from -256 to 256
MASK = (1 << DIGIT) - 1
DIAGONAL = 1 << (3 * DIGIT)  # the group's bit
MOST_BINS = 32  # 2 groups of 2 lines of 4 triples, each leaving one bin for another
TIE = 1e-9  # distortions nearer than this are equal up to rounding
EMPTY = -1  # a free place in the table of counts
SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: multiplicative hashing, D. Knuth, TAOCP 3, 6.4


Whole = Any  # a signed number of any kind: unsigned ones would wrap when subtracted


@compiled
def fill_costs(planes: np.ndarray, plus: np.ndarray, minus: np.ndarray, threshold: int, first: int, last: int) -> None:
    """Write D(X, X + 1 here) and D(X, X - 1 here) of rows `first`...`last` - 1, counted through all planes, int16 (P, H, W)."""
    height, width = planes.shape[1], planes.shape[2]
    bins, moved = np.empty(MOST_BINS, np.int64), np.empty(MOST_BINS, np.int64)
    for row in range(first, last):
        plane, y = row // height, row % height
        for x in range(width):
            plus[plane, y, x] = _alone(planes[plane], y, x, 1, threshold, bins, moved)
            minus[plane, y, x] = _alone(planes[plane], y, x, -1, threshold, bins, moved)


@compiled
def cost_places(plane: np.ndarray, places: np.ndarray, threshold: int, plus: np.ndarray, minus: np.ndarray) -> None:
    """Compute the same two costs at some flat `places` of one plane."""
    bins, moved = np.empty(MOST_BINS, np.int64), np.empty(MOST_BINS, np.int64)
    for i in range(places.size):
        y, x = places[i] // plane.shape[1], places[i] % plane.shape[1]
        plus[i] = _alone(plane, y, x, 1, threshold, bins, moved)
        minus[i] = _alone(plane, y, x, -1, threshold, bins, moved)


@compiled
def correct_model(plane: np.ndarray, places: np.ndarray, coins: np.ndarray, threshold: int, peak: int) -> None:
    """Change the int16 plane at `places` in their order, each time the way that leaves D, given all before, the smaller.

    `coins` (0 or 1) decide ties; samples at 0 and at `peak` change inward.
    """
    size = 1
    while size < 2 * MOST_BINS * places.size:
        size *= 2
    codes, counts = np.full(size, EMPTY, np.int64), np.zeros(size, np.int32)
    bins, moved = np.empty((2, MOST_BINS), np.int64), np.empty((2, MOST_BINS), np.int64)
    for i in range(places.size):
        y, x = places[i] // plane.shape[1], places[i] % plane.shape[1]
        found_up = _moves(plane, y, x, 1, threshold, bins[0], moved[0])
        found_down = _moves(plane, y, x, -1, threshold, bins[1], moved[1])
        more_up = _increase(bins[0], moved[0], found_up, codes, counts)
        more_down = _increase(bins[1], moved[1], found_down, codes, counts)
        raised = coins[i] == 1 if abs(more_up - more_down) < TIE else more_up < more_down
        if plane[y, x] == 0 or plane[y, x] == peak:
            raised = plane[y, x] == 0
        way, found = (0, found_up) if raised else (1, found_down)
        for j in range(found):
            place = _find(bins[way, j], codes)
            codes[place] = bins[way, j]
            counts[place] += moved[way, j]
        plane[y, x] += 1 if raised else -1


@compiled
def _alone(plane: np.ndarray, y: int, x: int, change: int, threshold: int, bins: np.ndarray, moved: np.ndarray) -> float:
    """Return d between the plane and itself with one sample changed."""
    total = 0.0
    for i in range(_moves(plane, y, x, change, threshold, bins, moved)):
        total += 2 * _weight(bins[i]) * abs(moved[i])
    return total


@compiled
def _increase(bins: np.ndarray, moved: np.ndarray, found: int, codes: np.ndarray, counts: np.ndarray) -> float:
    """Return the increase of D by these moves, given the counts of the earlier ones."""
    total = 0.0
    for i in range(found):
        before = counts[_find(bins[i], codes)]
        total += 2 * _weight(bins[i]) * (abs(before + moved[i]) - abs(before))
    return total


@compiled
def _moves(plane: np.ndarray, y: int, x: int, change: int, threshold: int, bins: np.ndarray, moved: np.ndarray) -> int:
    """Write the bins that gain or lose by a change of one sample to `bins`, and by how much to `moved`; return their number."""
    found = 0
    for line in range(4):  # horizontal, vertical, the two diagonals
        down, right = min(line, 1), (1, 0, 1, -1)[line]
        group = DIAGONAL if line >= 2 else 0
        for before in range(4):  # how many samples of the four precede the changed one
            top, left = y - before * down, x - before * right
            bottom, other = top + 3 * down, left + 3 * right
            if top < 0 or bottom >= plane.shape[0] or min(left, other) < 0 or max(left, other) >= plane.shape[1]:
                continue
            a, b = np.int64(plane[top, left]), np.int64(plane[top + down, left + right])
            c, d = np.int64(plane[top + 2 * down, left + 2 * right]), np.int64(plane[bottom, other])
            found = _count(a - b, b - c, c - d, -1, threshold, group, bins, moved, found)
            if before == 0:
                a += change
            elif before == 1:
                b += change
            elif before == 2:
                c += change
            else:
                d += change
            found = _count(a - b, b - c, c - d, 1, threshold, group, bins, moved, found)
    return found


@compiled
def _count(
    d1: Whole, d2: Whole, d3: Whole, amount: int, threshold: int, group: int, bins: np.ndarray, moved: np.ndarray, found: int
) -> int:
    """Enter a triple into the list of moves, where it may meet another of the same bin; returns the list's length."""
    if max(abs(d1), abs(d2), abs(d3)) > threshold:
        return found
    code = min(_code(d1, d2, d3), _code(-d3, -d2, -d1)) | group
    for i in range(found):
        if bins[i] == code:
            moved[i] += amount
            return found
    bins[found], moved[found] = code, amount
    return found + 1


@compiled
def _code(d1: Whole, d2: Whole, d3: Whole) -> Whole:
    return ((d1 + OFFSET) << (2 * DIGIT)) | ((d2 + OFFSET) << DIGIT) | (d3 + OFFSET)


@compiled
def _weight(code: int) -> float:
    """Return w(d) = 1 / (|d| + sigma)^gamma with sigma = gamma = 1."""
    d1, d2, d3 = ((code >> (2 * DIGIT)) & MASK) - OFFSET, ((code >> DIGIT) & MASK) - OFFSET, (code & MASK) - OFFSET
    return 1 / (math.sqrt(d1 * d1 + d2 * d2 + d3 * d3) + 1)


@compiled
def _find(code: Whole, codes: np.ndarray) -> Whole:
    """Return the position of `code` in the table, or the free one for it; the table is never full."""
    spread = (np.uint64(code) * np.uint64(SPREAD)) >> np.uint64(32)
    place = np.int64(spread & np.uint64(codes.size - 1))
    while codes[place] != EMPTY and codes[place] != code:
        place = (place + 1) & (codes.size - 1)
    return place
