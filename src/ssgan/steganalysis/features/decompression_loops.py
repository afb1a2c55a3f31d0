"""Compile the decompression of JPEG blocks to samples that are neither rounded nor cut, around 0."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def decompress(plane: np.ndarray, table: np.ndarray, cosines: np.ndarray, out: np.ndarray) -> None:
    """Fill out float64 (8 R, 8 C) with the samples, minus 128, of int16 coefficients (8 R, 8 C) in steps of a table (8, 8)."""
    height, width = plane.shape
    half = np.empty((8, width))  # transformed along columns
    for top in range(0, height, 8):
        half[:] = 0
        for k in range(8):
            for n in range(8):
                factor, row, to = cosines[k, n], plane[top + k], half[n]
                for x in range(0, width, 8):
                    for j in range(8):
                        to[x + j] += factor * (np.float64(row[x + j]) * np.float64(table[k, j]))
        for n in range(8):
            source, target = half[n], out[top + n]
            for x in range(0, width, 8):
                for j in range(8):
                    total = 0.0
                    for m in range(8):
                        total += source[x + m] * cosines[m, j]
                    target[x + j] = total
