"""Find the cheapest change vector in little memory, where blocks are wide: keep checkpoints, and recompute the rest.

`trellis_loops.cheapest` keeps the survivors of two segments of whole blocks. A short message in a large cover has so few and so
wide blocks that these are all there are: 128 bytes a sample and more. But within a block path costs only fall, and the smallest
stays; so an element whose cost, added to the smallest, reaches the greatest wins nowhere, now or later in the block. Such
elements (nearly all, once a block has met its cheap ones) are passed over, without survivors. For the others there are
`rows` rows; when these are full, the path costs are noted and the rows reused. At the end the path is followed back, and
where rows were overwritten, the trellis is run again from the path costs noted. All other steps are taken as they would be
without this, in their order, and so the path is the same, bit for bit.

T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using syndrome-trellis codes", IEEE TIFS
6(3), 2011.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ssgan.compute.compiled import compiled
from ssgan.compute.plain_loops import copy, greatest, least
from ssgan.embedding.stc.trellis_loops import LANES, SETTLE_BLOCKS, _close, _lower, _open, _place, _settle, _step, instruction

PASSED = 2  # in `changes`: an element without survivors
LOOK = 16  # survivors after which the greatest path cost is looked at again


@compiled
def cheapest(
    target: np.ndarray, costs: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, rows: int,
    changes: np.ndarray,
) -> bool:  # fmt: skip
    """Run `trellis_loops.cheapest` with at most `rows` survivors, 2^height bits each, in memory."""
    elements, blocks = len(costs), len(target)
    vectors = (1 << height) // LANES
    rows = max(1, min(rows, elements))
    survivors = np.empty(rows * vectors, np.uint16)
    paths = np.full((2, (1 << height) + LANES), np.inf, np.float32)
    paths[0, 0] = 0
    starts = np.empty((1, paths.shape[1]), np.float32)
    places = np.zeros((1, 2), np.int64)  # the first element of each piece, and the block it is in
    pieces, used = 0, 0
    at: Any = np.int64(0)
    block: Any = np.int64(0)
    while at < elements:
        if pieces == len(places):
            starts, places = _doubled(starts), _doubled(places)
        copy(paths[0], starts[pieces])
        places[pieces, 0], places[pieces, 1] = at, block
        pieces += 1
        at, block, used = _forward(
            target, costs, edges, columns, shorter, height, at, elements, block, paths, survivors, rows, changes
        )  # fmt: skip
    state: Any = np.int64(target[blocks - 1])
    if not paths[0, state] < np.inf:
        return False
    end: Any = np.int64(elements)
    block = np.int64(blocks - 1)
    for piece in range(pieces - 1, -1, -1):
        begin, first = places[piece, 0], places[piece, 1]
        if piece < pieces - 1:
            copy(starts[piece], paths[0])
            _, _, used = _forward(
                target, costs, edges, columns, shorter, height, begin, end, first, paths, survivors, rows, changes
            )  # fmt: skip
        state = _backward(target, edges, columns, shorter, height, begin, end, block, survivors, used, state, changes)
        end, block = begin, first - 1 if edges[first] == begin else first
    return True


@compiled
def _doubled(x: np.ndarray) -> np.ndarray:
    """Return the array with room for as many rows more."""
    larger = np.empty((2 * x.shape[0], x.shape[1]), x.dtype)
    larger[: x.shape[0]] = x
    return larger


@compiled
def _forward(
    target: np.ndarray, costs: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, begin: int,
    end: int, block: int, paths: np.ndarray, survivors: np.ndarray, rows: int, changes: np.ndarray,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Process elements from `begin`, in `block`, up to `end` or until rows run out, from the path costs in paths[0] into it.

    Returns the element after the last one, the block it is in, and how many rows were used. Elements passed over are marked in
    `changes`.
    """
    vectors, period = (1 << height) // LANES, columns.shape[1] - 1
    lowest, highest = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    old, new = paths[0], paths[1]
    exchanged, used = False, 0
    b: Any = np.int64(block)
    at: Any = np.int64(begin)
    while at < end and used < rows:
        first, last = np.int64(edges[b]), np.int64(edges[b + 1])
        own = columns[last - first - shorter]
        rows_left = len(target) - b
        alive, mask = vectors, (1 << height) - 1
        if rows_left < height:  # the last blocks: the columns end at the last row
            alive, mask = max(1, (1 << rows_left) // LANES), (1 << rows_left) - 1
        if at == first:
            kept: Any = np.int64(target[b - 1]) if b else 0
            if b % SETTLE_BLOCKS == SETTLE_BLOCKS - 1:
                _settle(old, vectors)
            if rows_left >= height:
                _open(old, new, vectors >> 1, kept, own[0], costs[first])
                at += 1
            else:
                _close(old, new, alive, kept, rows_left)
            old, new = new, old
            exchanged = not exchanged
        smallest, greatest = _extremes(old, alive, lowest, highest)
        stop, looked = min(last, end), used
        while at < stop and used < rows:
            if smallest + costs[at] >= greatest:
                changes[at] = PASSED
            else:
                changes[at] = 0
                _step(old, alive, own[(at - first) & period] & mask, costs[at], survivors, used * vectors)
                used += 1
                if used - looked == LOOK:
                    smallest, greatest = _extremes(old, alive, lowest, highest)
                    looked = used
            at += 1
        if at == last:
            b += 1
    if exchanged:
        copy(paths[1], paths[0])
    return at, b, used


@compiled
def _extremes(paths: np.ndarray, vectors: int, lowest: np.ndarray, highest: np.ndarray) -> tuple[np.float32, np.float32]:
    """Return the smallest and the greatest path cost."""
    lowest[:] = np.inf
    highest[:] = 0
    for i in range(vectors):
        _lower(lowest, paths, i)
        _heighten(highest, paths, i)
    return least(lowest), greatest(highest)


@compiled
def _backward(
    target: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, begin: int, end: int, block: int,
    survivors: np.ndarray, used: int, state: Any, changes: np.ndarray,
) -> Any:  # fmt: skip
    """Follow the `used` survivors from `state` after element end - 1, in `block`, to the state before element `begin`."""
    vectors, period = (1 << height) // LANES, columns.shape[1] - 1
    b: Any = block
    at: Any = np.int64(end)
    while at > begin:
        first, last = np.int64(edges[b]), np.int64(edges[b + 1])
        own = columns[last - first - shorter]
        rows_left = len(target) - b
        mask = (1 << min(height, rows_left)) - 1
        opened = 1 if rows_left >= height else 0
        low: Any = max(first, begin)
        for i in range(at - 1, max(low, first + opened) - 1, -1):
            if changes[i] == PASSED:
                changes[i] = 0
                continue
            used -= 1
            taken = np.int64(survivors[used * vectors + (state >> 4)] >> (state & 15)) & 1
            changes[i] = taken
            state ^= own[(i - first) & period] & mask & -taken
        if low == first:
            if opened:  # only a change of a block's first element reaches the upper half of the states
                taken = (state >> (height - 1)) & 1
                changes[first] = taken
                state ^= own[0] & -taken
            if b:
                state = 2 * state + np.int64(target[b - 1])
        at = low
        b -= 1
    return state


@instruction
def _heighten(typing: Any, highest: Any, paths: Any, i: Any) -> Any:
    """Raise highest to paths[i] where that is greater; vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        highest, paths, i = arguments
        place = _place(context, builder, signature.args[0], highest, i.type(0))
        held = builder.load(place, align=4)
        seen = builder.load(_place(context, builder, signature.args[1], paths, i), align=4)
        builder.store(builder.select(builder.fcmp_ordered(">", seen, held), seen, held), place, align=4)
        return context.get_dummy_value()

    return types.void(highest, paths, i), build
