"""Define the container: samples or pixels, keys, lengths and stream of one image, for writer and reader (docs/format.md, 1 and
6 to 8).
"""

from __future__ import annotations

import functools
import hashlib
import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream
from ssgan.embedding.stc.trellis import Code
from ssgan.images import AnyImage, ImageLike, Layout, accept
from ssgan.images.coefficients import COEFFICIENT_UNIT, LEAST, MOST, Coefficients, carrier_values
from ssgan.images.samples import OPAQUE, Samples, Whole, pixels
from ssgan.messages.keys import Key, Subkeys, final_root, frozen_key
from ssgan.messages.order import (
    COEFFICIENT_RULE,
    PIXEL_RULE,
    FrozenDraw,
    FrozenRule,
    carrying_places,
    frozen_count,
    shuffled,
    without,
)
from ssgan.messages.parts import MessagePart, parse_part

T = TypeVar("T", bound=np.generic)

OVERHEAD = 18  # bytes of a stream beside its plaintext: the probe and AES-SIV's tag
PROBE_BITS = 16  # of the beginning of a stream, by which a reader finds it
SPLITS = range(17)  # of 32: the second layer's share of the bits
PADDED, DEFLATED, PART = 1, 2, 4  # kinds, to be added up
KINDS = (0, 1, 4, 5, 2, 3, 6, 7)  # in the order in which a reader tries them
LARGEST_INFLATED = 64 << 20  # bytes
FIRST_RUNG = 20
COLORS, GREEN = 3, 1  # channels of a color pixel, and the one whose bits are read
PIXEL_LABEL = b"ssgan/1/luma/"  # of the keys by which pixels carry a message


@dataclass(frozen=True, repr=False)
class KeyedLayout:
    """What one key makes of one image's samples: the frozen and the carrying positions, and the subkeys."""

    shape: bytes
    carrying: int  # how many samples carry the message
    frozen: NDArray[np.int64]  # int64 (k,)
    keys: Subkeys
    most_bytes: int  # of a plaintext; negative where nothing fits

    @property
    def order(self) -> NDArray[np.signedinteger[Any]]:
        """int32 (n,): positions of the carrying samples among all, in the message's order; computed at each access."""
        return carrying_places(self.keys.order, self.carrying + len(self.frozen), self.frozen)

    def laid_out(self, samples: NDArray[T]) -> NDArray[T]:
        """Return the carrying ones of `samples` (N,) in the message's order, without a table of positions."""
        return shuffled(self.keys.order, without(samples, self.frozen))

    @property
    def rungs(self) -> list[int]:
        """The plaintext lengths that this image may hold."""
        return list(_ladder(self.most_bytes))

    def code(self) -> Code:
        """Return the syndrome-trellis code of both layers."""
        return Code(12 if self.carrying <= 1 << 20 else 10, self.keys.code)


@dataclass(frozen=True, repr=False)
class Carrier:
    """Flat samples (N,) in the order in which sender and receiver count them, and the shape D that all keys are bound to.

    `rule` says which of them are frozen.
    """

    samples: Samples[NDArray[Any]]
    shape: bytes
    rule: FrozenRule = PIXEL_RULE

    @property
    def values(self) -> Whole:
        """(N,), of an integer type."""
        return self.samples.values

    @property
    def capacity_bytes(self) -> int:
        """The most bytes that these samples take; 0 also where not even an empty message fits."""
        return capacity_bytes(len(self.values), self.rule)

    @property
    def public(self) -> Whole:
        """(p,): the values that no message changes, whatever its key."""
        return public_samples(self.shape, self.values, self.rule)

    def layout(self, key: Key) -> KeyedLayout:
        """Return what the key makes of these samples. It is slow for a passphrase."""
        return keyed_layout(self.shape, self.values, key, self.rule)

    def fingerprint(self) -> bytes:
        """Return bytes that identify the cover: its shape, and the samples that no message changes."""
        return self.shape + value_bytes(self.public)


@dataclass(frozen=True, repr=False)
class PixelCarrier(Carrier):
    """The pixels of a color image, whose channels change together: `samples` are their greens, (N / 3,).

    Frozen samples, salts and keys are those of `whole`, the same image's samples, so that a reader who tries both derives a
    key once.
    """

    whole: Carrier = field(kw_only=True)

    @property
    def capacity_bytes(self) -> int:
        """The most bytes that these pixels take; 0 also where not even an empty message fits."""
        return pixel_capacity_bytes(len(self.whole.values))

    @property
    def public(self) -> Whole:
        """(p,): the samples that no message changes, whatever its key."""
        return self.whole.public

    def layout(self, key: Key) -> KeyedLayout:
        """Return what the key makes of these pixels. It is slow for a passphrase."""
        frozen, root = _frozen_and_root(self.whole.shape, self.whole.values, key, self.rule)
        return pixel_layout(self.whole.shape, len(self.whole.values), frozen, root)

    def layouts(self, key: Key) -> tuple[KeyedLayout, KeyedLayout]:
        """Return what the key makes of all samples, and of the pixels."""
        frozen, root = _frozen_and_root(self.whole.shape, self.whole.values, key, self.rule)
        count = len(self.whole.values)
        return sample_layout(self.whole.shape, count, frozen, root), pixel_layout(self.whole.shape, count, frozen, root)


def image_carrier(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> Carrier:
    """Return the samples of an image uint8 (C, H, W) with alpha uint8 (H, W): pixels are one maker of carriers."""
    values = samples_of(image, alpha)
    return Carrier(pixels(values), shape_of(image, values))


def pixel_carrier(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> PixelCarrier:
    """Return the pixels of a color image uint8 (3, H, W) with alpha uint8 (H, W), for a reader."""
    whole = image_carrier(image, alpha)
    greens = np.ascontiguousarray(whole.values.reshape(-1, COLORS)[:, GREEN])
    return PixelCarrier(pixels(greens), whole.shape, whole=whole)


def movable_pixels(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> PixelCarrier:
    """Return the same for a writer: a pixel with a channel at an end of the range may not change."""
    carrier = pixel_carrier(image, alpha)
    usable = may_move(image)
    usable = usable.reshape(-1) if alpha is None else usable[alpha == OPAQUE]
    return replace(carrier, samples=replace(carrier.samples, usable=None if usable.all() else usable))


def may_move(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return bool (H, W): the pixels of an image uint8 (C, H, W) whose channels may all rise and fall."""
    return np.asarray((image.min(axis=0) > 0) & (image.max(axis=0) < np.iinfo(np.uint8).max))


def with_greens(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, greens: Whole) -> NDArray[np.uint8]:
    """Return a color image, all channels of its counting pixels moved as green was, from its new values (N / 3,)."""
    channels = samples_of(image, alpha).reshape(-1, COLORS)
    moved = channels + (greens - channels[:, GREEN])[:, None]  # a type without sign wraps, and wraps back
    return with_samples(image, alpha, moved.reshape(-1))


def coefficient_carrier(coefficients: Coefficients) -> Carrier:
    """Return the samples of a JPEG: all coefficients of the blocks that lie wholly within the picture."""
    values = carrier_values(coefficients)
    usable = (values >= LEAST) & (values <= MOST)
    samples = Samples(values, LEAST, MOST, None if usable.all() else usable, COEFFICIENT_UNIT)
    return Carrier(samples, coefficient_shape(coefficients, len(values)), COEFFICIENT_RULE)


def coefficient_shape(coefficients: Coefficients, samples: int) -> bytes:
    """Return what is bound into all keys of a JPEG: size, components with sampling and table, and how many samples count."""
    parts = [b"ssgan/1/jpeg", struct.pack("<IIB", coefficients.height, coefficients.width, len(coefficients.components))]
    for component in coefficients.components:
        parts += [bytes(component.sampling), component.table.astype("<u2").tobytes()]
    return b"".join([*parts, struct.pack("<I", samples)])


def samples_of(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return uint8 (N,): the channel values of the pixels that count, of an image uint8 (C, H, W) with alpha uint8 (H, W)."""
    rows = image.transpose(1, 2, 0)
    return np.ascontiguousarray(rows if alpha is None else rows[alpha == OPAQUE]).reshape(-1)


def with_samples(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, samples: Whole) -> NDArray[np.uint8]:
    """Return `image` with the values of the counting pixels replaced by `samples`."""
    rows = image.transpose(1, 2, 0).copy()
    if alpha is None:
        rows[:] = samples.reshape(rows.shape)
    else:
        rows[alpha == OPAQUE] = samples.reshape(-1, rows.shape[2])
    return np.ascontiguousarray(rows.transpose(2, 0, 1))


def shape_of(image: NDArray[np.uint8], samples: Whole) -> bytes:
    """Return what is bound into all keys: height, width, channels, and how many samples count."""
    channels, height, width = image.shape
    return shape_bytes(height, width, channels, len(samples))


def shape_bytes(height: int, width: int, channels: int, samples: int) -> bytes:
    """Return the bytes of these numbers that are bound into all keys: D in docs/format.md."""
    return b"ssgan/1" + struct.pack("<IIBI", height, width, channels, samples)


def keyed_layout(shape: bytes, samples: Whole, key: Key, rule: FrozenRule = PIXEL_RULE) -> KeyedLayout:
    """Return the frozen samples, the salts read off them, the keys, and the order. It is slow for a passphrase."""
    frozen, root = _frozen_and_root(shape, samples, key, rule)
    return sample_layout(shape, len(samples), frozen, root)


def sample_layout(shape: bytes, count: int, frozen: NDArray[np.int64], root: bytes) -> KeyedLayout:
    """Return the layout of `count` samples, of which `frozen` are."""
    carrying = count - len(frozen)
    return KeyedLayout(shape, carrying, frozen, Subkeys.of(root), max_plaintext_bytes(carrying))


def pixel_layout(shape: bytes, count: int, frozen: NDArray[np.int64], root: bytes) -> KeyedLayout:
    """Return the layout of the pixels of `count` samples: those with a frozen sample are frozen.

    These may be fewer than the samples; what fits does not depend on that, so that it is the same for every key.
    """
    held = np.unique(frozen // COLORS)
    return KeyedLayout(shape, count // COLORS - len(held), held, Subkeys.of(root, PIXEL_LABEL), pixel_plaintext_bytes(count))


def _frozen_and_root(shape: bytes, samples: Whole, key: Key, rule: FrozenRule) -> tuple[NDArray[np.int64], bytes]:
    """Return int64 (k,), the frozen samples, the public ones first, and the root of all keys."""
    count = len(samples)
    draw = FrozenDraw(count, rule)
    public = draw.take_public(shape)
    first = key.first_root(_salt(b"ssgan/1/salt/1", shape + key.mode, samples[public]))
    secret = draw.take(frozen_key(first), rule.count(count) - len(public))
    root = final_root(first, _salt(b"ssgan/1/salt/2", shape, samples[secret]))
    return np.concatenate([public, secret]), root


def public_samples(shape: bytes, samples: Whole, rule: FrozenRule = PIXEL_RULE) -> Whole:
    """Return (p,): the values that no message changes, whatever its key."""
    return samples[public_places(shape, len(samples), rule)]


def public_places(shape: bytes, count: int, rule: FrozenRule = PIXEL_RULE) -> NDArray[np.int64]:
    """Return int64 (p,): those of `count` samples that are frozen for every key."""
    return FrozenDraw(count, rule).take_public(shape)


def _salt(label: bytes, bound: bytes, frozen: Whole) -> bytes:
    return hashlib.sha256(label + bound + value_bytes(frozen)).digest()


def value_bytes(values: Whole) -> bytes:
    """Return the values of samples, little-endian where they take more than a byte."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def max_plaintext_bytes(carrying: int) -> int:
    """Return the largest plaintext in bytes: half a bit a sample, less headers and tags; negative where nothing fits."""
    return carrying // 16 - OVERHEAD


def capacity(image: AnyImage, *, alpha: ImageLike | None = None, layout: Layout | None = None) -> int:
    """Return the most bytes that `hide` takes for an image, whatever the message, key and scheme.

    image   one image, as `ssgan.as_image` takes it
    alpha   uint8 (H, W): only pixels with 255 count; a file brings its own
    layout  "chw" or "hwc", where the shape of a NumPy array leaves it open

    A detector finds a full image far more easily than one that says little. Raises InvalidSetting for what is no image.

    >>> import numpy, ssgan
    >>> ssgan.capacity(numpy.zeros((256, 256, 3), int))
    12254
    """
    taken = accept(image, alpha=alpha, layout=layout)
    return capacity_bytes(usable_samples(taken.samples, taken.alpha))


def capacity_bytes(samples: int, rule: FrozenRule = PIXEL_RULE) -> int:
    """Return the most bytes that `samples` samples take; 0 also where not even an empty message fits."""
    return max(0, max_plaintext_bytes(samples - frozen_count(samples, rule)))


def pixel_capacity_bytes(samples: int) -> int:
    """Return the most bytes that the pixels of `samples` samples take where their channels change together."""
    return max(0, pixel_plaintext_bytes(samples))


def pixel_plaintext_bytes(samples: int) -> int:
    """Return the largest plaintext in bytes of the pixels of `samples` samples; negative where nothing fits."""
    return max_plaintext_bytes(samples // COLORS - frozen_count(samples))


def fits_empty_message(samples: int, rule: FrozenRule = PIXEL_RULE) -> bool:
    """Return whether an empty message fits into `samples` samples."""
    return max_plaintext_bytes(samples - frozen_count(samples, rule)) >= 0


def usable_samples(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> int:
    """Return how many samples count: those of pixels that are opaque."""
    count = image[0].size if alpha is None else int(np.count_nonzero(alpha == OPAQUE))
    return count * len(image)


@functools.lru_cache(maxsize=8)
def _ladder(largest: int) -> tuple[int, ...]:
    steps = []
    rung = FIRST_RUNG
    while rung < largest:
        steps.append(rung)
        rung += 3 * rung // 25
    return (*steps, largest) if largest >= 0 else ()


def rungs(carrying: int) -> list[int]:
    """Return the plaintext lengths that `carrying` samples may hold, ascending."""
    return list(_ladder(max_plaintext_bytes(carrying)))


def bits_in_second(length: int, split: int) -> int:
    """Return how many of a stream's bits the second layer holds, for a plaintext of `length` bytes."""
    return 8 * (length + OVERHEAD) * split // 32


def probes(keys: Subkeys, count: int) -> NDArray[np.int64]:
    """Return int64 (count x splits,): the first 16 bits of a stream, highest first, for each of `count` rungs and each
    split.
    """
    return np.frombuffer(keystream(keys.probe, 2 * count * len(SPLITS)), dtype=">u2").astype(np.int64)


def seal(layout: KeyedLayout, plaintext: bytes, split: int, kind: int) -> bytes:
    """Return the stream: probe, tag and ciphertext. The plaintext's length must be one of the rungs."""
    trial = layout.rungs.index(len(plaintext)) * len(SPLITS) + split
    probe = int(probes(layout.keys, len(layout.rungs))[trial]).to_bytes(2, "big")
    return probe + AESSIV(layout.keys.seal).encrypt(plaintext, _bound(layout, len(plaintext), split, kind))


def unseal(layout: KeyedLayout, stream: bytes, split: int) -> bytes | MessagePart | None:
    """Return the message or part in a stream; None where no kind opens, or its content is malformed."""
    cipher = AESSIV(layout.keys.seal)
    for kind in KINDS:
        try:
            plaintext = cipher.decrypt(stream[2:], _bound(layout, len(stream) - OVERHEAD, split, kind))
        except InvalidTag:
            continue
        found = parse_plaintext(plaintext, kind)
        if found is not None:
            return found
    return None


def parse_plaintext(plaintext: bytes, kind: int) -> bytes | MessagePart | None:
    """Return the message or part that a plaintext of this kind is; None where it is not formed as its kind says."""
    body = _unpadded(plaintext) if kind & PADDED else plaintext
    if body is None:
        return None
    if kind & PART:
        return parse_part(body, deflated=bool(kind & DEFLATED))
    return inflate(body) if kind & DEFLATED else body


def body_of(message: bytes | MessagePart, compress: bool) -> tuple[bytes, int]:
    """Return (body, kind without its padding bit): a message deflated only where that is asked for and shorter."""
    if isinstance(message, MessagePart):
        return message.body(), PART | (DEFLATED if message.deflated else 0)
    packed = deflate(message) if compress else message
    return (packed, DEFLATED) if len(packed) < len(message) else (message, 0)


def padded(body: bytes, length: int) -> tuple[bytes, int]:
    """Return (plaintext of `length` bytes, the kind's padding bit)."""
    if len(body) == length:
        return body, 0
    return body + b"\x80" + bytes(length - len(body) - 1), PADDED


def deflate(message: bytes) -> bytes:
    """Return a raw DEFLATE stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(message) + packer.flush()


def inflate(body: bytes) -> bytes | None:
    """Return the content of a raw DEFLATE stream; None where it is malformed, incomplete, or longer than allowed."""
    unpacker = zlib.decompressobj(-15)
    try:
        message = unpacker.decompress(body, LARGEST_INFLATED + 1)
    except zlib.error:
        return None
    whole = unpacker.eof and not unpacker.unused_data and len(message) <= LARGEST_INFLATED
    return message if whole else None


def _unpadded(plaintext: bytes) -> bytes | None:
    body = plaintext.rstrip(b"\0")
    return body[:-1] if body.endswith(b"\x80") else None


def _bound(layout: KeyedLayout, length: int, split: int, kind: int) -> list[bytes]:
    """Return the associated data of the authenticated encryption."""
    return [layout.shape, struct.pack("<IBB", length, split, kind)]
