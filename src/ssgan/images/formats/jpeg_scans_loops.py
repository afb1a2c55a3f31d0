"""Compile the entropy coding of `jpeg_scans.py`: the scans of a JPEG to coefficients and back (ITU-T T.81, annexes F and G).

Bits come in words of 32, the first bit the highest, without stuffing; each restart interval begins at a word of its own. What a
loop reads or writes beyond the end of an interval, before it notices at the end of a block, is bounded: callers leave `MARGIN`
words. Blocks are flat int16, 64 values each in row order.

`layout` is int64 (components of the scan, 6): first block, blocks a row, blocks of a unit across and down, and the rows of the
DC and AC codes. `grid` is int64 (4,): rows and columns of units, units between restarts (0: none), bits left out below (`low`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.images.formats.jpeg_huffman_loops import LOOKUP_BITS, long_code
from ssgan.images.formats.jpeg_structure import ZIGZAG

_int64: Any = np.int64  # compiled as a conversion; a type checker would tell it from int
MARGIN = 136  # words: an AC refinement may write 64 codes of 32 bits, and 1,000 bits held back
# What a loop returns.
SOUND, TRUNCATED, NO_CODE, BEYOND, LEFT_OVER, OVERFULL = 0, 1, 2, 3, 4, 5
_END_OF_BLOCK, _SIXTEEN_ZEROS = 0x00, 0xF0
_DC_SIZE, _AC_SIZE = 11, 10  # most bits of a DC difference and of an AC coefficient, at 8 bits a sample
_MOST_DC = 2047
_SIZES = np.array([int(value).bit_length() for value in range(2048)], np.uint8)
_ONE = np.uint64(1)
_IN_SCAN = np.argsort(ZIGZAG).astype(np.uint64)  # place in a block → place in a scan
# A number whose shifts all begin with six other bits: which bit is set, of 64, is looked up by one product.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_PLACES = np.zeros(64, np.uint8)
for _place in range(64):
    _PLACES[((int(_DE_BRUIJN) << _place) % (1 << 64)) >> 58] = _place


@compiled
def decode_blocks(
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, out: np.ndarray, layout: np.ndarray, grid: np.ndarray,
    order: np.ndarray, lookups: np.ndarray, limits: np.ndarray, firsts: np.ndarray, symbols: np.ndarray, has_ac: bool,
) -> tuple[int, bool]:  # fmt: skip
    """Decode a sequential scan, or (has_ac False) the first scan of the DC coefficients of a progressive one.

    words uint32; starts int64 (I,): the first word of each restart interval; lengths int64 (I,): its bits. The four tables are
    stacks of what `fill_lookup` fills. Returns SOUND or what is wrong, and whether the same coefficients are coded by the same
    bits again: no needless run of zeros, and ones after the last code.
    """
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    predictions = np.zeros(len(layout), np.int64)
    is_canonical = True
    interval, until = -1, 0
    word, count, at = np.uint64(0), 0, 0
    for unit in range(rows * columns):
        if unit == until:
            if interval >= 0:
                left = lengths[interval] - 32 * (at - starts[interval]) + count
                if left >= 8:
                    return LEFT_OVER, False
                if left > 0 and (word >> np.uint64(64 - left)) != np.uint64((1 << left) - 1):
                    is_canonical = False
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            predictions[:] = 0
            word, count, at = np.uint64(0), 0, starts[interval]
        row, column = unit // columns, unit % columns
        for c in range(len(layout)):
            dc, ac = layout[c, 4], layout[c, 5]
            for down in range(layout[c, 3]):
                for across in range(layout[c, 2]):
                    block = row * layout[c, 3] + down
                    block = 64 * (layout[c, 0] + block * layout[c, 1] + column * layout[c, 2] + across)
                    word, count, at = fill(words, word, count, at)
                    entry = _int64(lookups[dc, word >> np.uint64(64 - LOOKUP_BITS)])
                    if entry == 0:
                        entry = long_code(_int64(word >> np.uint64(48)), limits[dc], firsts[dc], symbols[dc])
                        if entry == 0:
                            return NO_CODE, False
                    length, size = entry >> 8, entry & 255
                    word <<= np.uint64(length)
                    count -= length
                    if size > 0:
                        if size > _DC_SIZE:
                            return BEYOND, False
                        value = _int64(word >> np.uint64(64 - size))
                        if value < (1 << (size - 1)):
                            value -= (1 << size) - 1
                        predictions[c] += value
                        word <<= np.uint64(size)
                        count -= size
                    value = predictions[c] * (1 << low)
                    if value < -_MOST_DC or value > _MOST_DC:
                        return BEYOND, False
                    out[block] = value
                    k = 1 if has_ac else 64
                    while k < 64:
                        word, count, at = fill(words, word, count, at)
                        entry = _int64(lookups[ac, word >> np.uint64(64 - LOOKUP_BITS)])
                        if entry == 0:
                            entry = long_code(_int64(word >> np.uint64(48)), limits[ac], firsts[ac], symbols[ac])
                            if entry == 0:
                                return NO_CODE, False
                        length, size, run = entry >> 8, entry & 15, (entry >> 4) & 15
                        word <<= np.uint64(length)
                        count -= length
                        if size == 0:
                            if run == 15:
                                k += 16
                                if k >= 64:
                                    is_canonical = False
                                    if k > 64:
                                        return BEYOND, False
                                continue
                            if run > 0:
                                return NO_CODE, False
                            # The block ends: sixteen zeros just before would have been left out.
                            if k > 16 and out[block + order[k - 1]] == 0:
                                is_canonical = False
                            break
                        k += run
                        if k > 63 or size > _AC_SIZE:
                            return BEYOND, False
                        value = _int64(word >> np.uint64(64 - size))
                        if value < (1 << (size - 1)):
                            value -= (1 << size) - 1
                        word <<= np.uint64(size)
                        count -= size
                        out[block + order[k]] = value
                        k += 1
                    if 32 * (at - starts[interval]) - count > lengths[interval]:
                        return TRUNCATED, False
    left = lengths[interval] - 32 * (at - starts[interval]) + count
    if left >= 8:
        return LEFT_OVER, False
    if left > 0 and (word >> np.uint64(64 - left)) != np.uint64((1 << left) - 1):
        is_canonical = False
    return SOUND, is_canonical


@compiled
def encode_blocks(
    blocks: np.ndarray, layout: np.ndarray, grid: np.ndarray, order: np.ndarray, codes: np.ndarray, counts: np.ndarray,
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, has_ac: bool, is_counting: bool,
) -> int:  # fmt: skip
    """Encode what `decode_blocks` decodes, or (is_counting) only count the symbols in counts int64 (tables, 256).

    The bits are put by hand: calls of `put` take half as long again at quality 100.

    codes uint32 (tables, 256): 65,536 x length + code, 0 where a symbol has none. words, starts and lengths are written.
    Returns SOUND, or BEYOND for a value that no code holds, NO_CODE for a symbol without one, OVERFULL where `words` end.
    """
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    predictions = np.zeros(len(layout), np.int64)
    interval, until = -1, 0
    word, count, at = np.uint64(0), 0, 0
    for unit in range(rows * columns):
        if unit == until:
            if interval >= 0 and not is_counting:
                at = finish(words, starts, lengths, interval, word, count, at)
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            predictions[:] = 0
            word, count = np.uint64(0), 0
            if not is_counting:
                starts[interval] = at
        row, column = unit // columns, unit % columns
        for c in range(len(layout)):
            dc, ac = layout[c, 4], layout[c, 5]
            for down in range(layout[c, 3]):
                for across in range(layout[c, 2]):
                    if at + MARGIN > len(words):
                        return OVERFULL
                    block = row * layout[c, 3] + down
                    block = 64 * (layout[c, 0] + block * layout[c, 1] + column * layout[c, 2] + across)
                    if abs(_int64(blocks[block])) > _MOST_DC:
                        return BEYOND
                    dc_value = _int64(blocks[block]) >> low
                    difference = dc_value - predictions[c]
                    predictions[c] = dc_value
                    magnitude = abs(difference)
                    if magnitude > _MOST_DC:
                        return BEYOND
                    size = _int64(_SIZES[magnitude])
                    if is_counting:
                        counts[dc, size] += 1
                    else:
                        code = _int64(codes[dc, size])
                        if code == 0:
                            return NO_CODE
                        bits = difference - 1 if difference < 0 else difference
                        bits = ((code & 0xFFFF) << size) | (bits & ((1 << size) - 1))
                        length = (code >> 16) + size
                        word = (word << np.uint64(length)) | np.uint64(bits)
                        count += length
                        if count >= 32:
                            count -= 32
                            words[at] = word >> np.uint64(count)
                            at += 1
                    if not has_ac:
                        continue
                    # A bit for each place, then from bit to bit: a branch on each coefficient is guessed wrong too often.
                    values, left = blocks[block : block + 64], np.uint64(0)
                    for i in range(64):
                        left |= np.uint64(values[i] != 0) << _IN_SCAN[i]
                    left &= ~_ONE
                    last = 0
                    while left != 0:
                        lowest = left & (~left + _ONE)
                        left ^= lowest
                        k = _int64(_PLACES[(lowest * _DE_BRUIJN) >> np.uint64(58)])
                        run = k - last - 1
                        last = k
                        value = _int64(values[order[k]])
                        magnitude = abs(value)
                        if magnitude > 1023:
                            return BEYOND
                        size = _int64(_SIZES[magnitude])
                        if is_counting:
                            counts[ac, _SIXTEEN_ZEROS] += run >> 4
                            counts[ac, ((run & 15) << 4) | size] += 1
                            continue
                        while run > 15:
                            code = _int64(codes[ac, _SIXTEEN_ZEROS])
                            if code == 0:
                                return NO_CODE
                            length = code >> 16
                            word = (word << np.uint64(length)) | np.uint64(code & 0xFFFF)
                            count += length
                            if count >= 32:
                                count -= 32
                                words[at] = word >> np.uint64(count)
                                at += 1
                            run -= 16
                        code = _int64(codes[ac, (run << 4) | size])
                        if code == 0:
                            return NO_CODE
                        bits = value - 1 if value < 0 else value
                        bits = ((code & 0xFFFF) << size) | (bits & ((1 << size) - 1))
                        length = (code >> 16) + size
                        word = (word << np.uint64(length)) | np.uint64(bits)
                        count += length
                        if count >= 32:
                            count -= 32
                            words[at] = word >> np.uint64(count)
                            at += 1
                    if last < 63:
                        if is_counting:
                            counts[ac, _END_OF_BLOCK] += 1
                            continue
                        code = _int64(codes[ac, _END_OF_BLOCK])
                        if code == 0:
                            return NO_CODE
                        length = code >> 16
                        word = (word << np.uint64(length)) | np.uint64(code & 0xFFFF)
                        count += length
                        if count >= 32:
                            count -= 32
                            words[at] = word >> np.uint64(count)
                            at += 1
    if not is_counting:
        finish(words, starts, lengths, interval, word, count, at)
    return SOUND


@compiled
def finish(
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, interval: int, word: np.uint64, count: int, at: int
) -> int:
    """End an interval: ones up to a whole byte, and its last word. Return the next word's place."""
    padding = -count & 7
    word = (word << np.uint64(padding)) | np.uint64((1 << padding) - 1)
    count += padding
    lengths[interval] = 32 * (at - starts[interval]) + count
    if count > 0:
        words[at] = word << np.uint64(32 - count)
        at += 1
    return at


@compiled
def fill(words: np.ndarray, word: np.uint64, count: int, at: int) -> tuple[np.uint64, int, int]:
    """Return the reader's state with more than 32 bits ready."""
    if count <= 32:
        return word | (np.uint64(words[at]) << np.uint64(32 - count)), count + 32, at + 1
    return word, count, at


@compiled
def put(words: np.ndarray, word: np.uint64, count: int, at: int, bits: int, length: int) -> tuple[np.uint64, int, int]:
    """Return the writer's state after up to 32 more bits; fewer than 32 wait before and after."""
    word = (word << np.uint64(length)) | np.uint64(bits)
    count += length
    if count >= 32:
        count -= 32
        words[at] = word >> np.uint64(count)
        at += 1
    return word, count, at


@compiled
def unstuff(stream: np.ndarray, out: np.ndarray) -> int:
    """Copy the bytes uint8 of a scan without the zero after each FF. Return how many they are, or -1 at an FF without one."""
    count, i = 0, 0
    while i < len(stream):
        byte = stream[i]
        out[count] = byte
        count += 1
        i += 1
        if byte == 0xFF:
            if i == len(stream) or stream[i] != 0:
                return -1
            i += 1
    return count
