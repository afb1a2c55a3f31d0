"""Compile one layer of GNCNN, image by image: convolution, Gaussian and pooling within the cache, and the backward pass."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.compute.exp_loops import single_exp_of_negative
from ssgan.steganalysis.networks.fused.plane_loops import correlate, pool, pool_gradient, total, weight_gradient

_ZERO = np.float32(0)
# Below 1e-20 a Gaussian counts as zero: derivatives made of it would be denormal numbers, many times slower to compute with.
_NOTHING = np.float32(-46)


@compiled
def layer(
    x: np.ndarray,
    weights: np.ndarray,
    bias: np.ndarray,
    sigma: float,
    size: tuple[int, int],
    first: int,
    last: int,
    slopes: np.ndarray,
    out: np.ndarray,
    out_start: int,
    out_stride: int,
) -> None:
    """Run images first...last - 1 of x (N, C, planes padded by k // 2) through one layer with maps of `size`.

    slopes (N, O, H stride) = z exp(-z^2 / sigma^2), of which the derivative is made; out (N, O, planes) the means, in lines
    `out_stride` apart from `out_start` on.
    """
    (height, width), border = size, weights.shape[2] // 2
    stride = width + 2 * border
    length = height * stride - 2 * border
    falloff = np.float32(-1 / (sigma * sigma))
    maps = np.empty((len(weights), height * stride), np.float32)
    planes = maps.reshape(len(weights), height, stride)
    lines = (height + 1) // 2
    column = np.empty(width + 3, np.float32)
    for n in range(first, last):
        for o in range(len(weights)):
            maps[o] = bias[o]
        correlate(x[n], weights, stride, length, maps)
        for o in range(len(weights)):
            z, slope = maps[o], slopes[n, o]
            for i in range(length):
                value = z[i]
                exponent = falloff * value * value
                bell = single_exp_of_negative(exponent) if exponent > _NOTHING else _ZERO
                z[i] = bell
                slope[i] = value * bell
            means = out[n, o, out_start : out_start + lines * out_stride].reshape(lines, out_stride)
            pool(planes[o], width, 1, column, means)


@compiled
def layer_gradient(
    x: np.ndarray,
    slopes: np.ndarray,
    turned: np.ndarray,
    sigma: float,
    size: tuple[int, int],
    first: int,
    last: int,
    gradient: np.ndarray,
    gradient_stride: int,
    weight_sums: np.ndarray,
    bias_sums: np.ndarray,
    before: np.ndarray,
) -> None:
    """Run the backward pass: add to weight_sums (O, C, k, k) and bias_sums (O,); `before` (N, C, H stride) is the derivative by
    x.

    gradient (N, O, lines) is that by the means; turned (C, O, k, k) the weights turned by 180 degrees, or (0, ...) where the
    derivative by x is not wanted.
    """
    (height, width), border = size, weight_sums.shape[2] // 2
    stride = width + 2 * border
    length, start = height * stride - 2 * border, border * stride + border
    factor = np.float32(-2 / (sigma * sigma))
    maps = np.zeros((len(weight_sums), (height + 2 * border) * stride), np.float32)  # its border stays zero
    reached = np.empty(((height + 1) // 2 + 2, (width + 1) // 2 * 2), np.float32)
    spread = np.zeros(height * stride, np.float32)  # zero between the lines
    plane, lines = spread.reshape(height, stride), (height + 1) // 2
    for n in range(first, last):
        for o in range(len(weight_sums)):
            means = gradient[n, o, : lines * gradient_stride].reshape(lines, gradient_stride)
            pool_gradient(means, size, 1, reached, plane)
            made, slope = maps[o, start:], slopes[n, o]
            for i in range(length):
                made[i] = factor * slope[i] * spread[i]
            bias_sums[o] += total(made[:length])
        weight_gradient(x[n], maps, start, stride, length, weight_sums)
        if len(turned) > 0:
            before[n] = 0
            correlate(maps, turned, stride, length, before[n])
