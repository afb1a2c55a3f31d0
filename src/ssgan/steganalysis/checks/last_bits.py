"""Read the last bits of samples in a list of usual orders, and say where a text or a known kind of file begins.

An order (`ORDERS`) is which channels, alone or interleaved; which way through the picture: by rows or by columns from the top
left, by rows from the bottom left, or by rows from the bottom right; which bits of a sample, the lowest, one above it, or
several together from the highest of them down; and whether the first bit is the highest or the lowest of a byte. These are the
orders that zsteg (Z. "zed" Z., https://github.com/zed-0xff/zsteg) tries and that scripts in tutorials write. A message that a
passphrase scatters is in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ssgan.steganalysis.checks.facts import Fact, quoted
from ssgan.steganalysis.checks.readable import HEAD, NEEDED, Readable, readable, text_length

LONGEST_TEXT = 2**20  # bytes of a text that are taken out
_CHANNELS = ("RGB", "BGR", "R", "G", "B", "RGBA", "ABGR", "A")
_WAYS = ("rows", "columns", "rows from the bottom", "rows from the end")
LAST_BIT = "last bit"
_NEEDED_ABOVE = 60.0  # bits that are no chance: higher bits of neighbors are alike, and seldom those of chance
# Bits of a sample, in the order that they are read.
_BITS = {
    LAST_BIT: (0,), "second-last bit": (1,), "third-last bit": (2,), "last 2 bits": (1, 0), "last 3 bits": (2, 1, 0),
    "last 4 bits": (3, 2, 1, 0),
}  # fmt: skip


@dataclass(frozen=True)
class BitOrder:
    """One order: channels by their letters, the way through the picture, the bits of a sample, and how they make bytes."""

    channels: str
    way: str
    bits: str
    highest_first: bool

    @property
    def name(self) -> str:
        """The order in words."""
        return f"{self.bits} of {self.channels}, by {self.way}, {'highest' if self.highest_first else 'lowest'} bit first"


ORDERS = {order.name: order for order in (BitOrder(*found) for found in product(_CHANNELS, _WAYS, _BITS, (True, False)))}


def last_bits_facts(samples: NDArray[np.uint8], *, letters: str = "", source: str = "") -> Iterator[Fact]:
    """Yield a fact for each order of ORDERS in which something can be read.

    `samples` are uint8 (C, H, W); `letters` names their channels, by default RGB, RGBA or gray by their number. `source` says
    of what they are where it is not the picture's own samples, such as "palette indices".
    """
    letters = letters or {1: "R", 3: "RGB", 4: "RGBA"}[len(samples)]
    orders = [one for one in ORDERS.values() if set(one.channels) <= set(letters)]
    heads = _heads(samples, letters, orders)
    said: set[bytes] = set()
    for order, head in zip(orders, heads, strict=True):
        available = _available(samples, order)
        found = readable(head[: min(HEAD, available)], available, needed=NEEDED if order.bits == LAST_BIT else _NEEDED_ABOVE)
        if found is None or head[found.start : found.start + 16] in said:
            continue
        said.add(head[found.start : found.start + 16])
        name = order.name if len(samples) > 1 else order.name.replace(" of R,", f" of {source or 'gray'},")
        yield _fact(found, _bytes_in(samples, letters, order), name)


def _fact(found: Readable, content: bytes, where: str) -> Fact:
    """Return the fact on what was found in all the bytes of an order."""
    content = content[found.start :]
    remark = f", {found.remark}" if found.remark else ""
    if not found.is_text:
        return Fact("last bits", f"{found.what[:1].upper()}{found.what[1:]} in last bits ({where}{remark}).", None, content)
    if found.remark == "in UTF-16":
        content = content[:LONGEST_TEXT].replace(b"\x00", b"")
    content = content[: text_length(content[: found.length or LONGEST_TEXT])]
    return Fact(
        "last bits", f"A text of {len(content):,} bytes in last bits ({where}{remark}): {quoted(content)}", None, content
    )


def _seen(samples: NDArray[np.uint8], way: str) -> NDArray[np.uint8]:
    """Return a view of samples (C, H, W) whose rows, one after the other, are the way through the picture."""
    if way == "columns":
        return samples.transpose(0, 2, 1)
    if way == "rows from the bottom":
        return samples[:, ::-1]
    return samples[:, ::-1, ::-1] if way == "rows from the end" else samples


def _available(samples: NDArray[np.uint8], order: BitOrder) -> int:
    """Return how many bytes an order has."""
    return samples[0].size * len(order.channels) * len(_BITS[order.bits]) // 8


def _heads(samples: NDArray[np.uint8], letters: str, orders: list[BitOrder]) -> list[bytes]:
    """Return the first HEAD bytes of each order; fewer where the picture has fewer."""
    beginnings = {}
    for way in _WAYS:
        seen = _seen(samples, way)
        rows = seen[:, : -(-8 * HEAD // seen.shape[2])]
        beginnings[way] = np.ascontiguousarray(rows.reshape(len(samples), -1)[:, : 8 * HEAD].T)  # (pixels, C)
    heads = []
    for order in orders:
        beginning = beginnings[order.way]
        if order.channels != letters:
            beginning = beginning[:, [letters.index(one) for one in order.channels]]
        heads.append(_packed(beginning, order)[:HEAD])
    return heads


def _packed(values: NDArray[np.uint8], order: BitOrder) -> bytes:
    """Return the bytes of an order, from samples in the order that they are read, uint8 (N, channels)."""
    bits = _BITS[order.bits]
    chosen = (values[..., None] >> np.array(bits, np.uint8) if len(bits) > 1 else values >> np.uint8(bits[0])) & np.uint8(1)
    flat = chosen.reshape(-1)
    return np.packbits(flat[: len(flat) // 8 * 8], bitorder="big" if order.highest_first else "little").tobytes()


def _bytes_in(samples: NDArray[np.uint8], letters: str, order: BitOrder) -> bytes:
    """Return all bytes of an order."""
    chosen = _seen(samples, order.way)[[letters.index(one) for one in order.channels]]
    return _packed(chosen.reshape(len(chosen), -1).T, order)
