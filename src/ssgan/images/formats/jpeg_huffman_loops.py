"""Compile the Huffman tables of `jpeg_huffman.py`: what a decoder looks up, and the code lengths that libjpeg would choose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled

_int64: Any = np.int64  # compiled as a conversion; a type checker would tell it from int
LOOKUP_BITS = 11
_MOST_BITS = 16  # of a code in a JPEG
_NONE = -1


@compiled
def fill_lookup(counts: np.ndarray, symbols: np.ndarray, lookup: np.ndarray, limits: np.ndarray, firsts: np.ndarray) -> None:
    """Fill the tables to decode one Huffman table by: counts (16,) and symbols (n,), uint8.

    lookup uint16 (2^11,): by the next 11 bits, 256 x length + symbol, or 0 where the code is longer. limits int64 (17,): of
    each length, the 16-bit value that its codes are below. firsts int64 (17,): what to add to a code for its symbol's place.
    """
    lookup[:] = 0
    code, place = 0, 0
    for length in range(1, 17):
        count = _int64(counts[length - 1])
        firsts[length] = place - code
        if length <= LOOKUP_BITS:
            width = 1 << (LOOKUP_BITS - length)
            for i in range(count):
                entry = (length << 8) | _int64(symbols[place + i])
                start = (code + i) * width
                for j in range(start, start + width):
                    lookup[j] = entry
        code += count
        place += count
        limits[length] = code << (16 - length)
        code <<= 1


@compiled
def long_code(bits: int, limits: np.ndarray, firsts: np.ndarray, symbols: np.ndarray) -> int:
    """Return 256 x length + symbol of the code that the 16 `bits` begin with, longer than a lookup; 0 if there is none."""
    for length in range(LOOKUP_BITS + 1, 17):
        if bits < limits[length]:
            return (length << 8) | _int64(symbols[(bits >> (16 - length)) + firsts[length]])
    return 0


@compiled
def optimal_depths(counts: np.ndarray, lengths: np.ndarray, depths: np.ndarray) -> None:
    """Fill lengths int64 (17,) with the number of codes of each length 1...16 that libjpeg takes for counts int64 (256,).

    depths int64 (257,) become the symbols' depths in the tree, 0 for those that do not occur: the shallow get the short codes.

    Huffman's method, by T.81, K.2: of the trees with the smallest count the one of the largest symbol is joined first; a
    257th symbol of count 1 takes the code of ones only, which is then left out; codes longer than 16 bits are shortened by K.3.
    """
    weights = np.zeros(257, np.int64)
    weights[:256] = counts
    weights[256] = 1
    depths[:] = 0
    following = np.full(257, _NONE, np.int64)
    while True:
        smallest, second = _NONE, _NONE
        for i in range(257):
            if weights[i] > 0 and (smallest == _NONE or weights[i] <= weights[smallest]):
                smallest = i
        for i in range(257):
            if weights[i] > 0 and i != smallest and (second == _NONE or weights[i] <= weights[second]):
                second = i
        if second == _NONE:
            break
        weights[smallest] += weights[second]
        weights[second] = 0
        last = smallest
        depths[last] += 1
        while following[last] != _NONE:
            last = following[last]
            depths[last] += 1
        following[last] = second
        last = second
        depths[last] += 1
        while following[last] != _NONE:
            last = following[last]
            depths[last] += 1
    numbers = np.zeros(258, np.int64)
    for i in range(257):
        if depths[i] > 0:
            numbers[depths[i]] += 1
    for length in range(257, _MOST_BITS, -1):
        while numbers[length] > 0:
            shorter = length - 2
            while numbers[shorter] == 0:
                shorter -= 1
            numbers[length] -= 2
            numbers[length - 1] += 1
            numbers[shorter + 1] += 2
            numbers[shorter] -= 1
    longest = _MOST_BITS
    while longest > 0 and numbers[longest] == 0:
        longest -= 1
    numbers[longest] -= 1  # the code of ones only
    lengths[:] = numbers[:17]
