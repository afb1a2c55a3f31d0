"""Compile what NumPy has words for, value after value: sums, the least and the greatest, where the least is, copies.

NumPy's own, within a compiled loop, are the same numbers; but Numba loads half of itself with a loop that uses them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def total(values: np.ndarray) -> Any:
    """Return the sum of values (n,), 0.0 where there are none."""
    found = 0.0
    for value in values:
        found += value
    return found


@compiled
def total_log(values: np.ndarray) -> float:
    """Return the sum of the logarithms of values (n,) > 0."""
    found = 0.0
    for value in values:
        found += np.log(value)
    return found


@compiled
def least(values: np.ndarray) -> Any:
    """Return the least of values (n,), none of them nan and n > 0."""
    found = values[0]
    for value in values:
        found = min(found, value)
    return found


@compiled
def greatest(values: np.ndarray) -> Any:
    """Return the greatest of values (n,), none of them nan and n > 0."""
    found = values[0]
    for value in values:
        found = max(found, value)
    return found


@compiled
def first_least(values: np.ndarray) -> Any:
    """Return the first place of the least of values (n,), none of them nan and n > 0."""
    place = 0
    for k in range(1, len(values)):
        if values[k] < values[place]:
            place = k
    return np.int64(place)


@compiled
def copy(values: np.ndarray, out: np.ndarray) -> None:
    """Fill out (n,) with values (n,)."""
    for k in range(len(out)):
        out[k] = values[k]
