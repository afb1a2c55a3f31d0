"""Compile PHARM: residuals of a picture multiplied by random matrices at one place of each block, and counted by magnitude.

Residuals are kept by their place in the 8 x 8 grid, so that what one number of a matrix multiplies is side by side; some rows
of blocks are worked on for all matrices, since they stay in the cache.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.decompression_loops import decompress

BINS = 2
LARGEST = 8  # side of a matrix
_TOGETHER = 256  # samples of one place that are worked on together, or one row of blocks where that is more


@compiled
def fill_pharm(
    planes: np.ndarray,
    table: np.ndarray,
    cosines: np.ndarray,
    step: float,
    residuals: np.ndarray,
    places: np.ndarray,
    matrices: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill out (N, residuals x projections x 2) with counts below `step`, and from it to twice it, of int16 (N, H, W).

    residuals  (K, 4, 3): rows and columns of four samples, from the residual's own, and what they are multiplied by
    places     (K, P, O, 4): of each orientation of a matrix its height and width, and its row and column in the 8 x 8 grid
    matrices   (K, P, O, 8, 8): the numbers by which residuals are multiplied, from the top left
    """
    height, width = planes.shape[1:]
    samples = np.empty((height, width))
    rows, stride = height // 8, width // 8 + 1  # a matrix may reach into the block after the last that it begins in
    group = max(1, _TOGETHER // stride)
    size = (group + 1) * stride + 1
    near, values = np.empty(64 * size), np.empty(group * stride)
    factors, starts = np.empty(LARGEST * LARGEST), np.empty(LARGEST * LARGEST, np.int64)
    residual = np.empty((height, width))
    counts = np.empty(places.shape[:2] + (BINS,), np.int64)
    for n in range(len(planes)):
        decompress(planes[n], table, cosines, samples)
        samples += 128  # as the authors do: this also rounds what should be a whole number to it
        counts[:] = 0
        for k in range(len(residuals)):
            across, down = residuals[k, :, 1].max(), residuals[k, :, 0].max()
            edge = 2 if max(across, down) > 2 else 1
            lines, columns = height - 2 * edge, width - 2 * edge
            _fill_residual(samples, residuals[k], residual[:lines, :columns])
            for top in range(0, rows, group):
                _gather(residual[:lines, :columns], top, group, stride, size, near)
                for p in range(places.shape[1]):
                    for o in range(places.shape[2]):
                        tall, wide, y, x = places[k, p, o]
                        taps = _list_taps(matrices[k, p, o], tall, wide, y, x, stride, size, factors, starts)
                        _multiply(near, factors, starts, taps, values)
                        begun = min(group, 1 + (lines - y - tall) // 8 - top)
                        _count(values, begun, 1 + (columns - x - wide) // 8, stride, step, counts[k, p])
        flat = counts.reshape(-1)
        for i in range(len(flat)):
            out[n, i] = flat[i]


@compiled
def _fill_residual(samples: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    height, width = out.shape
    for y in range(height):
        target = out[y]
        for t in range(4):
            source, factor = samples[y + taps[t, 0], taps[t, 1] :], np.float64(taps[t, 2])
            if t == 0:
                for x in range(width):
                    target[x] = factor * source[x]
            else:
                for x in range(width):
                    target[x] += factor * source[x]


@compiled
def _gather(residual: np.ndarray, top: int, group: int, stride: int, size: int, near: np.ndarray) -> None:
    """Fill (64, size) with residuals by their place in blocks, from one row of blocks on; zeros beyond the picture."""
    height, width = residual.shape
    near[:] = 0
    for r in range(group + 1):
        for i in range(8):
            y = 8 * (top + r) + i
            if y < height:
                for j in range(8):
                    at = (8 * i + j) * size + r * stride
                    for c in range((width - j + 7) // 8):
                        near[at + c] = residual[y, 8 * c + j]


@compiled
def _list_taps(
    matrix: np.ndarray,
    tall: int,
    wide: int,
    y: int,
    x: int,
    stride: int,
    size: int,
    factors: np.ndarray,
    starts: np.ndarray,
) -> int:
    """List a matrix's numbers and where in `near` they begin; return how many there are, with zeros up to a multiple of 4."""
    taps = 0
    for a in range(tall):
        for b in range(wide):
            i, j = y + a, x + b
            factors[taps] = matrix[a, b]
            starts[taps] = (8 * (i % 8) + j % 8) * size + (i // 8) * stride + j // 8
            taps += 1
    while taps % 4:
        factors[taps], starts[taps] = 0.0, 0
        taps += 1
    return taps


@compiled
def _multiply(near: np.ndarray, factors: np.ndarray, starts: np.ndarray, taps: int, values: np.ndarray) -> None:
    for t in range(0, taps, 4):
        f0, f1, f2, f3 = factors[t], factors[t + 1], factors[t + 2], factors[t + 3]
        n0, n1, n2, n3 = near[starts[t] :], near[starts[t + 1] :], near[starts[t + 2] :], near[starts[t + 3] :]
        if t == 0:
            for x in range(len(values)):
                values[x] = f0 * n0[x] + f1 * n1[x] + f2 * n2[x] + f3 * n3[x]
        else:
            for x in range(len(values)):
                values[x] += f0 * n0[x] + f1 * n1[x] + f2 * n2[x] + f3 * n3[x]


@compiled
def _count(values: np.ndarray, rows: int, columns: int, stride: int, step: float, counts: np.ndarray) -> None:
    small, both = 0, 0
    for r in range(rows):
        row = values[r * stride :]
        for c in range(columns):
            size = abs(row[c])
            small += size < step
            both += size <= 2 * step
    counts[0] += small
    counts[1] += both - small
