"""A message spread over several images, so that any few of them give it back (docs/format.md, 9).

Reed-Solomon parity across the parts: each part travels in a container of its own, and says nothing without its fellows being
enough.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

import numpy as np
from reedsolo import RSCodec

from ssgan.errors import Incomplete, InvalidSetting, NothingFound
from ssgan.messages.container import deflate, inflate
from ssgan.messages.parts import HEAD_BYTES, Part

LARGEST_COUNT = 255


def split(message: bytes, *, count: int, needed: int, compress: bool = False) -> list[Part]:
    """`count` parts of which any `needed` give the message back."""
    if not 2 <= count <= LARGEST_COUNT or not 1 <= needed <= count:
        raise InvalidSetting(
            f"{needed} of {count} parts cannot be",
            hint=f"2 to {LARGEST_COUNT} parts, of which at least one and at most all are needed",
        )
    packed = deflate(message) if compress else message
    deflated = len(packed) < len(message)
    body = packed if deflated else message
    size = share_bytes(len(body), needed)
    shares = np.frombuffer(body.ljust(size * needed, b"\0"), dtype=np.uint8).reshape(needed, size)
    coded = shares
    if count > needed:
        code = _code(count, needed)
        words = [np.frombuffer(bytes(code.encode(shares[:, j].tobytes())), dtype=np.uint8) for j in range(size)]
        coded = np.stack(words, axis=1) if words else np.empty((count, 0), dtype=np.uint8)
    identity = secrets.token_bytes(8)
    return [Part(identity, i, needed, count, len(body), coded[i].tobytes(), deflated) for i in range(count)]


def gather(parts: Iterable[Part]) -> bytes:
    """The message that these parts are of.

    Raises Incomplete where they are too few, InvalidSetting where they do not belong together, NothingFound where what they
    give is not what its kind says.
    """
    known = {part.index: part for part in parts}
    if not known:
        raise NothingFound("no part of a message is here", hint="give the images that the message was spread over")
    one = next(iter(known.values()))
    if any(_family(part) != _family(one) for part in known.values()):
        raise InvalidSetting("these parts are of different messages", hint="give the images of one message at a time")
    if len(known) < one.needed:
        raise Incomplete(
            f"{len(known)} of the {one.needed} parts needed are here (of {one.count})",
            part=one,
            hint="add more images of this message",
        )
    body = _shares(known, one).tobytes()[: one.length]
    message = inflate(body) if one.deflated else body
    if message is None:
        raise NothingFound(
            "the parts give no message", hint="give all the images that the message was spread over, as they were written"
        )
    return message


def capacity(capacities: Sequence[int], *, needed: int) -> int:
    """The most bytes that covers of these capacities take together, when any `needed` of them must do."""
    return max(0, min(capacities, default=0) - HEAD_BYTES) * needed


def share_bytes(length: int, needed: int) -> int:
    """The size of one share."""
    return -(-length // needed)


def _shares(known: dict[int, Part], one: Part) -> np.ndarray:
    """uint8 (needed, size): the first shares, those that are missing made from the others."""
    if all(i in known for i in range(one.needed)):
        return np.stack([np.frombuffer(known[i].share, dtype=np.uint8) for i in range(one.needed)])
    size = len(one.share)
    code, word = _code(one.count, one.needed), np.zeros((one.count, size), dtype=np.uint8)
    # As many as are needed, and no more: so few always are of some message, even where parts were never one.
    taken = sorted(known)[: one.needed]
    for i in taken:
        word[i] = np.frombuffer(known[i].share, dtype=np.uint8)
    missing = [i for i in range(one.count) if i not in taken]
    columns = [bytes(code.decode(word[:, j].tobytes(), erase_pos=missing, only_erasures=True)[0]) for j in range(size)]
    return np.frombuffer(b"".join(columns), dtype=np.uint8).reshape(size, one.needed).T


def _code(count: int, needed: int) -> RSCodec:
    return RSCodec(count - needed, nsize=count, fcr=0, prim=0x11D, generator=2)


def _family(part: Part) -> tuple[object, ...]:
    return part.id, part.needed, part.count, part.length, part.deflated, len(part.share)
