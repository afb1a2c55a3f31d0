"""Spread a message over several images, so that any few of them give it back (docs/format.md, 9).

Reed-Solomon parity across the parts: each part is in a container of its own, and reveals nothing until there are enough.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from ssgan.errors import Incomplete, InvalidSetting, NothingFound
from ssgan.messages.container import deflate, inflate
from ssgan.messages.erasures import combine, parity_matrix, repair_matrix
from ssgan.messages.parts import HEAD_BYTES, MessagePart

LARGEST_COUNT = 255


def split(message: bytes, *, count: int, needed: int, compress: bool = False) -> list[MessagePart]:
    """Return `count` parts of which any `needed` give the message back."""
    if not 2 <= count <= LARGEST_COUNT or not 1 <= needed <= count:
        raise InvalidSetting(
            f"{needed} of {count} parts cannot be needed",
            hint=f"ask for 2 to {LARGEST_COUNT} parts, of which at least one and at most all are needed",
        )
    packed = deflate(message) if compress else message
    deflated = len(packed) < len(message)
    body = packed if deflated else message
    size = share_bytes(len(body), needed)
    padded = body.ljust(size * needed, b"\0")
    shares = [padded[i * size : (i + 1) * size] for i in range(needed)]
    shares += combine(parity_matrix(needed, count), shares)
    identity = secrets.token_bytes(8)
    return [MessagePart(identity, i, needed, count, len(body), share, deflated) for i, share in enumerate(shares)]


def gather(parts: Iterable[MessagePart]) -> bytes:
    """Return the message that these parts are of.

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
    body = b"".join(_shares(known, one))[: one.length]
    message = inflate(body) if one.deflated else body
    if message is None:
        raise NothingFound(
            "the parts give no message", hint="give all the images that the message was spread over, as they were written"
        )
    return message


def capacity_bytes(capacities: Sequence[int], *, needed: int) -> int:
    """Return the largest message in bytes that covers of these capacities take together, any `needed` of them being enough."""
    return max(0, min(capacities, default=0) - HEAD_BYTES) * needed


def share_bytes(length: int, needed: int) -> int:
    """Return the size of one share."""
    return -(-length // needed)


def _shares(known: dict[int, MessagePart], one: MessagePart) -> list[bytes]:
    """Return the first `needed` shares; those that are missing are computed from the others."""
    # Exactly as many as needed: so few decode to some message even where the parts never belonged together.
    taken = sorted(known)[: one.needed]
    missing = [i for i in range(one.needed) if i not in known]
    shares = {i: known[i].share for i in taken}
    if missing:
        made = combine(repair_matrix(one.needed, one.count, taken, missing), [shares[i] for i in taken])
        shares |= dict(zip(missing, made, strict=True))
    return [shares[i] for i in range(one.needed)]


def _family(part: MessagePart) -> tuple[object, ...]:
    return part.id, part.needed, part.count, part.length, part.deflated, len(part.share)
