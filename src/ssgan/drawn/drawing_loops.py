"""Compile the loops of `drawing.py`: draw, put back or weigh a plane whose means follow its neighbors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.drawn.coder_loops import Int, cumulative, draw, put


@compiled
def draw_plane(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, base: np.ndarray, weights: np.ndarray,
    out: np.ndarray,
) -> bool:  # fmt: skip
    """Draw a plane into out uint8 (H, W), row by row; False where the draw is to be given up.

    tables int32 (42, 12801); scales, base int64 (H, W); weights int64 (H, W, 0 or 4), in 1024ths, of the residuals of the
    neighbors left, above, above on the left, above on the right.
    """
    height, width = out.shape
    for i in range(height):
        for j in range(width):
            value = draw(state, words, tables[scales[i, j]], _mean(base, weights, out, i, j))
            if value < 0:
                return False
            out[i, j] = value
    return True


@compiled
def put_plane(
    state: np.ndarray, words: np.ndarray, tables: np.ndarray, scales: np.ndarray, base: np.ndarray, weights: np.ndarray,
    values: np.ndarray,
) -> None:  # fmt: skip
    """Put a plane values uint8 (H, W) back into words."""
    height, width = values.shape
    for i in range(height):
        for j in range(width):
            put(state, words, tables[scales[i, j]], _mean(base, weights, values, i, j), np.int64(values[i, j]))


@compiled
def plane_bits(
    tables: np.ndarray, scales: np.ndarray, base: np.ndarray, weights: np.ndarray, values: np.ndarray, out: np.ndarray
) -> None:
    """Write -log2 of the probability of each of values uint8 (H, W) into out float64 (H, W)."""
    height, width = values.shape
    for i in range(height):
        for j in range(width):
            row, mean = tables[scales[i, j]], _mean(base, weights, values, i, j)
            value = np.int64(values[i, j])
            share = cumulative(row, mean, value + 1) - cumulative(row, mean, value)
            out[i, j] = 16 - np.log2(np.float64(share)) if share > 0 else np.inf


@compiled
def _mean(base: np.ndarray, weights: np.ndarray, values: np.ndarray, i: Int, j: Int) -> Any:
    """Return the mean of a sample in sixteenths of a gray value."""
    total = np.int64(512)
    if weights.shape[2] == 0:
        return base[i, j]
    width = values.shape[1]
    if j > 0:
        total += weights[i, j, 0] * (16 * np.int64(values[i, j - 1]) - base[i, j - 1])
    if i > 0:
        total += weights[i, j, 1] * (16 * np.int64(values[i - 1, j]) - base[i - 1, j])
        if j > 0:
            total += weights[i, j, 2] * (16 * np.int64(values[i - 1, j - 1]) - base[i - 1, j - 1])
        if j < width - 1:
            total += weights[i, j, 3] * (16 * np.int64(values[i - 1, j + 1]) - base[i - 1, j + 1])
    return base[i, j] + (total >> 10)
