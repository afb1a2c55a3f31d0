"""Encode and parse one part of a message that is spread over several images (docs/format.md, 9)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = "<8sBBBI"
HEAD_BYTES = struct.calcsize(_HEAD)


@dataclass(frozen=True)
class MessagePart:
    """Share `index` (from 0) of `count`, any `needed` of which give the message of `length` bytes; `id` is one for all."""

    id: bytes
    index: int
    needed: int
    count: int
    length: int
    share: bytes
    deflated: bool = False

    def body(self) -> bytes:
        """Return the part as bytes."""
        return struct.pack(_HEAD, self.id, self.index, self.needed, self.count, self.length) + self.share


def parse_part(body: bytes, *, deflated: bool) -> MessagePart | None:
    """Return the part in these bytes; None where they are malformed."""
    if len(body) < HEAD_BYTES:
        return None
    identity, index, needed, count, length = struct.unpack_from(_HEAD, body)
    share = body[HEAD_BYTES:]
    formed = 1 <= needed <= count and count >= 2 and index < count and len(share) == -(-length // max(needed, 1))
    return MessagePart(identity, index, needed, count, length, share, deflated) if formed else None
