"""Compile co-occurrences: how often each window of four neighboring levels occurs, along rows and down columns.

Two windows that overlap are counted as one run of five levels, which halves the counting, the slow part; the table of runs is
summed into windows at the end. Runs are counted in two tables by turns: smooth images show the same run again and again, and
an addition to a counter must wait for the one before it.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.residuals_loops import extreme, filter_strip, lay_out, quantize, stride_of, strip_rows

LEVELS = 5
PAIRS = LEVELS**2
TRIPLES = LEVELS**3
BINS = LEVELS**4
RUNS = LEVELS**5
NOWHERE = RUNS + BINS  # the bin of what is no window
TABLE = NOWHERE + 1  # runs, then windows that have no partner, then the rest
WINDOW = 4
ACROSS, DOWN = 0, 1


@compiled
def fill_bank(
    images: np.ndarray, taps: np.ndarray, border: int, thresholds: np.ndarray, members: np.ndarray, kinds: np.ndarray,
    merges: np.ndarray, places: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill the features of one bank of residuals, in their places in out (N, D) float64.

    images uint8 (N, C, H, W); `taps` (B, K, 3) of B filters; `thresholds` (Q, 2); `members` (P, 2, 4): for each of P parts the
    sets of filters, as bits, whose extremes are scanned along rows and down columns; `kinds` (P,) the row of `merges`
    (2, M, 4), the bins that are one; `places` (Q, P) where a part's features begin.
    """
    height, width = images.shape[2] - 2 * border, images.shape[3] - 2 * border
    stride = stride_of(images.shape[3])
    rows = strip_rows(height, stride)
    length = (rows + WINDOW) * stride
    samples = np.empty(length + (2 * border + 1) * stride, np.uint8)
    residuals, levels = np.empty((len(taps), length), np.int16), np.empty((len(taps), length), np.uint8)
    # An extreme and two work planes; the numbers of its runs; and the count of each.
    planes, index, tables = np.zeros((3, length), np.uint8), np.empty(length, np.uint16), np.empty((2, TABLE), np.uint32)
    counts = np.empty((len(thresholds), len(members), 2, 2, BINS), np.uint32)
    for n in range(len(images)):
        counts[:] = 0
        for c in range(images.shape[1]):
            for top in range(0, height, rows):
                lay_out(images[n, c], top, stride, samples)
                for b in range(len(taps)):
                    filter_strip(samples, stride, taps[b], residuals[b])
                for q in range(len(thresholds)):
                    for b in range(len(taps)):
                        quantize(residuals[b], thresholds[q], levels[b])
                    here = min(rows, height - top), max(0, min(rows, height - WINDOW + 1 - top))
                    for p in range(len(members)):
                        _count_part(levels, members[p], kinds[p] == 1, here, stride, width, planes, index, tables, counts[q, p])
        for q in range(len(thresholds)):
            for p in range(len(members)):
                across = (members[p, ACROSS] != 0).sum() * height * (width - WINDOW + 1)
                down = (members[p, DOWN] != 0).sum() * (height - WINDOW + 1) * width
                merge_bins(counts[q, p], across, down, merges[kinds[p]], kinds[p] == 1, out[n, places[q, p] :])


@compiled
def _count_part(
    levels: np.ndarray, members: np.ndarray, plain: bool, rows: tuple[int, int], stride: int, width: int,
    planes: np.ndarray, index: np.ndarray, tables: np.ndarray, counts: np.ndarray,
) -> None:  # fmt: skip
    """Add the windows of one part to counts (2, 2, 625): along and down, of minima and, unless `plain`, of maxima.

    `rows`: in how many rows a window along starts, and in how many one that goes down.
    """
    for largest in range(1 if plain else 2):
        for way in range(2):
            tables[:] = 0
            for i in range(members.shape[1]):
                if members[way, i]:
                    extreme(levels, members[way, i], largest == 1, planes[0])
                    if way == ACROSS:
                        _count_across(planes[0], rows[0], stride, width, planes[1], planes[2], index, tables)
                    else:
                        _count_down(planes[0], rows[1], stride, width, planes[1], index, tables)
            _sum_runs(tables, counts[way, largest])


@compiled
def _count_across(
    plane: np.ndarray, rows: int, stride: int, width: int, even: np.ndarray, joined: np.ndarray, index: np.ndarray,
    tables: np.ndarray,
) -> None:  # fmt: skip
    """Add the windows along the rows. A run is numbered by its last level, its first pair, and its second pair."""
    size, half = rows * stride, stride // 2
    for k in range((size + WINDOW) // 2):
        even[k] = plane[2 * k]
        joined[k] = plane[2 * k] * LEVELS + plane[2 * k + 1]
    for k in range(size // 2):
        index[k] = np.uint16(even[k + 2]) * BINS + np.uint16(joined[k]) * PAIRS + np.uint16(joined[k + 1])
    starts = width - WINDOW + 1
    for y in range(rows):
        if starts % 2:
            k = y * half + starts // 2
            index[k] = RUNS + np.uint16(joined[k]) * PAIRS + np.uint16(joined[k + 1])
        index[y * half + (starts + 1) // 2 : (y + 1) * half] = NOWHERE
    _increase(index[: size // 2], tables)


@compiled
def _count_down(
    plane: np.ndarray, starts: int, stride: int, width: int, joined: np.ndarray, index: np.ndarray, tables: np.ndarray
) -> None:
    """Add the windows that start in the first rows and go down."""
    for y in range(0, starts + 2, 2):
        upper, lower, filled = plane[y * stride :], plane[(y + 1) * stride :], joined[y // 2 * stride :]
        for x in range(stride):
            filled[x] = upper[x] * LEVELS + lower[x]
    for y in range(0, starts, 2):
        first, second, last = joined[y // 2 * stride :], joined[(y // 2 + 1) * stride :], plane[(y + 4) * stride :]
        filled_index = index[y // 2 * stride :]
        if y + 1 < starts:
            for x in range(stride):
                filled_index[x] = np.uint16(last[x]) * BINS + np.uint16(first[x]) * PAIRS + np.uint16(second[x])
        else:
            for x in range(stride):
                filled_index[x] = RUNS + np.uint16(first[x]) * PAIRS + np.uint16(second[x])
        filled_index[width:stride] = NOWHERE
    _increase(index[: (starts + 1) // 2 * stride], tables)


@compiled
def _increase(index: np.ndarray, tables: np.ndarray) -> None:
    one = np.uint32(1)
    for i in range(0, len(index) - 1, 2):
        tables[0, index[i]] += one
        tables[1, index[i + 1]] += one
    if len(index) % 2:
        tables[0, index[-1]] += one


@compiled
def _sum_runs(tables: np.ndarray, counts: np.ndarray) -> None:
    """Add to the counts (a, b, c, d) both windows of every run (a, b, c, d, e), and the windows without a partner."""
    ends = np.zeros(BINS, np.uint32)
    for half in range(2):
        table = tables[half]
        for e in range(LEVELS):
            for i in range(BINS):
                counts[i] += table[e * BINS + i]
            for a in range(LEVELS):
                for i in range(TRIPLES):
                    ends[e * TRIPLES + i] += table[e * BINS + a * TRIPLES + i]
        for i in range(BINS):
            counts[i] += table[RUNS + i]
    for i in range(TRIPLES):
        for e in range(LEVELS):
            counts[i * LEVELS + e] += ends[e * TRIPLES + i]


@compiled
def merge_bins(counts: np.ndarray, across: int, down: int, merge: np.ndarray, plain: bool, out: np.ndarray) -> None:
    """Fill features from the counts (2, 2, B) along and down, of minima and of maxima: normalized, equal bins added.

    Frequencies along and down are added. Every step is rounded to single precision, as the authors' program does. A row of
    `merge` lists bins; where maxima are counted beside minima the maximum of the negated levels, B - 1 - bin, joins each.
    """
    bins = counts.shape[2]
    single = np.empty((2, bins), np.float32)
    for largest in range(1 if plain else 2):
        for i in range(bins):
            frequency = 0.0
            if across:
                frequency += float(counts[ACROSS, largest, i]) / across
            if down:
                frequency += float(counts[DOWN, largest, i]) / down
            single[largest, i] = frequency
    if not plain:
        for i in range(bins):
            single[0, i] += single[1, bins - 1 - i]
    for m in range(len(merge)):
        if merge[m, 0] < 0:
            break
        total = single[0, merge[m, 0]]
        for i in range(1, merge.shape[1]):
            if merge[m, i] >= 0:
                total += single[0, merge[m, i]]
        out[m] = total
