"""Embed in a JPEG as F5 does: a matrix code takes one of a coefficient's magnitude, and begins again where that makes it zero.

A. Westfeld, "F5: a steganographic algorithm", IH 2001. Nonzero AC coefficients are read in an order of the key; k bits are read
from 2^k - 1 of them, of which at most one changes. A coefficient that becomes zero is not read by the receiver, so the same
bits are embedded again with one more coefficient ("shrinkage"). nsF5 is F5 without it, so this coder belongs to nsf5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import torch
from ssgan.embedding.coder import Assignment, ChangeProbabilities, Coder
from ssgan.embedding.coders import plain
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import Prices
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import Samples

LOST = 0.51  # share of the coefficients of magnitude 1 that shrinkage takes, after the paper
LARGEST_CODE = 7  # bits that one change carries at most, as in the program


def capacity(values: NDArray[Any]) -> int:
    """Return the bits that F5 expects to fit into the nonzero AC coefficients (n,), without a matrix code."""
    return int(values.size - LOST * np.count_nonzero(np.abs(values) == 1))


def simulate_plane(assignment: Assignment, plane: Samples[NDArray[Any]], prices: Prices, seed: int) -> NDArray[Any]:
    """Return the coefficients (H, W) of a JPEG of one component with random bits, `payload` a nonzero AC coefficient."""
    stego = plane.values.copy()
    flat, rng = stego.reshape(-1), public_seeds.generator(seed, "f5")
    places = rng.permutation(np.flatnonzero(np.isfinite(np.minimum(prices.plus, prices.minus))))
    count = round(assignment.payload * places.size)
    most = capacity(flat[places])
    code = _largest_code(most, count)
    if count > most or not _embed(flat, places, rng.integers(0, 2, -(-count // code) * code), code):
        raise DoesNotFit(
            f"{count} bits do not fit: F5 expects {most} to fit here, and loses some to shrinkage",
            reachable=most,
            hint="lower the payload, or take the scheme nsf5 without shrinkage",
        )
    return stego


def _largest_code(most: int, count: int) -> int:
    """Return k: how many bits a change carries, as many as the expected capacity allows."""
    code = 1
    while code < LARGEST_CODE and most * (code + 1) // (2 ** (code + 1) - 1) >= count:
        code += 1
    return code


def _embed(values: NDArray[Any], places: NDArray[np.intp], bits: NDArray[Any], code: int) -> bool:
    """Change values (n,) in place so that groups of those at `places` carry the bits; return whether all fit."""
    length, numbers = 2**code - 1, np.arange(1, 2**code)
    at = 0
    for message in bits.reshape(-1, code) @ (1 << np.arange(code)):
        group, at = places[at : at + length], at + length
        while True:
            if len(group) < length:
                return False
            read = values[group]
            wrong = int(np.bitwise_xor.reduce(numbers * np.where(read > 0, read & 1, 1 - (np.abs(read) & 1)))) ^ int(message)
            if not wrong:
                break
            place = group[wrong - 1]
            values[place] -= np.sign(values[place])
            if values[place]:
                break
            group, at = np.concatenate((group[group != place], places[at : at + 1])), at + 1
    return True


def _flat(assignment: Assignment, samples: Samples[torch.Tensor], costs: Costs, seeds: NDArray[np.uint64]) -> torch.Tensor:
    raise InvalidSetting("the coder shrinkage takes JPEGs of one component", hint="take the coder bound, plain or stc")


def _probabilities(costs: Costs, payload: float) -> ChangeProbabilities:
    """Return those of a change without a code, the most that F5 changes before shrinkage."""
    return plain.change_probabilities(costs, payload)


ROW = Coder(
    _flat, _probabilities, "F5's matrix code with shrinkage, in JPEGs of one component", adaptive=False, joins_channels=False,
    simulate_plane=simulate_plane, only=("nsf5",),
)  # fmt: skip
