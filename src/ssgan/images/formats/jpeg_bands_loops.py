"""Compile the entropy coding of the scans that only progressive JPEGs have (ITU-T T.81, annex G).

A scan codes a band of AC coefficients of one component, or one more bit of what an earlier scan began. Conventions are those of
`jpeg_scans_loops.py`. A run of blocks whose band ends is written as libjpeg writes it: it ends before 32,767 blocks, or before
more than 937 bits of refinement wait behind it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.images.formats.jpeg_huffman_loops import LOOKUP_BITS, long_code
from ssgan.images.formats.jpeg_scans_loops import (
    BEYOND,
    LEFT_OVER,
    MARGIN,
    NO_CODE,
    OVERFULL,
    SOUND,
    TRUNCATED,
    fill,
    finish,
    put,
)

_int64: Any = np.int64  # compiled as a conversion; a type checker would tell it from int
_SIXTEEN_ZEROS = 0xF0
_AC_SIZE = 10
_MOST_AC = 1023
_MOST_DC = 2047
_MOST_RUN = 0x7FFF
_MOST_HELD = 937
_HELD = _MOST_HELD + 64


@compiled
def decode_dc_bits(
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, out: np.ndarray, layout: np.ndarray, grid: np.ndarray
) -> int:
    """Decode a scan of one more bit of each DC coefficient. Returns SOUND, or what is wrong."""
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    interval, until = -1, 0
    at = 0
    for unit in range(rows * columns):
        if unit == until:
            if interval >= 0 and lengths[interval] - at >= 8:
                return LEFT_OVER
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            at = 0
        row, column = unit // columns, unit % columns
        for c in range(len(layout)):
            for down in range(layout[c, 3]):
                for across in range(layout[c, 2]):
                    block = row * layout[c, 3] + down
                    block = 64 * (layout[c, 0] + block * layout[c, 1] + column * layout[c, 2] + across)
                    if at >= lengths[interval]:
                        return TRUNCATED
                    if (_int64(words[starts[interval] + (at >> 5)]) >> (31 - (at & 31))) & 1:
                        out[block] |= 1 << low
                    at += 1
    return LEFT_OVER if lengths[interval] - at >= 8 else SOUND


@compiled
def encode_dc_bits(
    blocks: np.ndarray, layout: np.ndarray, grid: np.ndarray, words: np.ndarray, starts: np.ndarray, lengths: np.ndarray
) -> int:
    """Encode what `decode_dc_bits` decodes. Returns SOUND, BEYOND, or OVERFULL where `words` end."""
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    interval, until = -1, 0
    word, count, at = np.uint64(0), 0, 0
    for unit in range(rows * columns):
        if unit == until:
            if interval >= 0:
                at = finish(words, starts, lengths, interval, word, count, at)
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            word, count = np.uint64(0), 0
            starts[interval] = at
        row, column = unit // columns, unit % columns
        for c in range(len(layout)):
            for down in range(layout[c, 3]):
                for across in range(layout[c, 2]):
                    if at + MARGIN > len(words):
                        return OVERFULL
                    block = row * layout[c, 3] + down
                    block = 64 * (layout[c, 0] + block * layout[c, 1] + column * layout[c, 2] + across)
                    if abs(_int64(blocks[block])) > _MOST_DC:
                        return BEYOND
                    bit = (_int64(blocks[block]) >> low) & 1
                    word, count, at = put(words, word, count, at, bit, 1)
    finish(words, starts, lengths, interval, word, count, at)
    return SOUND


@compiled
def decode_band(
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, out: np.ndarray, layout: np.ndarray, grid: np.ndarray,
    order: np.ndarray, lookup: np.ndarray, limits: np.ndarray, firsts: np.ndarray, symbols: np.ndarray,
    first: int, last: int, is_refining: bool,
) -> int:  # fmt: skip
    """Decode a scan of AC coefficients in the places `first`...`last`, or (is_refining) of one more bit of them.

    Returns SOUND, or what is wrong.
    """
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    interval, until = -1, 0
    word, count, at = np.uint64(0), 0, 0
    run_of_blocks = 0
    step = 1 << low
    for unit in range(rows * columns):
        if unit == until:
            if interval >= 0:
                if run_of_blocks > 0:
                    return BEYOND
                if lengths[interval] - 32 * (at - starts[interval]) + count >= 8:
                    return LEFT_OVER
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            word, count, at = np.uint64(0), 0, starts[interval]
        block = 64 * (layout[0, 0] + (unit // columns) * layout[0, 1] + unit % columns)
        k = first
        if run_of_blocks == 0:
            while k <= last:
                word, count, at = fill(words, word, count, at)
                entry = _int64(lookup[word >> np.uint64(64 - LOOKUP_BITS)])
                if entry == 0:
                    entry = long_code(_int64(word >> np.uint64(48)), limits, firsts, symbols)
                    if entry == 0:
                        return NO_CODE
                length, size, run = entry >> 8, entry & 15, (entry >> 4) & 15
                word <<= np.uint64(length)
                count -= length
                value = 0
                if size == 0:
                    if run < 15:
                        run_of_blocks = 1 << run
                        if run > 0:
                            word, count, at = fill(words, word, count, at)
                            run_of_blocks += _int64(word >> np.uint64(64 - run))
                            word <<= np.uint64(run)
                            count -= run
                        break
                elif is_refining:
                    if size > 1:
                        return NO_CODE
                    word, count, at = fill(words, word, count, at)
                    value = step if word >> np.uint64(63) else -step
                    word <<= np.uint64(1)
                    count -= 1
                else:
                    if size > _AC_SIZE:
                        return BEYOND
                    word, count, at = fill(words, word, count, at)
                    value = _int64(word >> np.uint64(64 - size))
                    if value < (1 << (size - 1)):
                        value -= (1 << size) - 1
                    value *= step
                    if abs(value) > _MOST_AC:
                        return BEYOND
                    word <<= np.uint64(size)
                    count -= size
                if not is_refining:
                    k += run
                else:
                    while k <= last:
                        known = _int64(out[block + order[k]])
                        if known != 0:
                            known, word, count, at = _refined(words, word, count, at, known, step)
                            if abs(known) > _MOST_AC:
                                return BEYOND
                            out[block + order[k]] = known
                        else:
                            if run == 0:
                                break
                            run -= 1
                        k += 1
                if k > last:  # a run of zeros may not leave the band
                    return BEYOND
                if size > 0:
                    out[block + order[k]] = value
                k += 1
        if run_of_blocks > 0:
            run_of_blocks -= 1
            if is_refining:
                while k <= last:
                    known = _int64(out[block + order[k]])
                    if known != 0:
                        known, word, count, at = _refined(words, word, count, at, known, step)
                        if abs(known) > _MOST_AC:
                            return BEYOND
                        out[block + order[k]] = known
                    k += 1
        if 32 * (at - starts[interval]) - count > lengths[interval]:
            return TRUNCATED
    if run_of_blocks > 0:
        return BEYOND
    return LEFT_OVER if lengths[interval] - 32 * (at - starts[interval]) + count >= 8 else SOUND


@compiled
def encode_band(
    blocks: np.ndarray, layout: np.ndarray, grid: np.ndarray, order: np.ndarray, codes: np.ndarray, counts: np.ndarray,
    words: np.ndarray, starts: np.ndarray, lengths: np.ndarray,
    first: int, last: int, is_refining: bool, is_counting: bool,
) -> int:  # fmt: skip
    """Encode what `decode_band` decodes, or (is_counting) only count the symbols in counts int64 (256,).

    codes uint32 (256,). Returns SOUND, or BEYOND, NO_CODE or OVERFULL as `encode_blocks` does.
    """
    rows, columns, restart, low = grid[0], grid[1], grid[2], grid[3]
    interval, until = -1, 0
    word, count, at = np.uint64(0), 0, 0
    run_of_blocks, num_held = 0, 0
    held, own = np.zeros(_HELD, np.uint8), np.zeros(64, np.uint8)
    magnitudes = np.zeros(64, np.int64)
    for unit in range(rows * columns):
        if at + MARGIN > len(words):
            return OVERFULL
        if unit == until:
            if interval >= 0:
                word, count, at = _put_run(codes, counts, words, word, count, at, run_of_blocks, held, num_held, is_counting)
                if at < 0:
                    return NO_CODE
                run_of_blocks, num_held = 0, 0
                if not is_counting:
                    at = finish(words, starts, lengths, interval, word, count, at)
            interval += 1
            until = unit + restart if restart > 0 else rows * columns
            word, count = np.uint64(0), 0
            if not is_counting:
                starts[interval] = at
        block = 64 * (layout[0, 0] + (unit // columns) * layout[0, 1] + unit % columns)
        newest = 0  # the last place whose coefficient is not zero for the first time
        for k in range(first, last + 1):
            magnitude = abs(_int64(blocks[block + order[k]]))
            if magnitude > _MOST_AC:
                return BEYOND
            magnitudes[k] = magnitude >> low
            if magnitudes[k] == 1 or (magnitudes[k] > 0 and not is_refining):
                newest = k
        run, num_own = 0, 0
        for k in range(first, last + 1):
            magnitude = magnitudes[k]
            if magnitude == 0:
                run += 1
                continue
            is_known = is_refining and magnitude > 1
            while run > 15 and k <= newest:
                word, count, at = _put_run(codes, counts, words, word, count, at, run_of_blocks, held, num_held, is_counting)
                if at < 0:
                    return NO_CODE
                run_of_blocks, num_held = 0, 0
                if is_counting:
                    counts[_SIXTEEN_ZEROS] += 1
                else:
                    if codes[_SIXTEEN_ZEROS] == 0:
                        return NO_CODE
                    word, count, at = _put_code(words, word, count, at, codes[_SIXTEEN_ZEROS])
                    word, count, at = _put_bits(words, word, count, at, own, num_own)
                num_own = 0
                run -= 16
            if is_known:
                own[num_own] = magnitude & 1
                num_own += 1
                continue
            word, count, at = _put_run(codes, counts, words, word, count, at, run_of_blocks, held, num_held, is_counting)
            if at < 0:
                return NO_CODE
            run_of_blocks, num_held = 0, 0
            size = 1
            while magnitude >> size > 0:
                size += 1
            symbol = (run << 4) | size
            run = 0
            if is_counting:
                counts[symbol] += 1
            else:
                if codes[symbol] == 0:
                    return NO_CODE
                word, count, at = _put_code(words, word, count, at, codes[symbol])
                is_negative = blocks[block + order[k]] < 0
                if is_refining:
                    bits = 0 if is_negative else 1
                else:
                    bits = magnitude ^ ((1 << size) - 1) if is_negative else magnitude
                word, count, at = put(words, word, count, at, bits, size)
                word, count, at = _put_bits(words, word, count, at, own, num_own)
            num_own = 0
        if run > 0 or num_own > 0:
            run_of_blocks += 1
            for i in range(num_own):
                held[num_held + i] = own[i]
            num_held += num_own
            if run_of_blocks == _MOST_RUN or num_held > _MOST_HELD:
                word, count, at = _put_run(codes, counts, words, word, count, at, run_of_blocks, held, num_held, is_counting)
                if at < 0:
                    return NO_CODE
                run_of_blocks, num_held = 0, 0
    word, count, at = _put_run(codes, counts, words, word, count, at, run_of_blocks, held, num_held, is_counting)
    if at < 0:
        return NO_CODE
    if not is_counting:
        finish(words, starts, lengths, interval, word, count, at)
    return SOUND


@compiled
def _refined(words: np.ndarray, word: np.uint64, count: int, at: int, known: int, step: int) -> tuple[int, np.uint64, int, int]:
    """Return a coefficient that is not zero after one more bit of it, and the reader's state."""
    word, count, at = fill(words, word, count, at)
    if word >> np.uint64(63):
        known += step if known > 0 else -step
    return known, word << np.uint64(1), count - 1, at


@compiled
def _put_code(words: np.ndarray, word: np.uint64, count: int, at: int, code: int) -> tuple[np.uint64, int, int]:
    code = _int64(code)
    return put(words, word, count, at, code & 0xFFFF, code >> 16)


@compiled
def _put_bits(
    words: np.ndarray, word: np.uint64, count: int, at: int, bits: np.ndarray, length: int
) -> tuple[np.uint64, int, int]:
    for i in range(length):
        word, count, at = put(words, word, count, at, _int64(bits[i]), 1)
    return word, count, at


@compiled
def _run_symbol(run_of_blocks: int) -> int:
    """Return the symbol of a run of blocks that end: 16 x the bits that follow it."""
    bits = 0
    while run_of_blocks >> (bits + 1) > 0:
        bits += 1
    return bits << 4


@compiled
def _put_run(
    codes: np.ndarray, counts: np.ndarray, words: np.ndarray, word: np.uint64, count: int, at: int,
    run_of_blocks: int, held: np.ndarray, num_held: int, is_counting: bool,
) -> tuple[np.uint64, int, int]:  # fmt: skip
    """Return the writer's state after a run of blocks that end, and the refinements of their coefficients; nothing is written
    for no block. The place is -1 where the run has no code.
    """
    if run_of_blocks == 0:
        return word, count, at
    symbol = _run_symbol(run_of_blocks)
    if is_counting:
        counts[symbol] += 1
        return word, count, at
    if codes[symbol] == 0:
        return word, count, -1
    word, count, at = _put_code(words, word, count, at, codes[symbol])
    bits = symbol >> 4
    word, count, at = put(words, word, count, at, run_of_blocks & ((1 << bits) - 1), bits)
    return _put_bits(words, word, count, at, held, num_held)
