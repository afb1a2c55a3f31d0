"""Hide a message in what the pictures of an album show: signs of latents (docs/format.md, version 3; docs/drawn.md, 11).

    key, nonce > places, pilots, mask, seal          signs = pilots of the nonce, and the masked coded bits of the sealed
    message signs + random magnitudes > drawn covers > any channel > an extractor's ratios > nonce, order > coded bits > the
    message

The signs are uniform and independent to who has no key, so the pictures have the law of honest drawn covers. This module knows
signs and ratios; pictures are drawn and read in `album_files.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.messages import container, pilots, polar
from ssgan.messages.container import DEFLATED, PADDED
from ssgan.messages.keys import Key, as_message, check_key, expand
from ssgan.messages.parts import MessagePart
from ssgan.messages.reveal import nothing_found

SIZES = (12, 24, 48)  # pictures of an album
FIRST_NUMBERS, SECOND_NUMBERS = 1 << 22, 1 << 20  # of the two parts of the nonce
RUNGS = (
    4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256,
    288, 320, 352, 384,
)  # fmt: skip
TAG_BYTES = 16
_RUNG_SHIFT = 15  # the highest five bits of the second number are the rung's
_KINDS = (0, PADDED, DEFLATED, DEFLATED | PADDED)
assert len(RUNGS) << _RUNG_SHIFT == SECOND_NUMBERS


@dataclass(frozen=True)
class AlbumShape:
    """How many pictures an album has, and how many latents each; `identity`, 32 bytes, is of the model that draws them."""

    size: int
    latents: int
    identity: bytes

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise InvalidSetting(
                f"an album of {self.size} pictures is none", hint=f"take one of {', '.join(str(size) for size in SIZES)}"
            )
        if self.latents <= 8 * sum(self.pilot_bytes):
            raise InvalidSetting(
                f"pictures of {self.latents} latents are too small for an album of {self.size}",
                hint="take a larger album, or a generator with more latents",
            )

    @property
    def pilot_bytes(self) -> tuple[int, int]:
        """Bytes of pilots in each picture, for the two parts of the nonce."""
        return 48 // min(self.size, 24), 24 // min(self.size, 24)

    @property
    def pilots(self) -> int:
        """Pilots of both parts in each picture."""
        return 8 * sum(self.pilot_bytes)

    @property
    def coded_bits(self) -> int:
        """Coded bits of the whole album."""
        return self.size * (self.latents - self.pilots)

    @property
    def largest_rung(self) -> int:
        """Bytes of the longest body that leaves two coded bits for each of its own."""
        return max(rung for rung in RUNGS if 16 * (rung + TAG_BYTES) <= self.coded_bits)


class AlbumKeys:
    """The keys of albums of one shape; slow to make from a passphrase."""

    def __init__(self, key: Key, shape: AlbumShape) -> None:
        check_key(key)
        self._root = key.first_root(hashlib.sha256(b"ssgan/3/salt" + key.mode + shape.identity).digest())
        self._about, self.shape = shape.identity + shape.size.to_bytes(2, "little"), shape
        self.first_book = self._expanded("first", b"", 32)
        words = _words(self._expanded("places", b"", 32), shape.size * shape.latents).reshape(shape.size, shape.latents)
        self.places = np.argsort(words, axis=1, kind="stable")  # (M, L): pilots of both parts, then coded bits

    def second_book(self, first: int) -> bytes:
        """Return the key of the book of the second number."""
        return self._expanded("second", first.to_bytes(4, "little"), 32)

    def seal(self, first: int, second: int) -> AESSIV:
        """Return the cipher of the message of one nonce."""
        return AESSIV(self._expanded("seal", _nonce_bytes(first, second), 64))

    def mask(self, first: int, second: int) -> NDArray[np.uint8]:
        """Return the bits, uint8 (n,), that coded bits are masked by."""
        count = self.shape.coded_bits
        stream = keystream(self._expanded("mask", _nonce_bytes(first, second), 32), -(-count // 8))
        return np.unpackbits(np.frombuffer(stream, np.uint8))[:count]

    def order(self, first: int, second: int) -> NDArray[np.int64]:
        """Return at which place of the album each coded bit is, int64 (n,)."""
        words = _words(self._expanded("order", _nonce_bytes(first, second), 32), self.shape.coded_bits)
        return np.argsort(words, kind="stable")

    def associated(self, kind: int) -> list[bytes]:
        """Return what the seal holds fast beside the message."""
        return [self._about, bytes([kind])]

    def _expanded(self, label: str, nonce: bytes, size: int) -> bytes:
        return expand(self._root, b"ssgan/3/" + label.encode() + self._about + nonce, size)


def signs(
    message: bytes | str, key: Key, shape: AlbumShape, *, compress: bool = False, nonce: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Return the signs of an album's latents, uint8 (M, L), 1 for a negative one, that say a message, text as UTF-8.

    `nonce` is for vectors: two numbers below 2^22 and 2^15, none twice with one key. Raises DoesNotFit for a message that is
    longer than the code can hold; whether a channel leaves it whole is a matter of `album_files.promise_bytes`.
    """
    body, kind = container.body_of(as_message(message), compress)
    rung = rung_of(len(body), shape)
    plaintext, is_padded = container.padded(body, RUNGS[rung])
    kind |= is_padded
    first, low = nonce or (secrets.randbelow(FIRST_NUMBERS), secrets.randbelow(1 << _RUNG_SHIFT))
    second, keys = rung << _RUNG_SHIFT | low, AlbumKeys(key, shape)
    sealed = keys.seal(first, second).encrypt(plaintext, keys.associated(kind))
    coded = polar.encode(np.unpackbits(np.frombuffer(sealed, np.uint8)), shape.coded_bits)
    placed = np.empty_like(coded)
    placed[keys.order(first, second)] = coded
    parts = [
        pilots.word(keys.first_book, first, shape.size, shape.pilot_bytes[0]),
        pilots.word(keys.second_book(first), second, shape.size, shape.pilot_bytes[1]),
        (placed ^ keys.mask(first, second)).reshape(shape.size, -1),
    ]
    found = np.empty((shape.size, shape.latents), np.uint8)
    np.put_along_axis(found, keys.places, np.concatenate(parts, axis=1), axis=1)
    return found


def opened(ratios: NDArray[np.float64], key: Key, shape: AlbumShape) -> bytes:
    """Return the message of an album, from the ratios of its pictures, float64 (P, L), log P(positive) / P(negative).

    P is at most the album's size; the order does not matter. Raises NothingFound.
    """
    if ratios.shape[1] != shape.latents or not 1 <= len(ratios) <= shape.size:
        raise nothing_found()
    keys = AlbumKeys(key, shape)
    first_count, second_count = (8 * size for size in shape.pilot_bytes)
    placed = ratios[:, keys.places]  # (P, M, L): as if picture p were at place i
    ends = placed[:, :, :first_count], placed[:, :, first_count : first_count + second_count]
    nothing_known = np.zeros(placed.shape[:2])
    first = pilots.likeliest(keys.first_book, FIRST_NUMBERS, ends[0], nothing_known)
    fit = pilots.fits(pilots.word(keys.first_book, first, shape.size, shape.pilot_bytes[0]), ends[0])
    book = keys.second_book(first)
    second = pilots.likeliest(book, SECOND_NUMBERS, ends[1], fit)
    fit = fit + pilots.fits(pilots.word(book, second, shape.size, shape.pilot_bytes[1]), ends[1])
    coded = placed[:, :, first_count + second_count :]
    found: bytes | None = None
    for order in pilots.orders(fit):
        whole = np.zeros((shape.size, coded.shape[2]))
        whole[order] = coded[np.arange(len(order)), order]
        found = _opened_in_order(whole.reshape(-1), keys, first, second)
        if found is not None:
            return found
    raise nothing_found()


def rung_of(body_bytes: int, shape: AlbumShape) -> int:
    """Return the number of the least rung that takes a body. Raises DoesNotFit."""
    for number, rung in enumerate(RUNGS):
        if body_bytes <= rung <= shape.largest_rung:
            return number
    raise does_not_fit(body_bytes, shape.largest_rung, f"an album of {shape.size} pictures")


def does_not_fit(body_bytes: int, reachable: int, what: str) -> DoesNotFit:
    """Return the error for a body that is too long."""
    return DoesNotFit(
        f"{body_bytes} bytes do not fit: {what} takes {reachable}",
        reachable=reachable,
        unit="bytes",
        hint="send less, take a larger album, or name a milder --channel",
    )


def decodes(
    agreeing: Sequence[NDArray[np.float64]] | NDArray[np.float64], rung_bytes: int, seed_bits: NDArray[np.uint8]
) -> bool:
    """Return whether coded bits come through: `agreeing` float64 (n,) are ratios times the true signs, of a body of random
    bits.

    `seed_bits` uint8 (8 (rung_bytes + 16),) are those bits. The code is linear and masked, so this is the whole way but for
    pilots and seal; promises are measured by it.
    """
    true = np.asarray(agreeing, np.float64)
    coded = polar.encode(seed_bits, len(true))
    found = polar.decode(np.where(coded, -true, true), 8 * (rung_bytes + TAG_BYTES))
    return bool((found == seed_bits).all(axis=1).any())


def _opened_in_order(whole: NDArray[np.float64], keys: AlbumKeys, first: int, second: int) -> bytes | None:
    """Return the message of the masked ratios (n,) of all places, or None."""
    rung = RUNGS[second >> _RUNG_SHIFT]
    if rung > keys.shape.largest_rung:
        return None
    unmasked = np.where(keys.mask(first, second), -whole, whole)[keys.order(first, second)]
    seal = keys.seal(first, second)
    for bits in polar.decode(unmasked, 8 * (rung + TAG_BYTES)):
        sealed = np.packbits(bits).tobytes()
        for kind in _KINDS:
            try:
                plaintext = seal.decrypt(sealed, keys.associated(kind))
            except InvalidTag:
                continue
            found = container.parse_plaintext(plaintext, kind)
            if found is not None and not isinstance(found, MessagePart):
                return found
    return None


def _words(key: bytes, count: int) -> NDArray[np.uint32]:
    """Return little-endian words of 32 bits of a keystream."""
    return np.frombuffer(keystream(key, 4 * count), "<u4").astype(np.uint32)


def _nonce_bytes(first: int, second: int) -> bytes:
    return first.to_bytes(4, "little") + second.to_bytes(4, "little")
