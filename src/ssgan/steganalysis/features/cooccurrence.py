"""Merge the bins of a co-occurrence by symmetries of natural images, so that each bin is better filled.

A window read backwards is as likely as the window; where minima are counted beside maxima, the maximum of the negated levels is
as likely as the minimum; where one residual is counted, its negative is as likely as it. The merges and the order of the
merged bins are those of the authors' program of the spatial rich model (DDE Lab, 2011).
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

MINMAX, PLAIN = 0, 1


@functools.lru_cache
def merges(levels: int, length: int) -> NDArray[np.int64]:
    """Return int64 (2, M, 4): for minima with maxima, and for single residuals, the bins that are added, in order; -1 is none.

    A bin is a window of `length` levels read as a number of base `levels`.
    """
    found = np.full((2, (levels**length + levels ** ((length + 1) // 2)) // 2, 4), -1, np.int64)
    for kind in (MINMAX, PLAIN):
        rows = _classes(levels, length, signs=kind == PLAIN)
        for row, bins in enumerate(rows):
            found[kind, row, : len(bins)] = bins
    found.setflags(write=False)
    return found


def dimensions(levels: int, length: int) -> tuple[int, int]:
    """Return how many features come from minima with maxima, and from single residuals: 325 and 169 for 5 levels,
    windows of 4.
    """
    made = merges(levels, length)
    return int((made[MINMAX, :, 0] >= 0).sum()), int((made[PLAIN, :, 0] >= 0).sum())


def _classes(levels: int, length: int, *, signs: bool) -> list[list[int]]:
    windows = list(itertools.product(range(levels), repeat=length))
    number = {window: i for i, window in enumerate(windows)}
    middle = (levels // 2,) * length
    if signs:  # the authors put the window of zeros first
        windows = [middle, *(window for window in windows if window != middle)]
    done: set[tuple[int, ...]] = set()
    found = []
    for window in windows:
        if window in done:
            continue
        alike = [window]
        for one in (window, window[::-1]):
            other = tuple(levels - 1 - level for level in one)
            alike += [other_one for other_one in ((one, other) if signs else (one,)) if other_one not in alike]
        done.update(alike)
        found.append([number[one] for one in alike])
    return found
