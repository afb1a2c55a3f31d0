"""Compute layers of an integer network, exactly on every machine.

All values are integers carried in float64. A layer is a matrix product, plus a bias, times a power of two, rounded down. As
long as the sum of |weight| times the largest input, plus |bias|, stays below 2^53, every partial sum is an integer below
2^53, so that every order of summation, with or without fused operations, on one thread or many, gives the same number.
`largest_sum` is that bound; a model that breaks it is refused (`ssgan.drawn.model`). Only products and sums are used: a
convolution by another algorithm, such as Winograd's, would not be exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FRACTION = 10  # bits of a value after the point
UNIT = 1 << FRACTION
LARGEST = 1 << 18  # of a layer's output: it is cut to -LARGEST...LARGEST
EXACT = 1 << 53  # below it every integer is a float64


def dense(values: Floats, weights: Floats, bias: Floats, shift: int) -> Floats:
    """Return float64 (..., m) of values (..., n), weights (n, m) and bias (m,), in units of 2^-FRACTION."""
    return rescaled(values @ weights + bias, shift)


def convolution(values: Floats, weights: Floats, bias: Floats, shift: int) -> Floats:
    """Return float64 (H, W, m) of values (H, W, n) beside zeros, weights (k, k, n, m) with k odd, and bias (m,)."""
    size, _, channels, maps = weights.shape
    height, width = values.shape[:2]
    if size == 1:
        return dense(values, weights[0, 0], bias, shift)
    margin = size // 2
    padded = np.zeros((height + 2 * margin, width + 2 * margin, channels))
    padded[margin : margin + height, margin : margin + width] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))  # (H, W, n, k, k)
    columns = windows.transpose(0, 1, 3, 4, 2).reshape(height * width, size * size * channels)
    return dense(columns, weights.reshape(-1, maps), bias, shift).reshape(height, width, maps)


def doubling(values: Floats, weights: Floats, bias: Floats, shift: int) -> Floats:
    """Return float64 (2 H, 2 W, m) of values (H, W, n), weights (k, k, n, m): by kernel 4 or 5 the transposed convolution of
    stride 2, by kernel 3 the convolution of the values, each repeated as 2 x 2.

    As torch has it: kernel 5 with padding 2 and one more row and column of output, kernel 4 with padding 1.
    """
    size, _, channels, maps = weights.shape
    if size == 3:
        return convolution(values.repeat(2, axis=0).repeat(2, axis=1), weights, bias, shift)
    height, width = values.shape[:2]
    products = values.reshape(-1, channels) @ weights.transpose(2, 0, 1, 3).reshape(channels, -1)
    spread = products.reshape(height, width, size, size, maps)
    whole = np.zeros((2 * height + size - 1, 2 * width + size - 1, maps))
    for row in range(size):
        for column in range(size):
            whole[row : row + 2 * height : 2, column : column + 2 * width : 2] += spread[:, :, row, column]
    padding = 2 if size == 5 else 1
    return rescaled(whole[padding : padding + 2 * height, padding : padding + 2 * width] + bias, shift)


def slow_chroma(grays: Floats, luma_weights: NDArray[np.int32]) -> Floats:
    """Return grays (H, W, 3), in units of 2^-FRACTION, with their luma, and chroma that is the mean of 4 x 4 places, bilinearly
    doubled twice; H and W are multiples of 4.

    Sums stay below 2^35.
    """
    height, width, _ = grays.shape
    luma = np.zeros((height, width))
    for channel, weight in enumerate(luma_weights.tolist()):  # one by one: no product of matrices
        luma += grays[:, :, channel] * weight
    luma = np.floor((luma + 2.0**15) * 2.0**-16)
    sums = (grays - luma[:, :, None]).reshape(height // 4, 4, width // 4, 4, 3).sum(axis=(1, 3))
    for _ in range(2):
        sums = _doubled(_doubled(sums).transpose(1, 0, 2)).transpose(1, 0, 2)
    return luma[:, :, None] + np.floor((sums + 2.0**11) * 2.0**-12)  # 16 places by 16 of weights, in each direction


def _doubled(values: Floats) -> Floats:
    """Return float64 (2 H, W, C), 4 times the bilinear doubling of the rows of (H, W, C)."""
    beside = np.concatenate([values[:1], values, values[-1:]])
    return np.stack([beside[:-2] + 3 * values, 3 * values + beside[2:]], axis=1).reshape(2 * len(values), *values.shape[1:])


def rescaled(sums: Floats, shift: int) -> Floats:
    """Return floor((sums + 2^(shift - 1)) / 2^shift), cut to -LARGEST...LARGEST. It may write over `sums`."""
    sums += 2.0 ** (shift - 1)
    sums *= 2.0**-shift
    np.floor(sums, out=sums)
    return np.clip(sums, -LARGEST, LARGEST, out=sums)


def leaky(values: Floats, slope: int) -> Floats:
    """Return the leaky ReLU of slope `slope` / UNIT, rounded down."""
    return np.maximum(values, np.floor(values * (slope / UNIT)))


def largest_sum(weights: Floats, bias: Floats, largest_input: int) -> int:
    """Return the bound of a layer's sums: weights (..., n, m), or (k, k, n, m), every input at most `largest_input`."""
    by_output = np.abs(weights).sum(axis=tuple(range(weights.ndim - 1))) * largest_input + np.abs(bias)
    return int(by_output.max(initial=0))
