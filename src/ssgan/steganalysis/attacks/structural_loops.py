"""Compile the sums of the structural attacks, one row of numbers for each strip of rows of each plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def count_pairs(planes: np.ndarray, out: np.ndarray) -> None:
    """Count pairs (u, v) of horizontal neighbors of uint8 planes (P, H, W) into int64 `out` (P, strips, 4).

    In order: X (u > v odd, or u < v even), Y (u < v odd, or u > v even), those with equal upper bits, all.
    """
    strips, height, width = out.shape[1], planes.shape[1], planes.shape[2]
    for p in range(len(planes)):
        for i in range(height):
            line, counts = planes[p, i], out[p, i * strips // height]
            x, y, near = np.int32(0), np.int32(0), np.int32(0)
            for j in range(width - 1):
                u, v = np.int32(line[j]), np.int32(line[j + 1])
                odd = (v & 1) == 1
                x += np.int32((odd & (u > v)) | (~odd & (u < v)))
                y += np.int32((odd & (u < v)) | (~odd & (u > v)))
                near += np.int32((u >> 1) == (v >> 1))
            counts[0] += x
            counts[1] += y
            counts[2] += near
            counts[3] += width - 1


@compiled
def _roughness(a: Any, b: Any, c: Any, d: Any) -> Any:
    return abs(b - a) + abs(c - b) + abs(d - c)


@compiled
def _down(x: Any) -> Any:
    """Return the dual flip: 255 <-> 256, 0 <-> -1, 1 <-> 2, ..."""
    return ((x + 1) ^ 1) - 1


@compiled
def count_groups(planes: np.ndarray, out: np.ndarray) -> None:
    """Count groups of four neighbors along rows and columns of uint8 planes (P, H, W) into int64 `out` (P, strips, 5).

    The two in the middle are flipped. In order: regular minus singular groups under the flip, under the dual flip, both once
    more after the last bit of every sample has been flipped; all groups.
    """
    strips, height, width = out.shape[1], planes.shape[1], planes.shape[2]
    for p in range(len(planes)):
        plane = planes[p]
        for i in range(height):
            counts = out[p, i * strips // height]
            for along in range(2):
                step_i, step_j = along, 1 - along
                if i + 3 * step_i >= height:
                    continue
                up, down, up_flipped, down_flipped = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
                for j in range(width - 3 * step_j):
                    a, b = np.int32(plane[i, j]), np.int32(plane[i + step_i, j + step_j])
                    c, d = np.int32(plane[i + 2 * step_i, j + 2 * step_j]), np.int32(plane[i + 3 * step_i, j + 3 * step_j])
                    before = _roughness(a, b, c, d)
                    up += np.sign(_roughness(a, b ^ 1, c ^ 1, d) - before)
                    down += np.sign(_roughness(a, _down(b), _down(c), d) - before)
                    a, b, c, d = a ^ 1, b ^ 1, c ^ 1, d ^ 1
                    before = _roughness(a, b, c, d)
                    up_flipped += np.sign(_roughness(a, b ^ 1, c ^ 1, d) - before)
                    down_flipped += np.sign(_roughness(a, _down(b), _down(c), d) - before)
                counts[0] += up
                counts[1] += down
                counts[2] += up_flipped
                counts[3] += down_flipped
                counts[4] += max(0, width - 3 * step_j)


@compiled
def sum_residuals(planes: np.ndarray, weighted: bool, out: np.ndarray) -> None:
    """Sum over the inner samples x of uint8 planes (P, H, W) into float64 `out` (P, strips, 2).

    w (x - x')(x - prediction) and w, where x' is x with its last bit flipped, the prediction is that of the KB kernel and
    w = 1 / (5 + variance of the 3 x 3 samples around x), or 1.
    """
    strips, height, width = out.shape[1], planes.shape[1], planes.shape[2]
    for p in range(len(planes)):
        for i in range(1, height - 1):
            above, line, below = planes[p, i - 1], planes[p, i], planes[p, i + 1]
            total = weights = 0.0
            for j in range(1, width - 1):
                x = np.int64(line[j])
                near = np.int64(above[j]) + np.int64(below[j]) + np.int64(line[j - 1]) + np.int64(line[j + 1])
                far = np.int64(above[j - 1]) + np.int64(above[j + 1]) + np.int64(below[j - 1]) + np.int64(below[j + 1])
                weight = 1.0
                if weighted:
                    squares = x * x
                    for k in range(j - 1, j + 2):
                        squares += np.int64(above[k]) ** 2 + np.int64(below[k]) ** 2
                    squares += np.int64(line[j - 1]) ** 2 + np.int64(line[j + 1]) ** 2
                    mean = (x + near + far) / 9
                    weight = 1 / (5 + (squares / 9 - mean * mean))
                total += weight * (x - (x ^ 1)) * (x - (2 * near - far) / 4)
                weights += weight
            out[p, i * strips // height, 0] += total
            out[p, i * strips // height, 1] += weights


@compiled
def count_values(planes: np.ndarray, out: np.ndarray) -> None:
    """Count how often each value occurs in uint8 planes (P, H, W) into int64 `out` (P, strips, 256)."""
    strips, height, width = out.shape[1], planes.shape[1], planes.shape[2]
    for p in range(len(planes)):
        for i in range(height):
            line, counts = planes[p, i], out[p, i * strips // height]
            for j in range(width):
                counts[line[j]] += 1
