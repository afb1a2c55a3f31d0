"""Define the residuals of the rich models: five banks of filters, and the sets of them in each submodel.

A residual is what the neighbors do not predict of a sample. A submodel takes, place by place, the least and the largest of
several residuals that differ by direction only, and scans it along rows and down columns; its name says how many filters (first
digit) and how many directions (second), and h or v which way the scan runs. J. Fridrich, J. Kodovský, "Rich models for
steganalysis of digital images", IEEE TIFS 7(3), 2012, figure 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.images.filters import KB_TAPS, KV_TAPS

# Compass directions as (row, column), by the names that the sets below use.
DIRECTIONS = {
    "R": (0, 1), "L": (0, -1), "U": (-1, 0), "D": (1, 0), "a": (-1, 1), "b": (-1, -1), "c": (1, 1), "d": (1, -1),
}  # fmt: skip


@dataclass(frozen=True)
class FilterSets:
    """Sets of filters counted together, along rows and down columns. `plain`: each set is one filter."""

    submodel: str
    across: tuple[str, ...]
    down: tuple[str, ...]
    plain: bool = False

    def turned(self, submodel: str) -> FilterSets:
        """Return the same sets scanned the other way."""
        return FilterSets(submodel, self.down, self.across, self.plain)


@dataclass(frozen=True)
class Bank:
    """Filters of one order: a letter and the weights (size, size) of each, the divisor, and the parts, in order."""

    name: str
    filters: dict[str, NDArray[np.int64]]
    divisor: int
    parts: tuple[FilterSets, ...]

    @property
    def border(self) -> int:
        """Reach of the filters in samples."""
        return len(next(iter(self.filters.values()))) // 2

    def taps(self) -> NDArray[np.int64]:
        """Return int64 (B, K, 3): row, column and weight of every sample that a filter reads, padded with weights 0."""
        listed = [[(*place, weights[*place]) for place in np.argwhere(weights)] for weights in self.filters.values()]
        longest = max(map(len, listed))
        return np.array([[*taps, *[(0, 0, 0)] * (longest - len(taps))] for taps in listed], np.int64)

    def bits(self, letters: str) -> int:
        """Return a set of filters as bits."""
        return sum(1 << list(self.filters).index(letter) for letter in letters)


def _along(direction: tuple[int, int], weights: dict[int, int], size: int) -> NDArray[np.int64]:
    """Return the filter that weighs the samples at these steps in that direction."""
    made = np.zeros((size, size), np.int64)
    for steps, weight in weights.items():
        made[size // 2 + steps * direction[0], size // 2 + steps * direction[1]] = weight
    return made


def _halves(kernel: tuple[tuple[int, ...], ...]) -> dict[str, NDArray[np.int64]]:
    """Return the kernel (k) and its upper, lower, left and right half, the middle row or column included."""
    whole = np.array(kernel, np.int64)
    row, column = np.indices(whole.shape) - len(whole) // 2
    kept = {"u": row <= 0, "b": row >= 0, "l": column <= 0, "r": column >= 0}
    return {**{letter: whole * where for letter, where in kept.items()}, "k": whole}


def _odd_parts() -> Iterator[FilterSets]:
    """Yield submodels of the filters that extend in one of eight directions: first and third order."""
    pairs, corners = ("RU", "RD", "LU", "LD"), ("RUa", "RDc", "LUb", "LDd")
    two = FilterSets("minmax22h", ("RL",), ("UD",))
    three = FilterSets("minmax34h", ("LUR", "RDL"), ("DLU", "URD"))
    eight = FilterSets("minmax48h", ("RUab", "LDdc", "RDcd", "LUba"), ("RDca", "LUbd", "RUac", "LDdb"))
    spam = FilterSets("spam14hv", ("R",), ("U",), plain=True)
    five = ("RUabc", "LDdcb", "RDcda", "LUbad")
    yield from (two, three, two.turned("minmax22v"), FilterSets("minmax24", pairs, pairs), three.turned("minmax34v"))
    yield from (FilterSets("minmax41", ("RLUD",), ("RLUD",)), FilterSets("minmax34", corners, corners))
    yield from (eight, eight.turned("minmax48v"), FilterSets("minmax54", five, five), spam, spam.turned("spam14hv"))


def _second_parts() -> Iterator[FilterSets]:
    """Yield submodels of the second differences: horizontal, vertical, diagonal, minor diagonal."""
    split, spam = FilterSets("minmax24h", ("mh", "dh"), ("mv", "dv")), FilterSets("spam12hv", ("h",), ("v",), plain=True)
    for name, sets in (("minmax21", ("hv",)), ("minmax41", ("hvdm",)), ("minmax32", ("hvm", "hvd"))):
        yield FilterSets(name, sets, sets)
    yield from (split, split.turned("minmax24v"), spam, spam.turned("spam12hv"))


def _edge_parts(whole_first: bool) -> Iterator[FilterSets]:
    """Yield submodels of a square kernel and its halves; the square itself goes to s35_spam11, which joins 3 x 3 and 5 x 5."""
    pairs = ("ul", "br", "ur", "bl")
    two, spam = FilterSets("minmax22h", ("ub",), ("lr",)), FilterSets("spam14hv", ("u", "b"), ("l", "r"), plain=True)
    whole = FilterSets("s35_spam11", ("k",), ("k",), plain=True)
    yield from (
        FilterSets("minmax24", pairs, pairs),
        two,
        two.turned("minmax22v"),
        FilterSets("minmax41", ("ublr",), ("ublr",)),
    )
    yield from (whole, spam, spam.turned("spam14hv")) if whole_first else (spam, spam.turned("spam14hv"), whole)


def _second(step: tuple[int, int]) -> NDArray[np.int64]:
    return _along(step, {-1: 1, 0: -2, 1: 1}, 3)


BANKS = (
    Bank("s1", {k: _along(step, {0: -1, 1: 1}, 3) for k, step in DIRECTIONS.items()}, 1, tuple(_odd_parts())),
    Bank(
        "s2",
        {"h": _second((0, 1)), "v": _second((1, 0)), "d": _second((1, 1)), "m": _second((1, -1))},
        2,
        tuple(_second_parts()),
    ),
    Bank(
        "s3",
        {k: _along(step, {-1: 1, 0: -3, 1: 3, 2: -1}, 5) for k, step in DIRECTIONS.items()},
        3,
        tuple(_odd_parts()),
    ),
    Bank("s3x3", _halves(KB_TAPS), 4, tuple(_edge_parts(whole_first=False))),
    Bank("s5x5", _halves(KV_TAPS), 12, tuple(_edge_parts(whole_first=True))),
)
