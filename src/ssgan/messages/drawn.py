"""Hide messages in drawn covers: the ciphertext picks the samples of a generator (docs/format.md, version 2; docs/drawn.md).

    key, nonce > root > latent: which picture; seal, mask, fill: the stream that draws its samples
    picture > nonce > root > latent > the streams that draw this very picture > the message

Nothing is changed, and nothing is chosen: a message is drawn once. The only draws that are begun again are those that honest
covers give up as well. A reader knows the whole stream with the key, so one changed sample anywhere is noticed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from numpy.typing import NDArray

from ssgan.compute.keystream import keystream
from ssgan.drawn.coder import Interval, most_words
from ssgan.drawn.header import NONCE_BYTES, GivenUp
from ssgan.drawn.model import OVERHEAD as OVERHEAD
from ssgan.errors import DoesNotFit, RefusedModel, not_read_back
from ssgan.messages import container
from ssgan.messages.container import DEFLATED, PART
from ssgan.messages.keys import Key, as_message, check_key, expand
from ssgan.messages.parts import MessagePart

HEAD = struct.Struct("<Q")  # the plaintext's length, and in the highest byte its kind
TAG_BYTES = 16
assert HEAD.size + TAG_BYTES == OVERHEAD
KINDS = (0, DEFLATED, PART, DEFLATED | PART)
MOST_TRIES = 64  # draws given up in a row; an exported model gives up none in 2,000
_KIND_SHIFT = 56


class CoverModel(Protocol):
    """The part of a model that a message needs to draw its cover."""

    @property
    def name(self) -> str:
        """The name in the list of generators."""

    @property
    def identity(self) -> bytes:
        """32 bytes: the hash of all its integers."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""

    @property
    def promise_bytes(self) -> int:
        """The longest body that fits in every picture."""


class DrawnPicture(Protocol):
    """A picture, and the number of words of its stream that a reader gets for sure."""

    @property
    def picture(self) -> NDArray[np.uint8]:
        """uint8 (H, W, C)."""

    @property
    def words_used(self) -> int:
        """Words of 32 bits, from the stream's beginning."""


M = TypeVar("M", bound=CoverModel)
M_in = TypeVar("M_in", bound=CoverModel, contravariant=True)


class DrawnReader(Protocol[M_in]):
    """The reader of pictures drawn from one kind of model."""

    def read_nonce(self, picture: NDArray[np.uint8]) -> bytes:
        """Return the 16 bytes in the header."""

    def read(self, model: M_in, picture: NDArray[np.uint8], latent: bytes) -> Interval:
        """Return the streams that draw the picture."""


class Drawing(DrawnReader[M_in], Protocol[M_in]):
    """A reader that also draws; the module `ssgan.drawn.drawing` is one."""

    def draw(self, model: M_in, latent: bytes, nonce: bytes, bits: NDArray[np.uint32]) -> DrawnPicture:
        """Draw the picture of `latent` (32 bytes) whose header spells `nonce` (16 bytes) by the stream. Raises GivenUp."""


@dataclass(frozen=True, repr=False)
class DrawnKeys:
    """The keys derived from the root of one picture, for one model."""

    latent: bytes
    seal: bytes
    fill: bytes
    mask: bytes

    @classmethod
    def of(cls, root: bytes, identity: bytes) -> DrawnKeys:
        """Derive them by HKDF-Expand, with a label and the model's identity each."""
        sizes = {"latent": 32, "seal": 64, "fill": 32, "mask": HEAD.size}
        return cls(**{name: expand(root, b"ssgan/2/" + name.encode() + identity, size) for name, size in sizes.items()})


@dataclass(frozen=True)
class DrawnMessage:
    """A drawn cover that carries a message: picture uint8 (H, W, C)."""

    picture: NDArray[np.uint8]
    message_bytes: int  # of the body: deflated, or one part of a spread message
    capacity_bytes: int  # what this picture would have taken; it cannot be seen without the key
    model: str


@dataclass(frozen=True, repr=False)
class FoundMessage(Generic[M]):
    """The message in a drawn cover, or the part of one, the model that drew it, and its latent (32 bytes)."""

    body: bytes | MessagePart
    model: M
    latent: bytes


def fresh_nonce() -> bytes:
    """Return 16 bytes for one picture: random, and of clock and process besides, so that a cloned machine repeats none."""
    hedge = struct.pack("<QI", time.time_ns(), os.getpid())
    return hashlib.sha256(b"ssgan/2/nonce" + secrets.token_bytes(32) + hedge).digest()[:NONCE_BYTES]


def picture_root(shape: tuple[int, int, int], nonce: bytes, key: Key) -> bytes:
    """Return the 64 bytes from which the keys of one picture follow, with any model. It is slow for a passphrase."""
    return key.first_root(hashlib.sha256(b"ssgan/2/salt" + _shape_bytes(shape) + key.mode + nonce).digest())


def capacity_bytes(model: CoverModel) -> int:
    """Return how many bytes `hide` takes for one picture."""
    return model.promise_bytes


def hide(
    message: bytes | str | MessagePart, key: Key, model: M, drawing: Drawing[M], *, compress: bool = False
) -> DrawnMessage:
    """Draw a cover by `message`, text as UTF-8, and read it back.

    It is drawn once, and never for its looks. `compress` packs the message first where that is shorter. Raises DoesNotFit with
    the bytes that fit, InvalidSetting for what is no message or key, RefusedModel where the model can draw nothing.
    """
    check_key(key)
    message = message if isinstance(message, MessagePart) else as_message(message)
    body, kind = container.body_of(message, compress)
    _check_fits(len(body), capacity_bytes(model), model)
    for _ in range(MOST_TRIES):
        nonce = fresh_nonce()
        keys = DrawnKeys.of(picture_root(model.shape, nonce, key), model.identity)
        try:
            made = draw_body(body, kind, nonce, keys, model, drawing)
        except GivenUp:  # the one rule of selection; honest covers obey it as well
            continue
        found = _open(drawing.read(model, made.picture, keys.latent), keys, model.shape)
        if drawing.read_nonce(made.picture) != nonce or found != message:
            raise not_read_back()
        return made
    raise RefusedModel(
        f"{model.name} gave up {MOST_TRIES} draws in a row: its pictures have too few samples that can carry the header",
        hint="export the generator again, or take another",
    )


def reveal_drawn(
    picture: NDArray[np.uint8], key: Key, models: Iterable[M], reader: DrawnReader[M]
) -> bytes | MessagePart | None:
    """Return the message, or the part of one, in `picture` uint8 (H, W, C) drawn from one of `models`; None where none is."""
    found = find_message(picture, key, models, reader)
    return None if found is None else found.body


def find_message(picture: NDArray[np.uint8], key: Key, models: Iterable[M], reader: DrawnReader[M]) -> FoundMessage[M] | None:
    """Return the message in `picture` uint8 (H, W, C) with the model that drew it; None where none is.

    All models are tried in any case, so that a failure takes as long as a success. Those of another shape draw no such
    picture and are passed over.
    """
    shape = picture.shape
    models = [model for model in models if tuple(model.shape) == shape]
    if not models:
        return None
    found: FoundMessage[M] | None = None
    root = picture_root(models[0].shape, reader.read_nonce(picture), key)
    for model in models:
        keys = DrawnKeys.of(root, model.identity)
        said = _open(reader.read(model, picture, keys.latent), keys, model.shape)
        if said is not None and found is None:
            found = FoundMessage(said, model, keys.latent)
    return found


def draw_body(body: bytes, kind: int, nonce: bytes, keys: DrawnKeys, model: M, drawing: Drawing[M]) -> DrawnMessage:
    """Draw one cover by a body, with a nonce that no other picture of this key has. Raises GivenUp and DoesNotFit."""
    drawn = drawing.draw(model, keys.latent, nonce, stream_words(body, kind, keys, model.shape))
    capacity = 4 * drawn.words_used - OVERHEAD
    _check_fits(len(body), capacity, model)
    return DrawnMessage(drawn.picture, len(body), capacity, model.name)


def stream_words(body: bytes, kind: int, keys: DrawnKeys, shape: tuple[int, int, int]) -> NDArray[np.uint32]:
    """Return the whole stream that draws a picture of this shape: uint32 (most_words(H W C),), big-endian words of bytes."""
    head = HEAD.pack(kind << _KIND_SHIFT | len(body))
    sealed = AESSIV(keys.seal).encrypt(body, [_shape_bytes(shape), head])
    return _filled(_masked(head, keys) + sealed, keys, shape)


def _open(interval: Interval, keys: DrawnKeys, shape: tuple[int, int, int]) -> bytes | MessagePart | None:
    """Return the message in a picture that these streams draw, or None: the same work for every failure."""
    content = interval.words.astype(">u4").tobytes().ljust(OVERHEAD, b"\0")
    head = _masked(content[: HEAD.size], keys)
    number = HEAD.unpack(head)[0]
    kind, length = number >> _KIND_SHIFT, number & ((1 << _KIND_SHIFT) - 1)
    is_formed = kind in KINDS and OVERHEAD + length <= 4 * interval.determined
    end = OVERHEAD + (length if is_formed else (len(content) - OVERHEAD) // 2)
    try:
        plaintext = AESSIV(keys.seal).decrypt(content[HEAD.size : end], [_shape_bytes(shape), head])
    except InvalidTag:
        plaintext, is_formed = b"", False
    is_whole = interval.holds(_filled(content[:end], keys, shape))
    return container.parse_plaintext(plaintext, kind) if is_formed and is_whole else None


def _filled(beginning: bytes, keys: DrawnKeys, shape: tuple[int, int, int]) -> NDArray[np.uint32]:
    size = 4 * most_words(shape[0] * shape[1] * shape[2])
    stream = beginning + keystream(keys.fill, max(0, size - len(beginning)))
    return np.frombuffer(stream[:size], dtype=">u4").astype(np.uint32)


def _masked(head: bytes, keys: DrawnKeys) -> bytes:
    return bytes(a ^ b for a, b in zip(head, keys.mask, strict=True))


def _shape_bytes(shape: tuple[int, int, int]) -> bytes:
    height, width, channels = shape
    return container.shape_bytes(height, width, channels, height * width * channels)


def _check_fits(size_bytes: int, capacity: int, model: CoverModel) -> None:
    if size_bytes > capacity:
        capacity = max(0, capacity)
        raise DoesNotFit(
            f"{size_bytes} bytes do not fit: this cover by {model.name} takes at most {capacity}",
            reachable=capacity,
            unit="bytes",
            hint="send less, or spread the message over several covers",
        )
