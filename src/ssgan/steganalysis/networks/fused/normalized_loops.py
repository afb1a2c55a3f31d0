"""Compile BatchNorm and ReLU on images with adjacent channels: each image is one row of numbers, (N, H W C).

What a channel is multiplied with is repeated along a row of some hundred numbers, a tile, so that the inner loop is long
however few channels there are. Sums are taken in single precision in each place of a tile over an image, the rest in double.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

_ZERO = np.float32(0)
_TILE = 512


@compiled
def _tiled(row: np.ndarray) -> np.ndarray:
    made = np.empty((max(1, _TILE // len(row)), len(row)), np.float32)
    made[:] = row
    return made.reshape(-1)


@compiled
def _fold(tile: np.ndarray, sums: np.ndarray, column: int) -> None:
    """Add the sums at each position of the tile to its channel."""
    channels = len(sums)
    for i in range(len(tile)):
        sums[i % channels, column] += tile[i]


@compiled
def moments(x: np.ndarray, origin: np.ndarray, first: int, last: int, sums: np.ndarray) -> None:
    """Add to sums (C, 2) the sum and the sum of squares of the images first...last - 1, less the channel's origin (C,)."""
    less = _tiled(origin)
    size = len(less)
    plain, squares = np.empty(size, np.float32), np.empty(size, np.float32)
    for n in range(first, last):
        plain[:] = 0
        squares[:] = 0
        for j in range(0, x.shape[1], size):
            row = x[n, j : j + size]
            for i in range(len(row)):
                value = row[i] - less[i]
                plain[i] += value
                squares[i] = squares[i] + value * value
        _fold(plain, sums, 0)
        _fold(squares, sums, 1)


@compiled
def normalize(x: np.ndarray, coefficients: np.ndarray, rectified: bool, first: int, last: int, out: np.ndarray) -> None:
    """Compute a x + b with (a, b) the channel's column of coefficients (2, C), or ReLU of that."""
    a, b = _tiled(coefficients[0]), _tiled(coefficients[1])
    for n in range(first, last):
        for j in range(0, x.shape[1], len(a)):
            row, made = x[n, j : j + len(a)], out[n, j : j + len(a)]
            if rectified:
                for i in range(len(row)):
                    made[i] = max(a[i] * row[i] + b[i], _ZERO)
            else:
                for i in range(len(row)):
                    made[i] = a[i] * row[i] + b[i]


@compiled
def moments_of_gradient(
    x: np.ndarray,
    origin: np.ndarray,
    coefficients: np.ndarray,
    rectified: bool,
    gradient: np.ndarray,
    first: int,
    last: int,
    sums: np.ndarray,
) -> None:
    """Add to sums (C, 2) the sum of the derivative by a x + b, and of its products with x less the channel's origin."""
    a, b, less = _tiled(coefficients[0]), _tiled(coefficients[1]), _tiled(origin)
    plain, products = np.empty(len(a), np.float32), np.empty(len(a), np.float32)
    for n in range(first, last):
        plain[:] = 0
        products[:] = 0
        for j in range(0, x.shape[1], len(a)):
            row, given = x[n, j : j + len(a)], gradient[n, j : j + len(a)]
            if rectified:
                for i in range(len(row)):
                    value = given[i] if a[i] * row[i] + b[i] > 0 else _ZERO
                    plain[i] += value
                    products[i] = products[i] + value * (row[i] - less[i])
            else:
                for i in range(len(row)):
                    plain[i] += given[i]
                    products[i] = products[i] + given[i] * (row[i] - less[i])
        _fold(plain, sums, 0)
        _fold(products, sums, 1)


@compiled
def normalize_gradient(
    x: np.ndarray,
    coefficients: np.ndarray,
    rectified: bool,
    gradient: np.ndarray,
    mix: np.ndarray,
    first: int,
    last: int,
    out: np.ndarray,
) -> None:
    """Compute the derivative by x: p times that by a x + b, plus q x + r, with (p, q, r) the channel's column of mix (3, C)."""
    a, b = _tiled(coefficients[0]), _tiled(coefficients[1])
    p, q, r = _tiled(mix[0]), _tiled(mix[1]), _tiled(mix[2])
    for n in range(first, last):
        for j in range(0, x.shape[1], len(a)):
            row, given, made = x[n, j : j + len(a)], gradient[n, j : j + len(a)], out[n, j : j + len(a)]
            if rectified:
                for i in range(len(row)):
                    value = given[i] if a[i] * row[i] + b[i] > 0 else _ZERO
                    made[i] = p[i] * value + (q[i] * row[i] + r[i])
            else:
                for i in range(len(row)):
                    made[i] = p[i] * given[i] + (q[i] * row[i] + r[i])
