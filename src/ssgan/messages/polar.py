"""Code bits by a polar code and decode them from log-likelihood ratios, as a list of candidates (docs/format.md, 25).

E. Arikan, "Channel polarization", IEEE Trans. Inf. Theory 55 (7), 2009; decoded by I. Tal and A. Vardy, "List decoding of
polar codes", IEEE Trans. Inf. Theory 61 (5), 2015. The seal of a message picks the candidate, so no bits are spent on a
checksum. Which bits are frozen follows from whole numbers alone, so that every machine has the same code.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

LARGEST_LENGTH = 1 << 14
LIST = 32  # candidates
_ONE = 1 << 32
_ERASED = 5 * (_ONE // 8)  # that a transmitted bit is lost, for which the code is designed


@functools.lru_cache(maxsize=16)
def information_places(length: int, size: int) -> NDArray[np.int64]:
    """Return the places of `size` information bits, int64 ascending, of a code of `length` transmitted bits.

    The places least likely to be lost on an erasure channel, in units of 2^-32 and rounded down; of equal ones, the last.
    """
    lost = np.full(whole_length(length), _ERASED, np.uint64)
    lost[punctured(length)] = _ONE
    width = len(lost)
    while width > 1:
        width //= 2
        halves = lost.reshape(-1, 2, width)
        first, second = halves[:, 0], halves[:, 1]
        both = _product(first, second)
        lost = np.stack([first + second - both, both], axis=1).reshape(-1)
    order = np.lexsort((-np.arange(len(lost)), lost))
    return np.sort(order[:size])


def whole_length(length: int) -> int:
    """Return the least power of two from `length` on."""
    return 1 << max(length - 1, 1).bit_length()


def punctured(length: int) -> NDArray[np.int64]:
    """Return the places that are not transmitted: the reversed binary numbers of 0, 1, 2, ..."""
    whole = whole_length(length)
    bits = whole.bit_length() - 1
    numbers = np.arange(whole - length)
    found = np.zeros(len(numbers), np.int64)
    for bit in range(bits):
        found |= ((numbers >> bit) & 1) << (bits - 1 - bit)
    return found


def encode(bits: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Return `length` coded bits, uint8, of information bits uint8 (K,)."""
    word = np.zeros(whole_length(length), np.uint8)
    word[information_places(length, len(bits))] = bits
    width = 1
    while width < len(word):
        pairs = word.reshape(-1, 2, width)
        pairs[:, 0] ^= pairs[:, 1]
        width *= 2
    return np.delete(word, punctured(length))


def decode(ratios: NDArray[np.float64], size: int, *, candidates: int = LIST) -> NDArray[np.uint8]:
    """Return candidates for `size` information bits, uint8 (n, size), the likeliest first.

    ratios float64 (length,): log P(0) / P(1) of each coded bit; 0 where it is lost.
    """
    from ssgan.messages.polar_loops import decode_list

    length = len(ratios)
    whole = np.zeros(whole_length(length))
    sent = np.ones(len(whole), np.bool_)
    sent[punctured(length)] = False
    whole[sent] = ratios
    places = information_places(length, size)
    is_frozen = np.ones(len(whole), np.bool_)
    is_frozen[places] = False
    decided = np.zeros((candidates, size), np.uint8)
    costs = np.full(candidates, np.inf)
    decode_list(whole, is_frozen, decided, costs)
    order = np.argsort(costs, kind="stable")
    return decided[order[np.isfinite(costs[order])]]


def _product(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return products of numbers up to 2^32 in units of 2^-32, rounded down; one of 2^32 by itself would overflow."""
    shift = np.uint64(32)
    return np.where(first == _ONE, second, np.where(second == _ONE, first, (first * second) >> shift))
