"""A second reader of albums: docs/format.md, 23 to 27, in plain Python. It shares no code with the package.

It takes the ratios of pictures and does not search for the nonce: `likelihood` says how well a number fits, and `read` reads
with a nonce and an order. The decoder keeps a list, and copies whole paths.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tests.vectors.reader import Key, Part, argon2, expand_key, extract_key, keystream, parse, siv_open

LENGTHS = [*range(4, 32, 4), *range(32, 128, 8), *range(128, 256, 16), *range(256, 385, 32)]
KEPT = 8  # paths
BLOCK = 4096  # bytes of a keystream that come at a time

Ratios = Sequence[Sequence[float]]


def beginning(key: bytes, size: int) -> bytes:
    return after(key, 0, size)


def after(key: bytes, begin: int, size: int) -> bytes:
    """Bytes of the keystream from `begin` on."""
    first = begin // BLOCK
    blocks = islice(keystream(key), first, (begin + size) // BLOCK + 1)
    return b"".join(blocks)[begin - first * BLOCK :][:size]


def bits_of(data: bytes) -> list[int]:
    return [byte >> (7 - k) & 1 for byte in data for k in range(8)]


def ascending(words: Sequence[int]) -> list[int]:
    """The places of the least, the next, ...; of equal ones the first first."""
    return sorted(range(len(words)), key=lambda place: (words[place], place))


def root(key: Key, identity: bytes) -> bytes:  # 24
    mode = b"passphrase" if isinstance(key.secret, str) else b"key file"
    salt = hashlib.sha256(b"ssgan/3/salt" + mode + identity).digest()
    if isinstance(key.secret, bytes):
        return extract_key(salt, key.secret)
    return argon2(unicodedata.normalize("NFC", key.secret.removeprefix("\ufeff")).encode(), salt, key.strong)


@dataclass
class Album:
    """An album of `size` pictures of `latents` latents."""

    size: int
    latents: int
    identity: bytes
    start: bytes  # the root

    @property
    def pilot_bytes(self) -> tuple[int, int]:  # 23
        least = min(self.size, 24)
        return 48 // least, 24 // least

    @property
    def coded(self) -> int:
        return self.size * (self.latents - 8 * sum(self.pilot_bytes))

    def key(self, label: bytes, nonce: bytes = b"", size: int = 32) -> bytes:
        about = self.identity + self.size.to_bytes(2, "little")
        return expand_key(self.start, b"ssgan/3/" + label + about + nonce, size)

    def words(self, key: bytes, count: int) -> list[int]:
        stream = beginning(key, 4 * count)
        return [int.from_bytes(stream[4 * k : 4 * k + 4], "little") for k in range(count)]

    def places(self, picture: int) -> list[int]:
        words = self.words(self.key(b"places"), self.size * self.latents)
        return ascending(words[picture * self.latents : (picture + 1) * self.latents])

    def pilots(self, kind: int, number: int, key: bytes) -> list[list[int]]:
        width = self.pilot_bytes[kind]
        stream = after(key, number * self.size * width, self.size * width)
        return [bits_of(stream[i * width : (i + 1) * width]) for i in range(self.size)]


def likelihood(album: Album, ratios: Ratios, first: int) -> float:  # 24
    """The logarithm of the likelihood of r1, whatever the order of the pictures."""
    pilots = album.pilots(0, first, album.key(b"first"))
    places = [album.places(i)[: len(pilots[0])] for i in range(album.size)]
    total = 0.0
    for row in ratios:
        at = [sum(_log(row[j], bit) for j, bit in zip(places[i], pilots[i], strict=True)) for i in range(album.size)]
        most = max(at)
        total += most + math.log(sum(math.exp(value - most) for value in at))
    return total


def _log(ratio: float, bit: int) -> float:
    """log P(bit) for log P(0) / P(1) = ratio."""
    x = ratio if bit else -ratio
    return -(max(x, 0) + math.log1p(math.exp(-abs(x))))


def read(album: Album, ratios: Ratios, nonce: tuple[int, int], order: Sequence[int]) -> bytes | Part | None:  # 26, 27
    """The message of the pictures, picture p being at place order[p]."""
    length, n = LENGTHS[nonce[1] >> 15], album.coded
    if 16 * (length + 16) > n:
        return None
    pilots, per = 8 * sum(album.pilot_bytes), n // album.size
    masked = [0.0] * n
    for row, place in zip(ratios, order, strict=True):
        masked[place * per : (place + 1) * per] = [row[j] for j in album.places(place)[pilots:]]
    numbers = nonce[0].to_bytes(4, "little") + nonce[1].to_bytes(4, "little")
    mask = bits_of(beginning(album.key(b"mask", numbers), n // 8 + 1))
    unmasked = [-r if bit else r for r, bit in zip(masked, mask, strict=False)]
    own = [unmasked[j] for j in ascending(album.words(album.key(b"order", numbers), n))]
    about = album.identity + album.size.to_bytes(2, "little")
    for found in decoded(own, 8 * (length + 16)):
        sealed = bytes(int("".join(map(str, found[k : k + 8])), 2) for k in range(0, len(found), 8))
        for kind in range(4):
            plaintext = siv_open(album.key(b"seal", numbers, 64), sealed, about, bytes([kind]))
            if plaintext is not None and (message := parse(plaintext, kind)) is not None:
                return message
    return None


def not_sent(n: int) -> tuple[int, set[int]]:  # 25
    m = max(1, (n - 1).bit_length())
    return 1 << m, {int(f"{k:0{m}b}"[::-1], 2) for k in range((1 << m) - n)}


def carrying(n: int, count: int) -> list[int]:
    """The places of u that carry the message."""
    whole, missing = not_sent(n)
    e = [1 << 32 if k in missing else 5 << 29 for k in range(whole)]
    w = whole // 2
    while w:
        for run in range(0, whole, 2 * w):
            for j in range(run, run + w):
                a, b = e[j], e[j + w]
                e[j], e[j + w] = a + b - (a * b >> 32), a * b >> 32
        w //= 2
    return sorted(sorted(range(whole), key=lambda k: (e[k], -k))[:count])


def encoded(bits: Sequence[int], n: int) -> list[int]:
    whole, missing = not_sent(n)
    u = [0] * whole
    for place, bit in zip(carrying(n, len(bits)), bits, strict=True):
        u[place] = bit
    w = 1
    while w < whole:
        for run in range(0, whole, 2 * w):
            for j in range(run, run + w):
                u[j] ^= u[j + w]
        w *= 2
    return [bit for k, bit in enumerate(u) if k not in missing]


def decoded(ratios: Sequence[float], count: int) -> Iterator[list[int]]:
    """Candidates for the message's bits, the likeliest first."""
    whole, missing = not_sent(len(ratios))
    sent = iter(ratios)
    channel = [0.0 if k in missing else next(sent) for k in range(whole)]
    free = set(carrying(len(ratios), count))

    def descend(paths: list[tuple[float, list[int], list[float]]], begin: int) -> list[tuple[float, list[int], list[int], int]]:
        """Paths (cost, bits said, ratios of this node) to (cost, bits said, the node's x, number of the path it began from)."""
        if len(paths[0][2]) == 1:
            forks = []
            for number, (cost, said, (ratio,)) in enumerate(paths):
                for bit in (0, 1) if begin in free else (0,):
                    forks.append((cost - _log(ratio, bit), [*said, bit] if begin in free else said, [bit], number))
            return sorted(forks, key=lambda fork: fork[0])[:KEPT]
        half = len(paths[0][2]) // 2
        upper = [(cost, said, [_both(a, b) for a, b in zip(r[:half], r[half:], strict=True)]) for cost, said, r in paths]
        left = descend(upper, begin)
        lower = []
        for cost, said, x, number in left:
            r = paths[number][2]
            lower.append((cost, said, [b - a if bit else b + a for a, b, bit in zip(r[:half], r[half:], x, strict=True)]))
        right = descend(lower, begin + half)
        found = []
        for cost, said, x, number in right:
            first = left[number]
            found.append((cost, said, [a ^ b for a, b in zip(first[2], x, strict=True)] + x, first[3]))
        return found

    for _, said, _, _ in descend([(0.0, [], channel)], 0):
        yield said


def _both(a: float, b: float) -> float:
    """The ratio of the exclusive or of two bits."""
    least = min(abs(a), abs(b)) * (1 if (a < 0) == (b < 0) else -1)
    return least + math.log1p(math.exp(-abs(a + b))) - math.log1p(math.exp(-abs(a - b)))
