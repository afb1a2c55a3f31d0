"""Compile the syndrome-trellis code: the cheapest change vector with a wanted syndrome, and the syndrome of a vector.

The 2^h path costs are one float32 array, worked on in vectors of 16 states. State s is lane s & 15 of vector s >> 4, so its
partner s ^ column is in vector (s >> 4) ^ (column >> 4), the lanes in a fixed other order: two loads and two constant
shuffles, no gather. The 16 comparisons of a vector are the 16 bits of one survivor word. Without AVX-512 a vector is worked on
in halves of 8 lanes, whose comparisons are a byte each.

T. Filler, J. Judas, J. Fridrich, "Minimizing additive distortion in steganography using syndrome-trellis codes", IEEE TIFS
6(3), 2011.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from ssgan.compute.compiled import compiled
from ssgan.compute.plain_loops import copy, first_least, least

LANES = 16
SETTLE_BLOCKS = 64  # blocks after which the smallest path cost is subtracted, so that float32 keeps its digits


@compiled
def syndrome(
    samples: np.ndarray, shift: int, stride: int, edges: np.ndarray, columns: np.ndarray, shorter: int, out: np.ndarray
) -> None:
    """Fill `out` with the syndrome uint8 (m,): a set bit of block b XORs its column into rows b, b + 1, ...

    The k-th bit is bit `shift` of samples uint8 (n,) at k stride mod n. edges int32 (m + 1,), block b being
    edges[b]...edges[b + 1]; columns int64 (2, p), p a power of two: of the blocks `shorter` wide and of those one wider, in
    which column k is columns[..., k mod p].
    """
    window, place = np.int64(0), 0
    period = columns.shape[1] - 1
    for b in range(len(out)):
        width = edges[b + 1] - edges[b]
        for k in range(width):
            window ^= columns[width - shorter, k & period] & -(np.int64(samples[place]) >> shift & 1)
            place += stride
            if place >= len(samples):
                place -= len(samples)
        out[b] = window & 1
        window >>= 1


@compiled
def full_rank(dry: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, length: int) -> bool:
    """Return whether the columns of the elements marked in `dry` bool (n,) reach every syndrome of `length` bits.

    Gauss's elimination; a column never spans more than h rows below its first, so one word holds it.
    """
    period = columns.shape[1] - 1
    pivots = np.zeros(length, np.int64)  # of row r: a combination of columns that begins in row r, bit 0 = row r
    for b in range(length):
        first = edges[b]
        width = edges[b + 1] - first
        for k in range(width):
            rest: Any = columns[width - shorter, k & period] if dry[first + k] else 0
            row = b
            while rest and row < length:
                if not rest & 1:
                    rest >>= 1
                    row += 1
                elif pivots[row]:
                    rest ^= pivots[row]
                else:
                    pivots[row] = rest
                    rest = 0
        if not pivots[b]:  # later columns begin further down
            return False
    return True


@compiled
def cheapest(
    target: np.ndarray, costs: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, segment: int,
    changes: np.ndarray,
) -> bool:  # fmt: skip
    """Find the cheapest changes uint8 (n,) with the syndrome `target` uint8 (m,); return False where every path is infinite.

    costs float32 (n,), >= 0, infinite = wet; edges and columns as in `syndrome`.

    Survivors are kept for the last two segments of `segment` blocks, so that they stay in the cache. After each segment the
    best path is followed back to where it joins the path followed before, a few dozen blocks; should it not have joined within
    two segments, an earlier one is run again from its first path costs. The result is the exact minimum.
    """
    blocks = len(target)
    segments = (blocks + segment - 1) // segment
    rows = 0
    for part in range(segments):
        rows = max(rows, edges[min(blocks, (part + 1) * segment)] - edges[part * segment])
    survivors = np.empty((min(2, segments), rows * (1 << height) // LANES), np.uint16)
    # One vector more than there are states: loads at an odd offset touch one state past the end.
    paths = np.full((2, (1 << height) + LANES), np.inf, np.float32)
    paths[0, 0] = 0
    starts = np.empty((segments, paths.shape[1]), np.float32)
    followed = np.full(blocks, -1, np.int32)  # the state after each block, on the path followed last
    for part in range(segments):
        copy(paths[0], starts[part])
        _forward(target, costs, edges, columns, shorter, height, part * segment, segment, paths, survivors[part & 1])
        state: Any
        if part == segments - 1:
            state = np.int64(target[blocks - 1])
        else:
            rows_left = blocks - (part + 1) * segment + 1
            state = first_least(paths[0, : 1 << min(height, rows_left)])
        if not paths[0, state] < np.inf:
            return False
        for back in range(part, -1, -1):
            if back < part - 1:
                scratch = np.empty_like(paths)
                copy(starts[back], scratch[0])
                scratch[1] = np.inf
                kept = np.empty_like(survivors[0])
                _forward(target, costs, edges, columns, shorter, height, back * segment, segment, scratch, kept)
            else:
                kept = survivors[back & 1]
            state = _backward(target, edges, columns, shorter, height, back * segment, segment, kept, state, followed, changes)
            if state < 0:
                break
    return True


@compiled
def _forward(
    target: np.ndarray, costs: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, start: int,
    segment: int, paths: np.ndarray, survivors: np.ndarray,
) -> None:  # fmt: skip
    """Process blocks start...start + segment from the path costs in paths[0], and back into it; one row of survivors an
    element.
    """
    blocks = len(target)
    vectors, period = (1 << height) // LANES, columns.shape[1] - 1
    old, new = paths[0], paths[1]
    stop = min(blocks, start + segment)
    for b in range(start, stop):
        first, last = edges[b], edges[b + 1]
        own = columns[last - first - shorter]
        kept: Any = np.int64(target[b - 1]) if b else 0
        rows_left = blocks - b
        if b % SETTLE_BLOCKS == SETTLE_BLOCKS - 1:
            _settle(old, vectors)
        if rows_left >= height:
            _open(old, new, vectors >> 1, kept, own[0], costs[first])
            for k in range(1, last - first):
                _step(new, vectors, own[k & period], costs[first + k], survivors, (first + k - edges[start]) * vectors)
        else:  # the last blocks: the columns end at the last row
            alive = max(1, (1 << rows_left) // LANES)
            _close(old, new, alive, kept, rows_left)
            for k in range(last - first):
                column = own[k & period] & ((1 << rows_left) - 1)
                _step(new, alive, column, costs[first + k], survivors, (first + k - edges[start]) * vectors)
        old, new = new, old
    if (stop - start) & 1:
        copy(paths[1], paths[0])


@compiled
def _backward(
    target: np.ndarray, edges: np.ndarray, columns: np.ndarray, shorter: int, height: int, start: int, segment: int,
    survivors: np.ndarray, state: Any, followed: np.ndarray, changes: np.ndarray,
) -> Any:  # fmt: skip
    """Follow the survivors from `state` after the segment's last block to the state before its first one.

    -1 as soon as the path joins the one in `followed`: from there on `changes` holds it.
    """
    blocks = len(target)
    vectors, period = (1 << height) // LANES, columns.shape[1] - 1
    for b in range(min(blocks, start + segment) - 1, start - 1, -1):
        if followed[b] == state:
            return -1
        followed[b] = state
        first, last = edges[b], edges[b + 1]
        own = columns[last - first - shorter]
        mask = (1 << min(height, blocks - b)) - 1
        opened = 1 if blocks - b >= height else 0
        for k in range(last - first - 1, opened - 1, -1):
            word = survivors[(first + k - edges[start]) * vectors + (state >> 4)]
            taken = np.int64(word >> (state & 15)) & 1
            changes[first + k] = taken
            state ^= own[k & period] & mask & -taken
        if opened:  # only a change of a block's first element reaches the upper half of the states
            taken = (state >> (height - 1)) & 1
            changes[first] = taken
            state ^= own[0] & -taken
        if b:
            state = 2 * state + np.int64(target[b - 1])
    return state


@compiled
def _settle(paths: np.ndarray, vectors: int) -> None:
    """Subtract the smallest path cost; infinite costs stay infinite."""
    lowest = paths[vectors * LANES :]  # the slack
    lowest[:] = np.inf
    for i in range(vectors):
        _lower(lowest, paths, i)
    smallest = least(lowest)
    if smallest < np.inf:
        for s in range(vectors * LANES):
            paths[s] -= smallest


@compiled
def _close(old: np.ndarray, new: np.ndarray, alive: int, kept: int, rows_left: int) -> None:
    """Keep the states whose bit 0 is `kept`, and drop that bit."""
    if rows_left < 4:  # fewer states than lanes: there is no second vector
        old[LANES : 2 * LANES] = np.inf
    for i in range(alive):
        _halve(old, new, i, kept)


# All columns are odd, so eight of the sixteen orders of lanes occur; a literal lane makes its shuffle a constant.


@compiled
def _open(old: np.ndarray, new: np.ndarray, half: int, kept: int, column: int, cost: float) -> None:
    """Run `_close` with a block's first element: its column has the top bit, so each state is reached from one other."""
    away = column >> 4
    lane = column & 15
    if lane == 1:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 1)
    elif lane == 3:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 3)
    elif lane == 5:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 5)
    elif lane == 7:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 7)
    elif lane == 9:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 9)
    elif lane == 11:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 11)
    elif lane == 13:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 13)
    else:
        for i in range(half):
            _spread(old, new, i, i ^ away, kept, cost, 15)


@compiled
def _step(paths: np.ndarray, vectors: int, column: int, cost: float, survivors: np.ndarray, row: int) -> None:
    """Process one element: every state from itself, or at `cost` from the state its column away; in place, two vectors at a
    time.
    """
    away = column >> 4
    lane = column & 15
    top = vectors  # the pairs are i, i ^ away with i over those without away's top bit
    if away:
        top = 1
        while 2 * top <= away:
            top *= 2
    for start in range(0, vectors, 2 * top):
        stop = start + top
        if lane == 1:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 1)
        elif lane == 3:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 3)
        elif lane == 5:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 5)
        elif lane == 7:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 7)
        elif lane == 9:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 9)
        elif lane == 11:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 11)
        elif lane == 13:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 13)
        else:
            for i in range(start, stop):
                _exchange(paths, i, i ^ away, cost, survivors, row, 15)


# The vector instructions, in this file because Numba's cache notices changes here only. Each is a few LLVM instructions put in
# place of its call; Numba's own loops would stay scalar, since an XOR of indices hides that they are vectors. A vector index
# counts 16 states; `lane` must be a literal number, so that its shuffle is a constant.

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(32)
instruction: Any = intrinsic(prefer_literal=True)


@instruction
def _exchange(typing: Any, paths: Any, i: Any, j: Any, cost: Any, survivors: Any, row: Any, lane: Any) -> Any:
    """Compare paths[i] with paths[j] + cost, and the other way round; survivors[row + i], [row + j] mark where the other
    won.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        paths, i, j, cost, survivors, row, _ = arguments
        words = context.make_array(signature.args[4])(context, builder, survivors).data
        width = LANES if _has_masks(context) else LANES // 2
        price = _splat(builder, cost, width)
        starts = [_place(context, builder, signature.args[0], paths, at, part=width) for at in (i, j)]
        stay = [[_load_part(builder, start, part) for part in range(LANES // width)] for start in starts]
        away, within = divmod(lane.literal_value, width)
        stores = []
        for at, start, own, other in zip((i, j), starts, stay, reversed(stay), strict=True):
            marks = builder.bitcast(builder.gep(words, [builder.add(row, at)]), ir.IntType(width).as_pointer())
            for part, kept in enumerate(own):
                come = builder.fadd(_partners(builder, other[part ^ away], within), price)
                won = builder.bitcast(builder.fcmp_ordered("<", come, kept), ir.IntType(width))
                builder.store(won, _part_of(builder, marks, part), align=1)  # lane 0 is bit 0 on a little-endian machine
                lower = builder.select(builder.fcmp_ordered("<", kept, come), kept, come)
                stores.append((lower, _part_of(builder, start, part)))
        for lower, place in stores:  # after the marks, or LLVM makes them masked stores, which are slow without AVX-512
            builder.store(lower, place, align=4)
        return context.get_dummy_value()

    return types.void(paths, i, j, cost, survivors, row, lane), build


@instruction
def _spread(typing: Any, old: Any, new: Any, i: Any, j: Any, kept: Any, cost: Any, lane: Any) -> Any:
    """Set new[i] to the states 2 s + kept of `old`, and new[j] to their partners at `cost`; vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        old, new, i, j, kept, cost, _ = arguments
        halved = _every_other(context, builder, signature.args[0], old, i, kept)
        builder.store(halved, _place(context, builder, signature.args[1], new, i), align=4)
        come = builder.fadd(_partners(builder, halved, lane.literal_value), _splat(builder, cost))
        builder.store(come, _place(context, builder, signature.args[1], new, j), align=4)
        return context.get_dummy_value()

    return types.void(old, new, i, j, kept, cost, lane), build


@instruction
def _halve(typing: Any, old: Any, new: Any, i: Any, kept: Any) -> Any:
    """Set new[i] to the states 2 s + kept of `old`; vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        old, new, i, kept = arguments
        halved = _every_other(context, builder, signature.args[0], old, i, kept)
        builder.store(halved, _place(context, builder, signature.args[1], new, i), align=4)
        return context.get_dummy_value()

    return types.void(old, new, i, kept), build


@instruction
def _lower(typing: Any, lowest: Any, paths: Any, i: Any) -> Any:
    """Lower lowest to paths[i] where that is smaller; vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lowest, paths, i = arguments
        place = _place(context, builder, signature.args[0], lowest, ir.Constant(i.type, 0))
        held = builder.load(place, align=4)
        seen = builder.load(_place(context, builder, signature.args[1], paths, i), align=4)
        builder.store(builder.select(builder.fcmp_ordered("<", seen, held), seen, held), place, align=4)
        return context.get_dummy_value()

    return types.void(lowest, paths, i), build


def _place(context: Any, builder: Any, kind: Any, array: Any, vector: Any, offset: Any = None, part: int = LANES) -> Any:
    """Return the address of a vector of a float32 array, `offset` states further on, as one of its parts of `part` lanes."""
    start = builder.mul(vector, ir.Constant(vector.type, LANES))
    if offset is not None:
        start = builder.add(start, offset)
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), ir.VectorType(ir.FloatType(), part).as_pointer())


def _has_masks(context: Any) -> bool:
    """Return whether the processor compares 16 lanes at a time, into a register of bits (AVX-512)."""
    return "+avx512vl" in context.codegen().magic_tuple()[2]


def _part_of(builder: Any, start: Any, part: int) -> Any:
    return builder.gep(start, [ir.Constant(_INDEX, part)])


def _load_part(builder: Any, start: Any, part: int) -> Any:
    return builder.load(_part_of(builder, start, part), align=4)


def _every_other(context: Any, builder: Any, kind: Any, array: Any, i: Any, kept: Any) -> Any:
    """Return the states kept, kept + 2, ... of the vectors 2 i and 2 i + 1."""
    first = builder.mul(i, ir.Constant(i.type, 2))
    second = builder.add(first, ir.Constant(i.type, 1))
    low, high = (builder.load(_place(context, builder, kind, array, v, kept), align=4) for v in (first, second))
    return builder.shuffle_vector(low, high, _order(range(0, 2 * LANES, 2)))


def _partners(builder: Any, vector: Any, lane: int) -> Any:
    """Return each lane's value from the lane `lane` away (XOR)."""
    order = _order(own ^ lane for own in range(vector.type.count))
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), order)


def _splat(builder: Any, value: Any, width: int = LANES) -> Any:
    nothing = ir.Constant(ir.VectorType(ir.FloatType(), width), ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(one, nothing, _order([0] * width))


def _order(lanes: Iterable[int]) -> Any:
    order = list(lanes)
    return ir.Constant(ir.VectorType(_INDEX, len(order)), order)
