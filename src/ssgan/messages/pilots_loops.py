"""Compile the search of `pilots.py`: words of a book against the likelihoods of every picture at every place."""

from __future__ import annotations

import math

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def score(words: np.ndarray, tables: np.ndarray, scores: np.ndarray) -> None:
    """Fill `scores` float64 (n,) with the log-likelihood of each word, up to a constant.

    words uint8 (n, M, b); tables float32 (b, M, 256, P): the likelihood of each value of a byte, at each place, for each
    picture.
    """
    count, size, width = words.shape
    pictures = tables.shape[3]
    sums, parts = np.zeros(pictures, np.float32), np.zeros(pictures, np.float32)
    for number in range(count):
        for picture in range(pictures):
            sums[picture] = np.float32(1e-30)
        for place in range(size):
            row = tables[0, place, words[number, place, 0]]
            if width == 1:
                for picture in range(pictures):
                    sums[picture] += row[picture]
            else:
                for picture in range(pictures):
                    parts[picture] = row[picture]
                for byte in range(1, width):
                    row = tables[byte, place, words[number, place, byte]]
                    for picture in range(pictures):
                        parts[picture] *= row[picture]
                for picture in range(pictures):
                    sums[picture] += parts[picture]
        total, product = 0.0, 1.0
        for picture in range(pictures):
            product *= sums[picture]
            if product < 1e-200:
                total += math.log(product)
                product = 1.0
        scores[number] = total + math.log(product)
