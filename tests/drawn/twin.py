"""The sampler, the laws and the header of drawn covers in Python's own integers and fractions: slow, and sharing no code."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from fractions import Fraction


def cumulative(row: list[int], mean16: int, value: int) -> int:
    if value <= 0:
        return 0
    if value > 255:
        return 65536
    place = 16 * value - 8 - mean16
    return 0 if place < -6400 else 65536 if place > 6400 else row[place + 6400]


def law(row: list[int], mean16: int, parity: int | None = None) -> dict[int, int]:
    """value: frequency, out of 2^16, or out of 2^15 for the values of one parity."""
    weights = {v: cumulative(row, mean16, v + 1) - cumulative(row, mean16, v) for v in range(256)}
    return {v: w for v, w in weights.items() if parity is None or v % 2 == parity}


@dataclass
class Sender:
    """V and R as whole numbers; `stream` is M, of `total` words."""

    stream: int
    total: int
    used: int = 3
    v: int = field(init=False)
    r: int = 2**96

    def __post_init__(self) -> None:
        self.v = self.stream >> 32 * (self.total - 3)

    def draw(self, weights: dict[int, int]) -> int | None:
        q = self.r // sum(weights.values())
        below = 0
        for value, weight in weights.items():
            if below * q <= self.v < (below + weight) * q:
                self.v, self.r = self.v - below * q, weight * q
                if self.r < 2**96:
                    self.used += 1
                    word = (self.stream >> 32 * (self.total - self.used)) % 2**32
                    self.v, self.r = self.v * 2**32 + word, self.r * 2**32
                return value
            below += weight
        return None


@dataclass
class Receiver:
    """B and R as whole numbers, B of `used` words."""

    b: int = 0
    r: int = 2**96
    used: int = 3

    def put(self, weights: dict[int, int], value: int) -> None:
        q = self.r // sum(weights.values())
        below = sum(weight for other, weight in weights.items() if other < value)
        self.b, self.r = self.b + below * q, weights[value] * q
        if self.r < 2**96:
            self.b, self.r, self.used = self.b * 2**32, self.r * 2**32, self.used + 1


def information(row: list[int], mean16: int, value: int) -> float:
    """Bits."""
    return 16 - math.log2(law(row, mean16)[value])


def interval(choices: list[tuple[dict[int, int], int]]) -> tuple[Fraction, Fraction]:
    """(low, size) of the streams, as fractions, that make these choices; the rounding of q is the sampler's."""
    one = Receiver()
    for weights, value in choices:
        one.put(weights, value)
    return Fraction(one.b, 2 ** (32 * one.used)), Fraction(one.r, 2 ** (32 * one.used))


def rows(count: int) -> list[int]:
    """The public matrix: 128 bits a row as a number."""
    stream = hashlib.shake_256(b"ssgan/2/header").digest(16 * count)
    return [int.from_bytes(stream[16 * i : 16 * i + 16], "big") for i in range(count)]


def places(samples: int) -> range:
    return range(0, samples, samples // 4096 or 1)


def nonce(plane: list[int]) -> bytes:
    total = 0
    looked_at = places(len(plane))
    for row, place in zip(rows(len(looked_at)), looked_at, strict=True):
        total ^= row * (plane[place] % 2)
    return total.to_bytes(16, "big")


def pivots(dry: list[bool]) -> list[int]:
    """Places of the first independent rows among the dry ones: at most 128."""
    looked_at = places(len(dry))
    basis: list[int] = []
    chosen: list[int] = []
    for row, place in zip(rows(len(looked_at)), looked_at, strict=True):
        if dry[place] and len(chosen) < 128:
            for one in basis:
                row = min(row, row ^ one)
            if row:
                basis.append(row)
                chosen.append(place)
    return chosen
