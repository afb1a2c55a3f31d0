"""Compile the search of `pilots.py`: words of a book against the likelihoods of every picture at every place."""

from __future__ import annotations

import math

import numpy as np

from ssgan.compute.compiled import compiled

_BLOCK = 128  # words at a time: their sums and the table of one place stay in the caches


@compiled
def score(words: np.ndarray, tables: np.ndarray, scores: np.ndarray) -> None:
    """Fill `scores` float64 (n,) with the log-likelihood of each word, up to a constant.

    words uint8 (n, M, b); tables float32 (b, M, 256, P): the likelihood of each value of a byte, at each place, for each
    picture.
    """
    count, size, width = words.shape
    pictures = tables.shape[3]
    sums, parts = np.empty((_BLOCK, pictures), np.float32), np.empty(pictures, np.float32)
    for begin in range(0, count, _BLOCK):
        block = min(_BLOCK, count - begin)
        sums[:] = np.float32(1e-30)
        for place in range(size):
            for number in range(block):
                row = tables[0, place, words[begin + number, place, 0]]
                if width == 1:
                    for picture in range(pictures):
                        sums[number, picture] += row[picture]
                elif width == 2:
                    other = tables[1, place, words[begin + number, place, 1]]
                    for picture in range(pictures):
                        sums[number, picture] += row[picture] * other[picture]
                else:
                    for picture in range(pictures):
                        parts[picture] = row[picture]
                    for byte in range(1, width):
                        other = tables[byte, place, words[begin + number, place, byte]]
                        for picture in range(pictures):
                            parts[picture] *= other[picture]
                    for picture in range(pictures):
                        sums[number, picture] += parts[picture]
        for number in range(block):
            total, product = 0.0, 1.0
            for picture in range(pictures):
                product *= sums[number, picture]
                if product < 1e-200:
                    total += math.log(product)
                    product = 1.0
            scores[begin + number] = total + math.log(product)
