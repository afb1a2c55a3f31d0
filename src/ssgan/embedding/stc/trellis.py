"""Code bits by syndrome-trellis codes: change the cheapest bits of a cover so that their syndrome is the message.

The parity-check matrix is a small matrix of h rows laid along the diagonal, one row lower for each message bit, so its cosets
are the paths of a trellis with 2^h states, and the Viterbi algorithm finds the cheapest one: exactly, whatever the costs.
The receiver needs the code and the message's length, and multiplies.

T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using syndrome-trellis codes", IEEE TIFS
6(3), 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.large_arrays import large_empty
from ssgan.compute.light_start import loops_pay
from ssgan.embedding.stc import submatrices
from ssgan.errors import DoesNotFit, InvalidSetting, not_read_back

HEIGHTS = range(6, 16)
SHORTEST_KEY = 16  # bytes
STRIP = 1 << 16  # samples of which wide numbers are made at a time
_SURVIVOR_BYTES = 1 << 18  # of one segment: two of them stay in the second-level cache
WIDE = 64  # elements of a block, from which most of them can be passed over
MOST_SURVIVOR_BYTES = 1 << 24  # of wide blocks; beyond that they are forgotten and made a second time: see `checkpoint_loops`
_SEGMENT_HEIGHTS = 16  # blocks of a segment, in heights: best paths have joined after about five
_EXPONENTS = (-120, 90)  # scaled costs are between these powers of two: sums stay finite, and nothing is subnormal


class NoPath(DoesNotFit):
    """The error for a message that wet samples make impossible: too many of them in one place."""


@dataclass(frozen=True)
class Code:
    """A syndrome-trellis code: its constraint height, and its columns, keyed or (without a key) the published ones.

    A greater height wastes less and takes longer, twice as long for each step. `layer` sets the codes of the layers of one
    cover apart; only keyed columns depend on it.
    """

    height: int = 10
    key: bytes | None = None
    layer: int = 1

    def __post_init__(self) -> None:
        if self.height not in HEIGHTS:
            hint = "choose 10, which loses about 7.5 % of the payload, or 12, about 6 % in four times as long"
            raise InvalidSetting(
                f"the constraint height is {self.height}; it must lie in {HEIGHTS[0]}...{HEIGHTS[-1]}", hint=hint
            )
        if self.key is not None and len(self.key) < SHORTEST_KEY:
            hint = "derive a key from the passphrase first"
            raise InvalidSetting(f"the key has {len(self.key)} bytes; it must have at least {SHORTEST_KEY}", hint=hint)

    def columns(self, width: int) -> NDArray[np.int64]:
        """Return int64 (width,): the columns of blocks of this width; bit t is row t."""
        if self.key is None:
            return submatrices.published(self.height, width)
        return submatrices.keyed(self.height, width, self.key, self.layer)


class Blocks(NamedTuple):
    """The elements of each message bit: block b is edges[b]...edges[b + 1]; see `trellis_loops.syndrome`.

    The columns of wide blocks repeat themselves: only their period is here.
    """

    edges: NDArray[np.int32]
    columns: NDArray[np.int64]
    shorter: int


def embed(cover: NDArray[np.uint8], costs: NDArray[np.float64], message: NDArray[np.uint8], code: Code) -> NDArray[np.uint8]:
    """Return the bits uint8 (n,) nearest to `cover`, by the sum of costs of those that differ, from which `message` is
    extracted.

    cover uint8 (n,) and message uint8 (m,) of 0 and 1; costs float (n,), >= 0, infinite = wet, any scale.
    Raises InvalidSetting, DoesNotFit where m exceeds the elements that are not wet, NoPath where the wet ones are in the way;
    `reachable` bits of any message embed.
    """
    check_bits("cover", cover)
    check_bits("message", message)
    if costs.shape != cover.shape:
        raise InvalidSetting(f"{costs.size} costs came for {cover.size} elements", hint="give one cost an element")
    if not (costs >= 0).all():
        raise InvalidSetting("a cost is negative or not a number", hint="give costs >= 0, infinite where nothing may change")
    stego = nearest(cover, costs, message, code)
    if stego is None:
        dry = np.isfinite(costs)
        most = reachable(dry, code, limit=len(message) - 1)
        if len(message) > np.count_nonzero(dry):
            raise DoesNotFit(
                f"{len(message)} bits do not fit into {np.count_nonzero(dry)} elements that may change",
                reachable=most,
                hint="send fewer bits, or take a larger cover",
            )
        hint = "spread the elements by another key, take a greater height, or send fewer bits"
        raise NoPath(f"wet elements leave no way to write these {len(message)} bits", reachable=most, hint=hint)
    if not np.array_equal(extract(stego, len(message), code), message):
        raise not_read_back()
    return stego


def nearest(
    cover: NDArray[np.uint8], costs: NDArray[np.float64], message: NDArray[np.uint8], code: Code
) -> NDArray[np.uint8] | None:
    """Run `embed` on checked arguments; return None where there is no path."""
    if len(message) == 0:
        return cover.copy()
    made = prices(len(costs), lambda part: costs[part])
    found = None if len(message) > made.dry else cheapest(cover, made.costs, message, code)
    return None if found is None else cover ^ found


class TrellisPrices(NamedTuple):
    """Costs of changes as the search takes them: float32 (n,), scaled; and the number of those that are not wet."""

    costs: NDArray[np.float32]
    dry: int


def prices(
    count: int, part_costs: Callable[[slice], NDArray[np.floating[Any]]], out: NDArray[np.float32] | None = None
) -> TrellisPrices:
    """Return the prices of costs float (n,), made a strip at a time: with several strips `part_costs` is called twice a slice.

    They are written to `out`, where given: it may be the array that the costs come from.
    """
    dry, greatest, made = 0, 0.0, None
    for part in strips(count):
        made = part_costs(part)
        finite = made[made < np.inf]
        dry, greatest = dry + len(finite), max(greatest, float(finite.max(initial=0.0)))
    scaled = large_empty(count, np.float32) if out is None else out
    for part in strips(count):
        scaled[part] = _scaled(part_costs(part) if made is None or count > STRIP else made, greatest)
    return TrellisPrices(scaled, dry)


def cheapest(
    samples: NDArray[np.uint8],
    prices: NDArray[np.float32],
    message: NDArray[np.uint8],
    code: Code,
    *,
    shift: int = 0,
    stride: int = 1,
) -> NDArray[np.uint8] | None:
    """Return uint8 (n,): 1 where a bit must change, so that all give `message` at the least cost; None where there is no path.

    The k-th bit is bit `shift` of `samples` uint8 (n,) at k stride mod n, its change costs prices[k]; see `TrellisPrices`.
    """
    from ssgan.embedding.stc import checkpoint_loops, trellis_loops

    changes = large_empty(len(samples), np.uint8)
    changes[:] = 0
    if len(message) == 0:
        return changes
    blocks = _blocks(len(samples), len(message), code)
    # What the changes have to add: then every path starts from "no change", and only changes have a price.
    target = _syndrome(samples, blocks, len(message), shift, stride) ^ message
    row_bytes = (1 << code.height) // 8
    if blocks.shorter >= WIDE:
        rows = MOST_SURVIVOR_BYTES // row_bytes
        found = checkpoint_loops.cheapest(target, prices, *blocks, code.height, rows, changes)
    else:
        segment = _SURVIVOR_BYTES // (row_bytes * (blocks.shorter + 1)) + _SEGMENT_HEIGHTS * code.height
        found = trellis_loops.cheapest(target, prices, *blocks, code.height, segment, changes)
    return changes if found else None


def strips(count: int) -> Iterator[slice]:
    """Yield slices of at most STRIP that make up 0...count."""
    return (slice(first, min(count, first + STRIP)) for first in range(0, count, STRIP))


def extract(stego: NDArray[np.uint8], length: int, code: Code) -> NDArray[np.uint8]:
    """Return the message uint8 (length,) of the bits `stego` uint8 (n,)."""
    check_bits("stego", stego)
    return syndrome(stego, length, code)


def syndrome(samples: NDArray[np.uint8], length: int, code: Code, *, shift: int = 0, stride: int = 1) -> NDArray[np.uint8]:
    """Return the message uint8 (length,) whose k-th bit is bit `shift` of `samples` uint8 (n,) at k stride mod n."""
    if not 0 <= length <= len(samples):
        raise InvalidSetting(
            f"{length} message bits do not fit into {len(samples)} elements", hint="give the length that was embedded"
        )
    if length == 0:
        return np.zeros(0, np.uint8)
    return _syndrome(samples, _blocks(len(samples), length, code), length, shift, stride)


def reachable(dry: NDArray[np.bool_], code: Code, *, limit: int | None = None) -> int:
    """Estimate the largest length, up to `limit`, of which every message can be embedded.

    `dry` bool (n,) marks usable elements. At that length their columns have full rank. Lengths are tried downwards, in steps
    of a 64th: whether one embeds depends on where its blocks meet the wet elements, so that halving would often miss.
    """
    from ssgan.embedding.stc import trellis_loops

    trial = int(np.count_nonzero(dry))
    if limit is not None:
        trial = min(trial, limit)
    while trial > 0 and not trellis_loops.full_rank(dry, *_blocks(len(dry), trial, code), trial):
        trial -= 1 + trial // 64
    return max(trial, 0)


def _blocks(elements: int, length: int, code: Code) -> Blocks:
    """Return blocks where b ends at its share of the elements, rounded as in the authors' toolbox, in floating point."""
    edges = np.empty(length + 1, np.int32)
    for part in strips(length + 1):
        edges[part] = np.floor(np.arange(part.start, part.stop) * (elements / length) + 0.5)
    shorter = elements // length
    longer = shorter + (elements % length > 0)
    period = 1 << min(code.height - 2, (longer - 1).bit_length())  # the loops take the number of columns by a mask
    columns = np.zeros((2, period), np.int64)
    for row, width in enumerate(range(shorter, longer + 1)):
        columns[row, : min(width, period)] = code.columns(min(width, period))
    return Blocks(edges, columns, shorter)


def _syndrome(samples: NDArray[np.uint8], blocks: Blocks, length: int, shift: int, stride: int) -> NDArray[np.uint8]:
    if not loops_pay(len(samples)):
        return _syndrome_plainly(samples, blocks, length, shift, stride)
    from ssgan.embedding.stc import trellis_loops

    message = np.empty(length, np.uint8)
    trellis_loops.syndrome(np.ascontiguousarray(samples), shift, stride, *blocks, message)
    return message


def _syndrome_plainly(
    samples: NDArray[np.uint8], blocks: Blocks, length: int, shift: int, stride: int
) -> NDArray[np.uint8]:  # fmt: skip
    """Return what `trellis_loops.syndrome` computes, in NumPy: a block's columns as one word, whose bits go into rows b, b + 1,
    ...
    """
    count = len(samples)
    ordered = samples if stride == 1 else samples[np.arange(count) * stride % count]
    widths = np.diff(blocks.edges)
    within = np.arange(count) - np.repeat(blocks.edges[:-1], widths)
    taken = blocks.columns[np.repeat(widths - blocks.shorter, widths), within & (blocks.columns.shape[1] - 1)]
    return _rows_of(np.bitwise_xor.reduceat(np.where(ordered >> shift & 1, taken, 0), blocks.edges[:-1]))


def _rows_of(words: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return uint8 (m,): the XOR in each row of words (m,), of which bit t of the k-th goes into row k + t."""
    rows = np.zeros(len(words), np.int64)
    for t in range(min(HEIGHTS[-1] + 1, len(words))):
        rows[t:] ^= words[: len(words) - t] >> t
    return (rows & 1).astype(np.uint8)


def _scaled(costs: NDArray[np.floating[Any]], greatest: float) -> NDArray[np.float32]:
    """Return float32 (n,): `costs` times a power of two that uses float32's range; negligible ones become 0."""
    lowest, highest = _EXPONENTS
    _, exponent = np.frexp(greatest)
    scaled = np.ldexp(costs, highest - int(exponent))
    return np.where(scaled < 2.0**lowest, 0, scaled).astype(np.float32)


def check_bits(name: str, bits: NDArray[Any]) -> None:
    """Raise InvalidSetting unless `bits` is uint8 (n,) of 0 and 1."""
    if bits.ndim != 1 or bits.dtype != np.uint8 or (bits.size and bits.max() > 1):
        hint = "give a flat uint8 array of 0 and 1"
        raise InvalidSetting(f"the {name} is {bits.dtype} of shape {bits.shape}, or has other values than bits", hint=hint)
