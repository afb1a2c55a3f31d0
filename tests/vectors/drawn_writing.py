"""How drawn covers are made for the vectors: docs/format.md, 15, 16, 18 and 20, in whole numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tests.vectors import drawn_reader
from tests.vectors.drawn_reader import Keys, Law, Picture, filled, is_dry, law, matrix, pivots, table, usable


@dataclass
class Sender:
    """V and R; the stream M as bytes."""

    stream: bytes
    v: int = field(init=False)
    r: int = 2**96
    used: int = 3

    def __post_init__(self) -> None:
        self.v = int.from_bytes(self.stream[:12], "big")

    def draw(self, weights: dict[int, int]) -> int | None:
        q = self.r // sum(weights.values())
        below = 0
        for value, weight in weights.items():
            if below * q <= self.v < (below + weight) * q:
                self.v, self.r = self.v - below * q, weight * q
                if self.r < 2**96:
                    word = int.from_bytes(self.stream[4 * self.used : 4 * self.used + 4], "big")
                    self.v, self.r, self.used = self.v * 2**32 + word, self.r * 2**32, self.used + 1
                return value
            below += weight
        return None


def solve(rows: Sequence[int], target: int) -> list[int]:
    """The bits x of 128 independent rows whose sum is the target: Gauss and Jordan on columns, written out."""
    left = [[row >> bit & 1 for row in rows] + [target >> bit & 1] for bit in range(128)]
    for column in range(128):
        found = next(i for i in range(column, 128) if left[i][column])
        left[column], left[found] = left[found], left[column]
        for i in range(128):
            if i != column and left[i][column]:
                left[i] = [a ^ b for a, b in zip(left[i], left[column], strict=True)]
    return [row[-1] for row in left]


def parities(plane: Sequence[int], chosen: Sequence[int], said: bytes) -> list[int]:
    """The pivots' lowest bits with which the plane says `said`; what it holds at their places does not count."""
    others = [0 if i in set(chosen) else value for i, value in enumerate(plane)]
    target = int.from_bytes(said, "big") ^ int.from_bytes(drawn_reader.nonce(others), "big")
    places = list(usable(len(plane)))
    rows = matrix(len(places))
    return solve([rows[places.index(place)] for place in chosen], target)


def stream_of(body: bytes, kind: int, own: Keys, shape: bytes, samples: int) -> bytes:
    e = len(body).to_bytes(7, "little") + bytes([kind])
    masked = bytes(a ^ b for a, b in zip(e, own.mask, strict=True))
    return filled(masked + AESSIV(own.seal).encrypt(body, [shape, e]), own.fill, samples)


def draw(laws: Sequence[Sequence[Law]], said: bytes, stream: bytes) -> list[list[int]] | None:
    """The planes; None where the draw is given up."""
    sender, planes = Sender(stream), list[list[int]]()
    for number, plane_laws in enumerate(laws):
        chosen = [] if number else pivots([is_dry(*one) for one in plane_laws])
        if not number and len(chosen) < 128:
            return None
        plane = [0] * len(plane_laws)
        for i, (scale, mean) in enumerate(plane_laws):
            if i not in chosen:
                value = sender.draw(law(table(scale), mean))
                if value is None:
                    return None
                plane[i] = value
        for i, parity in zip(chosen, parities(plane, chosen, said) if chosen else [], strict=True):
            value = sender.draw(law(table(plane_laws[i][0]), plane_laws[i][1], parity))
            if value is None:
                return None
            plane[i] = value
        planes.append(plane)
    return planes


def made(blank: Picture, body: bytes, kind: int, said: bytes, own: Keys) -> Picture:
    """The picture that says this."""
    planes = draw(blank.laws, said, stream_of(body, kind, own, blank.shape, blank.samples))
    assert planes is not None
    return with_planes(blank, planes)


def with_planes(blank: Picture, planes: Sequence[Sequence[int]]) -> Picture:
    return Picture(blank.height, blank.width, blank.channels, planes, blank.laws, blank.identity)


def chance(name: str) -> random.Random:
    """Random choices that follow from a name."""
    return random.Random(f"ssgan drawn vectors: {name}")
