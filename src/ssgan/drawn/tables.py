"""Make the laws of samples as integer tables: logistic, 42 scales, 16 bits, balanced between even and odd values
(docs/drawn.md, 3).

A row holds the cumulative law of one scale in sixteenths of a gray level. A sample's mean is given in sixteenths as well, so
that the law of a sample is the row, read at every sixteenth entry, starting by its mean. What falls outside of 0...255
counts for the nearest end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ssgan.errors import RefusedModel

TOTAL = 1 << 16  # of the frequencies of one law
HALF = TOTAL // 2  # of those of one parity, where the table is balanced
STEPS = 16  # of a mean in one gray level
REACH = 6400  # sixteenths on both sides of the mean
ENTRIES = 2 * REACH + 1
SCALES = 2.0 ** (np.arange(42) / 6 - 2)  # gray levels
FIRST_BALANCED = 12  # the scale 1


def law_tables() -> NDArray[np.int32]:
    """Return int32 (42, 12801): entry j + 6400 of row i is 2^16 F(j / 16 / scale i), F the logistic function, rounded.

    From scale 1 on one central entry of each residue of j is moved, so that even and odd values weigh 2^15 each. It is called
    where a model is exported: elsewhere the tables come with the model, as integers.
    """
    j = np.arange(-REACH, REACH + 1)
    x = np.clip(j[None, :] / STEPS / SCALES[:, None], -40, 40)  # beyond, F rounds to its ends
    tables = np.rint(TOTAL / (1 + np.exp(-x))).astype(np.int32)
    for row in tables[FIRST_BALANCED:]:
        for first in range(-STEPS // 2, STEPS // 2):  # the entries around the mean, one of each residue
            entry = REACH + first
            weights = np.diff(row[entry % STEPS :: STEPS])
            # The entry ends one value and begins the next, which has the other parity.
            before = entry // STEPS - 1
            row[entry] += HALF - int(weights[before % 2 :: 2].sum())
    return tables


def check(tables: NDArray[Any]) -> None:
    """Raise RefusedModel for tables that break a promise on which the exactness of the draw rests.

    The promises: int32 (42, 12801); each row ascends from 0 to 2^16, so that no frequency is negative and, the tails counted
    for the values 0 and 255, the frequencies of every mean add up to 2^16; from scale 1 on, for each of the 16 residues of a
    mean, even and odd values weigh 2^15 each.
    """
    if tables.dtype != np.int32 or tables.shape != (len(SCALES), ENTRIES):
        raise _refusal(f"are {tables.dtype} {tables.shape}, not int32 {(len(SCALES), ENTRIES)}")
    if (tables[:, 0] != 0).any() or (tables[:, -1] != TOTAL).any():
        raise _refusal(f"do not go from 0 to {TOTAL}")
    if (np.diff(tables) < 0).any():
        raise _refusal("descend somewhere")
    for residue in range(STEPS):
        weights = np.diff(tables[FIRST_BALANCED:, residue::STEPS])
        if (weights[:, ::2].sum(1) != HALF).any() or (weights[:, 1::2].sum(1) != HALF).any():
            raise _refusal("are not balanced between even and odd values")


def _refusal(reason: str) -> RefusedModel:
    return RefusedModel(f"the model's tables of laws {reason}", hint="export the model again")


def cumulative(tables: NDArray[np.int32], scale: ArrayLike, mean16: ArrayLike, value: ArrayLike) -> NDArray[np.int64]:
    """Return the part of 2^16 below `value`, int64 of the arguments' common shape.

    scale 0...41, mean16 any integer in sixteenths of a gray level, value 0...256.
    """
    value = np.asarray(value, np.int64)
    place = np.clip(STEPS * value - STEPS // 2 - np.asarray(mean16, np.int64), -REACH, REACH) + REACH
    inside = tables[np.asarray(scale, np.int64), place].astype(np.int64)
    return np.where(value <= 0, 0, np.where(value >= 256, TOTAL, inside))


def is_dry(tables: NDArray[np.int32], scale: ArrayLike, mean16: ArrayLike) -> NDArray[np.bool_]:
    """Return whether the lowest bit of a sample of this law is exactly uniform, bool of the arguments' common shape.

    It is where the table is balanced and neither end of the range can occur.
    """
    below, above = cumulative(tables, scale, mean16, 1), cumulative(tables, scale, mean16, 255)
    return (np.asarray(scale) >= FIRST_BALANCED) & (below == 0) & (above == TOTAL)
