"""How the vectors' containers are made: any stream at all is put into an image, block by block or as a linear system.

Places and keys come from the second reader (`reader.Container`); sealing, coding and spreading are here. Nothing is optimal:
every column of the code has bit 0, so that flipping any element of block i sets bit i, whatever came before.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tests.vectors.reader import DEFLATED, PADDED, Container, Image, Key


def noise(name: str, height: int, width: int, channels: int, *, low: int = 2, high: int = 253) -> Image:
    """An image of samples in low ... high that are drawn from the name."""
    raw = hashlib.shake_256(b"cover " + name.encode()).digest(2 * height * width * channels)
    samples = bytes(low + word % (high - low + 1) for (word,) in struct.iter_unpack("<H", raw))
    return Image(height, width, channels, samples)


def key_of(name: str) -> Key:
    return Key(hashlib.sha256(b"key " + name.encode()).digest())


def alpha_of(name: str, height: int, width: int, values: Sequence[int]) -> bytes:
    """One of the values for each pixel, drawn from the name."""
    return bytes(values[byte % len(values)] for byte in hashlib.shake_256(b"alpha " + name.encode()).digest(height * width))


def deflate(message: bytes, level: int = 9) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -15)
    return stream.compress(message) + stream.flush()


def associated_data(length: int, split: int, kind: int) -> bytes:
    return struct.pack("<IBB", length, split, kind)


@lru_cache(maxsize=4)
def container_of(image: Image, key: Key) -> Container:
    return Container(image, key)


@dataclass
class Cover:
    """An image on its way to be a vector. What is put into it changes `image`; the frozen samples stay."""

    name: str
    image: Image
    key: Key

    @property
    def container(self) -> Container:
        return container_of(self.image, self.key)

    def hide(self, message: bytes, *, split: int = 4, kind: int = 0, rung: int | None = None) -> None:
        """As a writer does it, in the smallest rung, or in the one given; `kind` is without PADDED, which comes by itself."""
        body = deflate(message) if kind & DEFLATED else message
        rungs = self.container.rungs
        length = rungs[rung] if rung is not None else next(length for length in rungs if len(body) <= length)
        if len(body) < length:
            body, kind = (body + b"\x80").ljust(length, b"\0"), kind | PADDED
        self.put(self.seal(body, split=split, kind=kind), length, split)

    def hide_body(self, body: bytes, *, kind: int, split: int = 4) -> None:
        """A body of the caller's, whatever it is, padded."""
        length = next(length for length in self.container.rungs if len(body) < length)
        plaintext = (body + b"\x80").ljust(length, b"\0")
        self.put(self.seal(plaintext, split=split, kind=kind | PADDED), length, split)

    def seal(self, plaintext: bytes, *, split: int, kind: int, associated: list[bytes] | None = None) -> bytes:
        """The stream of a plaintext; `associated` replaces the associated data."""
        container, length = self.container, len(plaintext)
        if associated is None:
            associated = [container.shape, associated_data(length, split, kind)]
        sealed = AESSIV(container.subkey("seal", 64)).encrypt(plaintext, associated)
        return container.probe(container.rungs.index(length), split) + sealed

    def put(self, stream: bytes, length: int, split: int) -> None:
        """Make the image carry the stream, by changes of 1 wherever a block has a sample that allows it."""
        rng, container = random.Random(self.name), self.container
        original, samples = self.image.samples, bytearray(self.image.samples)
        places = [container.usable[i] for i in container.order]
        bits = list(bits_of(stream))
        second = len(bits) * split // 32
        n, g = container.n, container.stride
        layers = {2: (places, bits[:second]), 1: ([places[i * g % n] for i in range(n)], bits[second:])}
        for layer, (where, wanted) in layers.items():
            columns, window = container.columns[layer], 0
            for i, bit in enumerate(wanted):
                start, end = edges(i, n, len(wanted))
                for t, place in enumerate(where[start:end]):
                    window ^= columns[t % len(columns)] * (samples[place] >> (layer - 1) & 1)
                if window & 1 != bit:
                    free = [t for t, place in enumerate(where[start:end]) if may_change(samples[place], original[place], layer)]
                    t = rng.choice(free or range(end - start))
                    samples[where[start + t]] = flipped(samples[where[start + t]], layer)
                    window ^= columns[t % len(columns)]
                window >>= 1
        self.image = replace(self.image, samples=bytes(samples))

    def change(self, place: int, value: int) -> None:
        """Set the sample x[place]."""
        samples, where = bytearray(self.image.samples), self.container.usable[place]
        samples[where] = value
        self.image = replace(self.image, samples=bytes(samples))


def may_change(value: int, original: int, layer: int) -> bool:
    """Whether flipping this layer's bit leaves the sample within 1 of the original and within 0 ... 255."""
    return value == original and (layer == 1 or value not in (0, 255))


def flipped(value: int, layer: int) -> int:
    """The value with this layer's bit flipped, and the higher bits as the carry has them."""
    if layer == 1:
        return value ^ 1
    if value in (0, 255):
        return value ^ 2
    return value + 1 if value & 1 else value - 1


def bits_of(stream: bytes) -> Iterator[int]:
    return (byte >> shift & 1 for byte in stream for shift in range(7, -1, -1))


def edges(i: int, n: int, bits: int) -> tuple[int, int]:
    return floor(i * (n / bits) + 0.5), floor((i + 1) * (n / bits) + 0.5)


# Several streams in one image: linear equations over GF(2) in the two lowest bits of the samples.


@dataclass
class Wish:
    """A stream, or its beginning, that an image shall have for a key, a rung's length and a split."""

    key: Key
    stream: bytes
    length: int
    split: int

    def equations(self, image: Image) -> Iterator[tuple[int, int, int]]:
        """(layer, mask of the samples to sum, what their flips must sum to) for each bit."""
        container, wanted = Container(image, self.key), list(bits_of(self.stream))
        m = 8 * (self.length + 18)
        second, n, g = m * self.split // 32, container.n, container.stride
        sizes = {2: second, 1: m - second}
        shares = {2: wanted[:second], 1: wanted[second:]}
        for layer, bits in shares.items():
            rows, columns = [0] * (len(bits) + container.height), container.columns[layer]
            for i in range(len(bits)):
                start, end = edges(i, n, sizes[layer])
                for e in range(start, end):
                    place = container.usable[container.order[e if layer == 2 else e * g % n]]
                    column = columns[(e - start) % len(columns)]
                    for u in range(container.height):
                        rows[i + u] ^= (column >> u & 1) << place
            have = container.layer_bits(layer, sizes[layer])
            yield from ((layer, row, old ^ new) for row, old, new in zip(rows, have, bits, strict=False))


def satisfy(image: Image, wishes: list[Wish]) -> Image:
    """An image that fulfils all wishes at once. What is frozen for one of their keys stays as it is."""
    samples, free = bytearray(image.samples), (1 << len(image.samples)) - 1
    for wish in wishes:
        box = Container(image, wish.key)
        for place in box.frozen:
            free &= ~(1 << box.usable[place])
    equations = [equation for wish in wishes for equation in wish.equations(image)]
    for layer in (1, 2):
        solved: dict[int, tuple[int, int]] = {}  # the highest sample of a row -> the row
        for _, whole, value in (equation for equation in equations if equation[0] == layer):
            row = whole & free
            while row and row.bit_length() in solved:
                other, its_value = solved[row.bit_length()]
                row, value = row ^ other, value ^ its_value
            assert row or not value, "the wishes contradict each other"
            if row:
                solved[row.bit_length()] = (row, value)
        flips = 0
        for highest in sorted(solved):  # the lower samples are decided
            row, value = solved[highest]
            flips |= (value ^ (row & flips).bit_count() & 1) << (highest - 1)
        for place in range(len(samples)):
            samples[place] ^= (flips >> place & 1) << (layer - 1)
    return replace(image, samples=bytes(samples))


# Spread messages.


def spread(message: bytes, needed: int, count: int, name: str) -> list[bytes]:
    """The bodies of all parts. The parity is the remainder of a division by a shift register, with tables of logarithms."""
    exponential = [1]
    while len(exponential) < 255:
        value = exponential[-1] << 1
        exponential.append(value ^ 0x11D if value > 255 else value)
    logarithm = {value: power for power, value in enumerate(exponential)}

    def product(a: int, b: int) -> int:
        return exponential[(logarithm[a] + logarithm[b]) % 255] if a and b else 0

    generator = [1]  # the highest power first, which is always 1
    for root in exponential[: count - needed]:
        generator = [a ^ product(b, root) for a, b in zip([*generator, 0], [0, *generator], strict=True)]
    size = -(-len(message) // needed)
    padded = message.ljust(needed * size, b"\0")
    shares = [bytearray(padded[i * size : (i + 1) * size]) for i in range(needed)]
    shares += [bytearray(size) for _ in range(count - needed)]
    for j in range(size):
        register = [0] * (count - needed)
        for share in shares[:needed]:
            if register:
                feedback = share[j] ^ register[0]
                register = [r ^ product(feedback, c) for r, c in zip([*register[1:], 0], generator[1:], strict=True)]
        for share, symbol in zip(shares[needed:], register, strict=True):
            share[j] = symbol
    identity = hashlib.sha256(b"id " + name.encode()).digest()[:8]
    return [part_body(identity, i, needed, count, len(message), bytes(share)) for i, share in enumerate(shares)]


def part_body(identity: bytes, index: int, needed: int, count: int, length: int, share: bytes) -> bytes:
    return identity + struct.pack("<BBBI", index, needed, count, length) + share
