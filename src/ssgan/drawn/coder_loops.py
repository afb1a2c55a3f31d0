"""Compile the steps of `coder.py`: draw one sample by bits, and put one back into bits, in 128-bit integers.

A state is int64 (10,): V in places 0...3 and R in 4...7, four limbs of 32 bits each, the highest first; how many words were
used in 8; whether a value was met that its law cannot give in 9. A product of a limb and a frequency is below 2^49, so nothing
overflows. Every step is exact; the one division in floating point is a first guess that is put right in integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled

Int = int | np.int64
STATE_LENGTH = 10
USED, IMPOSSIBLE = 8, 9  # places in a state
ABORTED = -1
_LIMB = 0xFFFFFFFF
_REACH = 6400  # as in tables.py
_TWO_32 = 4294967296.0


@compiled
def cumulative(row: np.ndarray, mean16: Int, value: Int) -> Any:
    """Return the part of 2^16 below `value` 0...256 in the law of `mean16`, row int32 (12801,)."""
    if value <= 0:
        return np.int64(0)
    if value >= 256:
        return np.int64(65536)
    place = 16 * value - 8 - mean16
    return np.int64(row[min(max(place, -_REACH), _REACH) + _REACH])


@compiled
def cumulative_of_parity(row: np.ndarray, mean16: Int, value: Int) -> Any:
    """Return the part of 2^15 below `value` among the values of its parity, for a dry law."""
    total = np.int64(0)
    v = value - 2
    while v >= 0:
        above = cumulative(row, mean16, v + 1)
        if above == 0:  # and so is all below
            break
        total += above - cumulative(row, mean16, v)
        v -= 2
    return total


@compiled
def draw(state: np.ndarray, words: np.ndarray, row: np.ndarray, mean16: Int) -> Any:
    """Return the next value 0...255 by the bits of `words` uint32, or -1 where the draw must be given up (below 2^-80).

    row int32 (12801,) of tables.py, mean16 any integer. `words` must hold `coder.most_words` words.
    """
    shares = _share(state, 16)
    if shares >= 65536:
        return np.int64(ABORTED)
    low, high = np.int64(0), np.int64(256)  # cumulative(low) <= shares < cumulative(high)
    while high - low > 1:
        middle = (low + high) >> 1
        if cumulative(row, mean16, middle) <= shares:
            low = middle
        else:
            high = middle
    below = cumulative(row, mean16, low)
    _take(state, words, below, cumulative(row, mean16, low + 1) - below, 16)
    return low


@compiled
def draw_with_parity(state: np.ndarray, words: np.ndarray, row: np.ndarray, mean16: Int, parity: Int) -> Any:
    """Return the same among the values of lowest bit `parity`, for a dry law: their frequencies add up to 2^15."""
    shares = _share(state, 15)
    if shares >= 32768:
        return np.int64(ABORTED)
    value, below = np.int64(parity), np.int64(0)
    while value < 256:
        weight = cumulative(row, mean16, value + 1) - cumulative(row, mean16, value)
        if below + weight > shares:
            _take(state, words, below, weight, 15)
            return value
        below += weight
        value += 2
    return np.int64(ABORTED)  # a law that is not dry


@compiled
def put(state: np.ndarray, words: np.ndarray, row: np.ndarray, mean16: Int, value: Int) -> None:
    """Add to `words` what drawing `value` 0...255 reveals of them. A value that the law cannot give is noted in the state."""
    below = cumulative(row, mean16, value)
    _put(state, words, below, cumulative(row, mean16, value + 1) - below, 16)


@compiled
def put_with_parity(state: np.ndarray, words: np.ndarray, row: np.ndarray, mean16: Int, value: Int) -> None:
    """Put a value that was drawn with its parity known, from a dry law."""
    below = cumulative_of_parity(row, mean16, value)
    _put(state, words, below, cumulative(row, mean16, value + 1) - cumulative(row, mean16, value), 15)


@compiled
def draw_many(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, means: np.ndarray, out: np.ndarray
) -> bool:
    """Draw independent samples in their order into out uint8 (n,); False where the draw is to be given up.

    tables int32 (42, 12801), scales and means int64 (n,).
    """
    for i in range(len(out)):
        value = draw(state, words, tables[scales[i]], means[i])
        if value < 0:
            return False
        out[i] = value
    return True


@compiled
def put_many(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, means: np.ndarray, values: np.ndarray
) -> None:
    """Put the samples values uint8 (n,) in their order."""
    for i in range(len(values)):
        put(state, words, tables[scales[i]], means[i], np.int64(values[i]))


@compiled
def draw_many_with_parities(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, means: np.ndarray, bits: np.ndarray,
    out: np.ndarray,
) -> bool:  # fmt: skip
    """Draw dry samples of given lowest bits uint8 (n,); False where the draw is to be given up."""
    for i in range(len(out)):
        value = draw_with_parity(state, words, tables[scales[i]], means[i], np.int64(bits[i]))
        if value < 0:
            return False
        out[i] = value
    return True


@compiled
def put_many_with_parities(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, means: np.ndarray, values: np.ndarray
) -> None:
    """Put dry samples whose lowest bits were given."""
    for i in range(len(values)):
        put_with_parity(state, words, tables[scales[i]], means[i], np.int64(values[i]))


@compiled
def _share(state: np.ndarray, bits: Int) -> Any:
    """Return floor(V / floor(R / 2^bits)), less than 2^(bits + 1)."""
    over = 32 - bits
    mask = (np.int64(1) << bits) - 1
    v0, v1, v2, v3 = state[0], state[1], state[2], state[3]
    q0 = state[4] >> bits
    q1 = (state[4] & mask) << over | state[5] >> bits
    q2 = (state[5] & mask) << over | state[6] >> bits
    q3 = (state[6] & mask) << over | state[7] >> bits
    v = ((v0 * _TWO_32 + v1) * _TWO_32 + v2) * _TWO_32 + v3
    q = ((q0 * _TWO_32 + q1) * _TWO_32 + q2) * _TWO_32 + q3
    share = np.int64(v / q)
    while _is_less(v0, v1, v2, v3, q0, q1, q2, q3, share):
        share -= 1
    while not _is_less(v0, v1, v2, v3, q0, q1, q2, q3, share + 1):
        share += 1
    return share


@compiled
def _is_less(v0: Int, v1: Int, v2: Int, v3: Int, q0: Int, q1: Int, q2: Int, q3: Int, times: Int) -> bool:
    """Return whether V < times * q."""
    p3 = q3 * times
    p2 = q2 * times + (p3 >> 32)
    p1 = q1 * times + (p2 >> 32)
    p0 = q0 * times + (p1 >> 32)  # whole: may exceed a limb
    p1, p2, p3 = p1 & _LIMB, p2 & _LIMB, p3 & _LIMB
    if v0 != p0:
        return bool(v0 < p0)
    if v1 != p1:
        return bool(v1 < p1)
    if v2 != p2:
        return bool(v2 < p2)
    return bool(v3 < p3)


@compiled
def _take(state: np.ndarray, words: np.ndarray, below: Int, weight: Int, bits: Int) -> None:
    """Set V -= below q and R = weight q, with q = floor(R / 2^bits); take one more word where R fell below 2^96."""
    over = 32 - bits
    mask = (np.int64(1) << bits) - 1
    borrow, carry, rest = np.int64(0), np.int64(0), np.int64(0)
    for i in range(3, -1, -1):
        q = state[4 + i] >> bits
        if i > 0:
            q |= (state[3 + i] & mask) << over
        less = state[i] - (q * below & _LIMB) - rest - borrow
        rest = q * below >> 32
        state[i] = less & _LIMB
        borrow = -(less >> 32)
        product = q * weight + carry
        carry = product >> 32
        state[4 + i] = product & _LIMB
    if state[4] == 0:
        state[0], state[1], state[2] = state[1], state[2], state[3]
        state[3] = np.int64(words[state[USED]])
        _shift_range(state)


@compiled
def _put(state: np.ndarray, words: np.ndarray, below: Int, weight: Int, bits: Int) -> None:
    """Set B += below q at its place, with the carry to the left, and R = weight q."""
    if weight == 0:
        state[IMPOSSIBLE] = 1
        weight = np.int64(1)  # so that what follows takes the time that it always takes
    over = 32 - bits
    mask = (np.int64(1) << bits) - 1
    carry, more = np.int64(0), np.int64(0)
    place = state[USED] - 1
    for i in range(3, -1, -1):
        q = state[4 + i] >> bits
        if i > 0:
            q |= (state[3 + i] & mask) << over
        more += q * below
        if place >= 0:
            more += np.int64(words[place])
            words[place] = more & _LIMB
        more >>= 32
        place -= 1
        product = q * weight + carry
        carry = product >> 32
        state[4 + i] = product & _LIMB
    while more > 0 and place >= 0:
        more += np.int64(words[place])
        words[place] = more & _LIMB
        more >>= 32
        place -= 1
    if state[4] == 0:
        _shift_range(state)


@compiled
def _shift_range(state: np.ndarray) -> None:
    """Set R *= 2^32, and use one more word."""
    state[4], state[5], state[6], state[7] = state[5], state[6], state[7], 0
    state[USED] += 1
