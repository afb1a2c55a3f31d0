"""Merge the bins of a co-occurrence one window at a time, to check the sets' own merges."""

from __future__ import annotations

from itertools import product

import numpy as np


def merged(table: np.ndarray, *, signs: bool) -> np.ndarray:
    """Windows read backwards, and negated where `signs`, are one; in the order of the first; the window of zeros leads then."""
    levels, length = table.shape[0], table.ndim
    feature: dict[tuple[int, ...], float] = {}
    for window in product(range(levels), repeat=length):
        alike = {window, window[::-1]}
        if signs:
            alike |= {tuple(levels - 1 - level for level in one) for one in alike}
        feature.setdefault(min(alike), sum(float(table[one]) for one in alike))
    if signs:
        zeros = (levels // 2,) * length
        feature = {zeros: feature.pop(zeros), **feature}
    return np.array(list(feature.values()))
