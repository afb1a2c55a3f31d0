"""A second reader of drawn covers: docs/format.md, 13 to 19, in whole numbers, to check the package with.

It shares no code with the package; what version 1 has as well comes from `reader.py`. Numbers in comments are the text's. Where
a picture's laws come from, the model, is not its business: they are given.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from itertools import islice

from tests.vectors.reader import Key, Part, argon2, expand_key, extract_key, keystream, parse, siv_open

Law = tuple[int, int]  # scale and mean

# 14. Laws.


@cache
def table(scale: int) -> list[int]:
    """Row `scale`: entry j + 6400."""
    with localcontext() as context:
        context.prec = 40
        s = Decimal(2) ** (Decimal(scale) / 6 - 2)
        upper = [(65536 / (1 + (-Decimal(j) / (16 * s)).exp())).quantize(Decimal(1), ROUND_HALF_UP) for j in range(6401)]
    row = {j: int(upper[j]) if j >= 0 else 65536 - int(upper[-j]) for j in range(-6400, 6401)}
    if scale >= 12:
        for j in range(-8, 8):
            before = [k for k in row if (j - 16 - k) % 32 == 0 and k + 16 in row]
            row[j] += 2**15 - sum(row[k + 16] - row[k] for k in before)
    return list(row.values())


def cumulative(row: Sequence[int], mean: int, value: int) -> int:
    if value <= 0:
        return 0
    if value > 255:
        return 65536
    return row[min(max(16 * value - 8 - mean, -6400), 6400) + 6400]


def law(row: Sequence[int], mean: int, parity: int | None = None) -> dict[int, int]:
    """value: frequency, out of 2^16, or out of 2^15 for the values of one parity."""
    weights = {v: cumulative(row, mean, v + 1) - cumulative(row, mean, v) for v in range(256)}
    return {v: w for v, w in weights.items() if parity is None or v % 2 == parity}


def is_dry(scale: int, mean: int) -> bool:
    row = table(scale)
    return scale >= 12 and cumulative(row, mean, 1) == 0 and cumulative(row, mean, 255) == 65536


# 15. Sampler, the reader's side.


@dataclass
class Receiver:
    """B and R, and the words used."""

    b: int = 0
    r: int = 2**96
    used: int = 3
    is_possible: bool = True

    def put(self, weights: dict[int, int], value: int) -> None:
        q = self.r // sum(weights.values())
        if not weights.get(value):
            self.is_possible = False
            return
        self.b += q * sum(weight for other, weight in weights.items() if other < value)
        self.r = weights[value] * q
        if self.r < 2**96:
            self.b, self.r, self.used = self.b * 2**32, self.r * 2**32, self.used + 1

    @property
    def determined(self) -> int:
        words, last = (number.to_bytes(4 * self.used, "big") for number in (self.b, self.b + self.r - 1))
        alike = [words[4 * i : 4 * i + 4] == last[4 * i : 4 * i + 4] for i in range(self.used)]
        return (alike + [False]).index(False)


# 16. Header.


def usable(samples: int) -> range:
    """The places of a plane's samples that count."""
    return range(0, samples, max(1, samples // 4096))


@cache
def matrix(rows: int) -> list[int]:
    stream = hashlib.shake_256(b"ssgan/2/header").digest(16 * rows)
    return [int.from_bytes(stream[16 * i : 16 * i + 16], "big") for i in range(rows)]


def nonce(plane: Sequence[int]) -> bytes:
    total = 0
    places = usable(len(plane))
    for row, place in zip(matrix(len(places)), places, strict=True):
        total ^= row * (plane[place] % 2)
    return total.to_bytes(16, "big")


def pivots(dry: Sequence[bool]) -> list[int]:
    """Their places: at most 128; fewer, where the draw is given up."""
    places = usable(len(dry))
    basis: list[int] = []
    chosen: list[int] = []
    for row, place in zip(matrix(len(places)), places, strict=True):
        if dry[place] and len(chosen) < 128:
            for one in basis:
                row = min(row, row ^ one)
            if row:
                basis.append(row)
                chosen.append(place)
    return chosen


# 17. Keys.


@dataclass(frozen=True)
class Picture:
    """Samples plane by plane, each in its order, with the law of every sample; the model's identity."""

    height: int
    width: int
    channels: int
    planes: Sequence[Sequence[int]]
    laws: Sequence[Sequence[Law]]
    identity: bytes

    @property
    def samples(self) -> int:
        return self.height * self.width * self.channels

    @property
    def shape(self) -> bytes:
        return b"ssgan/1" + struct.pack("<IIBI", self.height, self.width, self.channels, self.samples)


@dataclass(frozen=True)
class Keys:
    latent: bytes
    seal: bytes
    fill: bytes
    mask: bytes


def root(shape: bytes, said: bytes, key: Key) -> bytes:
    mode = b"passphrase" if isinstance(key.secret, str) else b"key file"
    salt = hashlib.sha256(b"ssgan/2/salt" + shape + mode + said).digest()
    if isinstance(key.secret, bytes):
        return extract_key(salt, key.secret)
    return argon2(unicodedata.normalize("NFC", key.secret.removeprefix("\ufeff")).encode(), salt, key.strong)


def keys(start: bytes, identity: bytes) -> Keys:
    sizes = {"latent": 32, "seal": 64, "fill": 32, "mask": 8}
    return Keys(**{name: expand_key(start, b"ssgan/2/" + name.encode() + identity, size) for name, size in sizes.items()})


# 18 and 19. Stream, reading.


def filled(beginning: bytes, fill: bytes, samples: int) -> bytes:
    size = 4 * (samples // 2 + 4)
    return (beginning + b"".join(islice(keystream(fill), size // 4096 + 1)))[:size]


def receive(picture: Picture) -> Receiver | None:
    """All samples put; None where there are too few pivots."""
    first = pivots([is_dry(*one) for one in picture.laws[0]])
    if len(first) < 128:
        return None
    receiver = Receiver()
    pivot = set(first)
    for number, (plane, laws) in enumerate(zip(picture.planes, picture.laws, strict=True)):
        rest = [i for i in range(len(plane)) if number or i not in pivot]
        for i in rest + ([] if number else first):
            parity = plane[i] % 2 if not number and i in pivot else None
            receiver.put(law(table(laws[i][0]), laws[i][1], parity), plane[i])
    return receiver


def read(picture: Picture, key: Key) -> bytes | Part | None:
    """What is said, or None."""
    own = keys(root(picture.shape, nonce(picture.planes[0]), key), picture.identity)
    receiver = receive(picture)
    if receiver is None or not receiver.is_possible:
        return None
    determined = receiver.b.to_bytes(4 * receiver.used, "big")[: 4 * receiver.determined]
    if len(determined) < 24:
        return None
    e = bytes(a ^ b for a, b in zip(determined, own.mask, strict=False))
    kind, length = e[7], int.from_bytes(e[:7], "little")
    if kind not in (0, 2, 4, 6) or 24 + length > len(determined):
        return None
    body = siv_open(own.seal, determined[8 : 24 + length], picture.shape, e)
    whole = int.from_bytes(filled(determined[: 24 + length], own.fill, picture.samples)[: 4 * receiver.used], "big")
    if body is None or not receiver.b <= whole < receiver.b + receiver.r:
        return None
    return parse(body, kind)
