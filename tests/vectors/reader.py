"""A second reader of the silent container: docs/format.md in plain Python, to check the package with.

It shares no code with the package and takes no care of time or memory; it follows the text section by section, and its
numbers in comments are the text's. `read` finds the message or the part in one image, `join` puts parts together.
AES-SIV is spelled out from its block cipher, so that it is a second opinion on that as well.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, reduce
from itertools import compress, islice
from math import floor, gcd
from operator import xor

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256, ChaCha20
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

PADDED, DEFLATED, PART = 1, 2, 4
LARGEST = 64 * 2**20  # bytes that a deflated message may have


@dataclass(frozen=True)
class Image:
    """All samples in rows, in them pixels, in them channels; alpha has one byte a pixel."""

    height: int
    width: int
    channels: int
    samples: bytes
    alpha: bytes | None = None


@dataclass(frozen=True)
class Key:
    """A passphrase as str, or the 32 bytes of a key file."""

    secret: str | bytes
    strong: bool = False


@dataclass(frozen=True)
class Part:
    """One part of a spread message; `deflated`, if the joined parts are still to be inflated."""

    id: bytes
    index: int
    needed: int
    count: int
    length: int
    share: bytes
    deflated: bool


@dataclass(frozen=True)
class Found:
    """What was hidden, and with which rung's length, split and kind."""

    length: int
    split: int
    kind: int
    content: bytes | Part


# Section 2: random choices.


def keystream(key: bytes) -> Iterator[bytes]:
    """Blocks of 4096 bytes of the ChaCha20 keystream."""
    cipher = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor()
    while True:
        yield cipher.update(bytes(4096))


def words(key: bytes) -> Iterator[int]:
    for block in keystream(key):
        yield from struct.unpack("<1024I", block)


def uniform(stream: Iterator[int], bound: int) -> int:
    word = next(stream)
    while word >= 2**32 - 2**32 % bound:
        word = next(stream)
    return word % bound


def exchange(a: list[int], first: int, end: int, key: bytes) -> None:
    """The exchanges of section 3 for i = first ... end - 1, with a key of their own."""
    choice = words(key)
    for i in range(first, end):
        j = i + uniform(choice, len(a) - i)
        a[i], a[j] = a[j], a[i]


def extract_key(salt: bytes, key: bytes) -> bytes:
    """HKDF-Extract, RFC 5869."""
    return hmac.digest(salt, key, "sha512")


def expand_key(root: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand, RFC 5869, for at most one block of SHA-512."""
    assert size <= 64
    return hmac.digest(root, label + b"\x01", "sha512")[:size]


def parse_key_file(text: str) -> Key:
    """Section 4, last paragraph; ValueError for anything else."""
    lines = text.removeprefix("\ufeff").removesuffix("\n").replace("\r\n", "\n").removesuffix("\r").split("\n")
    lines = [line for line in lines if not line.startswith("#")]
    if len(lines) != 1 or not re.fullmatch("SSGAN-KEY-1-[0-9A-Fa-f]{64}", lines[0]):
        raise ValueError("not a key file")
    return Key(bytes.fromhex(lines[0][-64:]))


@cache
def argon2(passphrase: bytes, salt: bytes, strong: bool) -> bytes:
    kib, passes = (2**21, 1) if strong else (2**16, 3)
    return Argon2id(salt=salt, length=64, lanes=4, memory_cost=kib, iterations=passes).derive(passphrase)


class Container:
    """The places and keys of an image that do not depend on what is hidden: sections 1 to 6."""

    def __init__(self, image: Image, key: Key) -> None:
        # 1. The indices in `image.samples` of those that count; x[i] is image.samples[self.usable[i]].
        h, w, c = image.height, image.width, image.channels
        opaque = image.alpha or bytes([255]) * (h * w)
        self.usable = [c * pixel + channel for pixel in range(h * w) if opaque[pixel] == 255 for channel in range(c)]
        x = bytes(image.samples[place] for place in self.usable)
        total = len(x)
        self.shape = b"ssgan/1" + struct.pack("<IIBI", h, w, c, total)
        k = min(256, max(64, total // 32), total)
        p = min(64, max(32, total // 128), total)
        self.unlock(list(x), [x[i : i + 1] for i in range(total)], list(range(total)), k, p, key)

    def unlock(self, x: list[int], raw: list[bytes], may_freeze: list[int], k: int, p: int, key: Key) -> None:
        """Sections 3 to 6, of samples x, their bytes in a salt, and the places that may be frozen."""
        total = len(x)
        # 3. Frozen samples: the public ones, and the first salt.
        self.public = p
        a = may_freeze
        exchange(a, 0, p, hashlib.sha256(b"ssgan/1/public" + self.shape).digest())
        mode = b"passphrase" if isinstance(key.secret, str) else b"key file"
        first_salt = hashlib.sha256(b"ssgan/1/salt/1" + self.shape + mode + b"".join(raw[i] for i in a[:p])).digest()
        # 4. The first root.
        if isinstance(key.secret, str):
            words_typed = key.secret.removeprefix("\ufeff")
            first_root = argon2(unicodedata.normalize("NFC", words_typed).encode(), first_salt, key.strong)
        else:
            first_root = extract_key(first_salt, key.secret)
        # 3. Frozen samples: the others, and the second salt.
        exchange(a, p, k, expand_key(first_root, b"ssgan/1/frozen", 32))
        self.frozen = a[:k]
        second_salt = hashlib.sha256(b"ssgan/1/salt/2" + self.shape + b"".join(raw[i] for i in a[p:k])).digest()
        # 4. The root.
        self.root = extract_key(second_salt, first_root)
        # 5. Order: y[i] = x[order[i]].
        chosen, choice = set(self.frozen), words(self.subkey("order"))
        self.order = [i for i in range(total) if i not in chosen]
        self.n = n = len(self.order)
        for i in range(n - 1, 0, -1):
            j = uniform(choice, i + 1)
            self.order[i], self.order[j] = self.order[j], self.order[i]
        self.y = bytes(x[i] & 255 for i in self.order)
        # 6. Rungs: none where the image is too small.
        self.rungs = ladder(n // 16 - 18)

    label = b"ssgan/1/"

    def subkey(self, name: str, size: int = 32) -> bytes:
        return expand_key(self.root, self.label + name.encode(), size)

    @cached_property
    def probes(self) -> bytes:
        size, stream = 34 * len(self.rungs), keystream(self.subkey("probe"))
        return b"".join(next(stream) for _ in range(size // 4096 + 1))

    def probe(self, rung: int, split: int) -> bytes:
        t = 17 * rung + split
        return self.probes[2 * t : 2 * t + 2]

    # 8. Code.

    @property
    def height(self) -> int:
        return 12 if self.n <= 2**20 else 10

    @cached_property
    def stride(self) -> int:
        g = max(1, 610 * self.n // 987)
        while gcd(g, self.n) != 1:
            g += 1
        return g

    @cached_property
    def elements(self) -> dict[int, bytes]:
        """The elements, 0 or 1, of each layer."""
        y, n, g = self.y, self.n, self.stride
        return {2: bytes(v >> 1 & 1 for v in y), 1: bytes(y[i * g % n] & 1 for i in range(n))}

    @cached_property
    def columns(self) -> dict[int, list[int]]:
        return {layer: columns(layer, self.height, self.subkey("code")) for layer in (1, 2)}

    def layer_bits(self, layer: int, count: int) -> Iterator[int]:
        """The `count` bits in a layer: each block adds its columns, then bit 0 is final and leaves."""
        window, e, cycle = 0, self.elements[layer], self.columns[layer]
        for i in range(count):
            start, end = floor(i * (self.n / count) + 0.5), floor((i + 1) * (self.n / count) + 0.5)
            repeated = cycle * ((end - start) // len(cycle) + 1)
            window = reduce(xor, compress(repeated, e[start:end]), window)
            yield window & 1
            window >>= 1

    def stream(self, length: int, split: int) -> Iterator[int]:
        """The bits of the stream that a plaintext of `length` bytes would make, one by one."""
        m = 8 * (length + 18)
        second = m * split // 32
        yield from self.layer_bits(2, second)
        yield from self.layer_bits(1, m - second)

    def candidates(self) -> Iterator[Found]:
        """Section 10, step 2: all that opens, and is formed as its kind says, in the order of trial."""
        for rung, length in enumerate(self.rungs):
            for split in range(17):
                probe = int.from_bytes(self.probe(rung, split), "big")
                if any(bit != probe >> 15 - i & 1 for i, bit in enumerate(islice(self.stream(length, split), 16))):
                    continue
                bits = "".join(map(str, self.stream(length, split)))
                sealed = int(bits, 2).to_bytes(length + 18, "big")[2:]
                for kind in (0, 1, 4, 5, 2, 3, 6, 7):
                    associated = struct.pack("<IBB", length, split, kind)
                    plaintext = siv_open(self.subkey("seal", 64), sealed, self.shape, associated)
                    content = None if plaintext is None else parse(plaintext, kind)
                    if content is not None:
                        yield Found(length, split, kind, content)


class PixelContainer(Container):
    """The pixels of a color image, as section 1 has them at its end."""

    label = b"ssgan/1/luma/"

    def __init__(self, image: Image, key: Key) -> None:
        super().__init__(image, key)
        held = {place // 3 for place in self.frozen}
        pixels = len(self.usable) // 3
        self.order = [pixel for pixel in range(pixels) if pixel not in held]
        self.n, choice = len(self.order), words(self.subkey("order"))
        for i in range(self.n - 1, 0, -1):
            j = uniform(choice, i + 1)
            self.order[i], self.order[j] = self.order[j], self.order[i]
        self.y = bytes(image.samples[self.usable[3 * pixel + 1]] for pixel in self.order)
        self.rungs = ladder((pixels - len(self.frozen)) // 16 - 18)


def ladder(largest: int) -> list[int]:
    """Section 6: none where the image is too small."""
    rungs, length = list[int](), 20
    while length < largest:
        rungs.append(length)
        length += 3 * length // 25
    return [*rungs, largest] if largest >= 0 else []


@lru_cache(maxsize=64)
def columns(layer: int, height: int, key: bytes) -> list[int]:
    size = 2 ** (height - 2)
    stream = hashlib.shake_256(b"ssgan/stc/columns/2" + bytes([layer, height]) + key).digest(2**17)
    found: dict[int, None] = {}
    for (word,) in struct.iter_unpack("<H", stream):
        found[1 + 2 * (word % size) + 2 ** (height - 1)] = None  # a dict keeps the first place of what comes again
        if len(found) == 2 and polynomial_gcd(*found) != 1:
            found.clear()
        if len(found) == size:
            return list(found)
    raise AssertionError("64 times as many words as columns were not enough")


def polynomial_gcd(a: int, b: int) -> int:
    while b:
        while a.bit_length() >= b.bit_length():
            a ^= b << (a.bit_length() - b.bit_length())
        a, b = b, a
    return a


# Section 7: AES-SIV (RFC 5297), plaintext, parts.


def cmac(key: bytes, data: bytes) -> int:
    mac = CMAC(AES256(key))
    mac.update(data)
    return int.from_bytes(mac.finalize(), "big")


def double(block: int) -> int:
    return (block << 1) % 2**128 ^ 0x87 * (block >> 127)


def siv_open(key: bytes, sealed: bytes, *associated: bytes) -> bytes | None:
    iv = int.from_bytes(sealed[:16], "big")
    counter = iv & ~(1 << 63 | 1 << 31)
    plaintext = Cipher(AES256(key[32:]), CTR(counter.to_bytes(16, "big"))).decryptor().update(sealed[16:])
    mac = cmac(key[:32], bytes(16))
    for data in associated:
        mac = double(mac) ^ cmac(key[:32], data)
    if len(plaintext) >= 16:
        last = plaintext[:-16] + (int.from_bytes(plaintext[-16:], "big") ^ mac).to_bytes(16, "big")
    else:
        padded = plaintext + b"\x80" + bytes(15 - len(plaintext))
        last = (double(mac) ^ int.from_bytes(padded, "big")).to_bytes(16, "big")
    return plaintext if cmac(key[:32], last) == iv else None


def parse(plaintext: bytes, kind: int) -> bytes | Part | None:
    body = plaintext
    if kind & PADDED:
        body = plaintext.rstrip(b"\0")
        if not body.endswith(b"\x80"):
            return None
        body = body[:-1]
    if kind & PART:
        return parse_part(body, deflated=bool(kind & DEFLATED))
    return inflate(body) if kind & DEFLATED else body


def inflate(body: bytes) -> bytes | None:
    stream = zlib.decompressobj(-15)
    try:
        meant = stream.decompress(body, LARGEST + 1)
    except zlib.error:
        return None
    return meant if stream.eof and not stream.unused_data and len(meant) <= LARGEST else None


def parse_part(body: bytes, deflated: bool) -> Part | None:
    if len(body) < 15:
        return None
    index, needed, count, length = struct.unpack("<BBBI", body[8:15])
    if not 1 <= needed <= count or count < 2 or index >= count or len(body) - 15 != -(-length // needed):
        return None
    return Part(body[:8], index, needed, count, length, body[15:], deflated)


def read(image: Image, key: Key) -> Found | None:
    """Section 10: what is hidden, or None."""
    kinds = (Container, PixelContainer) if image.channels == 3 else (Container,)
    return next((found for kind in kinds for found in kind(image, key).candidates()), None)


# Section 9: joining parts. Share 0 holds the coefficients of the highest power.


def times(a: int, b: int) -> int:
    """The product in GF(2^8) with polynomial 0x11d."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = a << 1 ^ (a >> 7) * 0x11D, b >> 1
    return product


@cache
def generator_rows(needed: int, count: int) -> list[list[int]]:
    """Row i says how symbol i of the code word is summed from the `needed` symbols of the message."""
    checks, polynomial, root = count - needed, [1], 1  # highest power first
    for _ in range(checks):
        polynomial = [a ^ times(b, root) for a, b in zip([*polynomial, 0], [0, *polynomial], strict=True)]
        root = times(root, 2)
    rows = [[int(i == j) for j in range(needed)] for i in range(count)]
    for j in range(needed):
        remainder = rows[j] + [0] * checks  # the j-th unit message, divided
        for i in range(needed):
            factor = remainder[i]
            for step, coefficient in enumerate(polynomial):
                remainder[i + step] ^= times(factor, coefficient)
        for i in range(checks):
            rows[needed + i][j] = remainder[needed + i]
    return rows


def join(parts: list[Part]) -> bytes:
    """The message of `needed` or more parts that belong together; ValueError for anything else."""
    if len({(p.id, p.needed, p.count, p.length, p.deflated) for p in parts}) != 1:
        raise ValueError("not parts of one message")
    first, shares = parts[0], {p.index: p.share for p in parts}
    if len(shares) < first.needed:
        raise ValueError("too few parts")
    rows = generator_rows(first.needed, first.count)
    system = [[*rows[index], *share] for index, share in list(shares.items())[: first.needed]]
    for i in range(first.needed):  # Gauss and Jordan
        pivot = next(r for r in range(i, first.needed) if system[r][i])
        system[i], system[pivot] = system[pivot], system[i]
        inverse = next(v for v in range(256) if times(v, system[i][i]) == 1)
        system[i] = [times(inverse, v) for v in system[i]]
        for r in range(first.needed):
            factor = system[r][i]
            if r != i and factor:
                system[r] = [a ^ times(factor, b) for a, b in zip(system[r], system[i], strict=True)]
    whole = b"".join(bytes(row[first.needed :]) for row in system)[: first.length]
    message = inflate(whole) if first.deflated else whole
    if message is None:
        raise ValueError("the joined parts do not inflate")
    return message
