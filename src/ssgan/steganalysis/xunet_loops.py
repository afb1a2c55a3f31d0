"""One group of Xu-Net, image by image: convolution and sums for the normalization, then activation and pooling, and back.

Where planes are given as one row of memory, `steps` says how far it is from one image to the next and from one map to the next.
For 1 x 1 convolutions the images of a part lie side by side in each map, as one image of one line: small planes alone would
make short loops.
"""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled, compiled_sums
from ssgan.elementary import single_tanh
from ssgan.steganalysis.plane_loops import clear_between, correlate, pool, pool_gradient, weight_gradient

_ZERO, _ONE = np.float32(0), np.float32(1)
_SUMMED = 1024  # so many numbers are added up in single precision, their sums in double


@compiled
def convolve(
    x: np.ndarray, weights: np.ndarray, size: tuple[int, int], magnitude: bool, out: np.ndarray, moments: np.ndarray
) -> None:
    """x (N, C, planes padded by k // 2) convolved to out (N, O, H stride), `size` being (H, W).

    Added to moments (O, 2): the sum and the sum of squares of the values, or with `magnitude` of their magnitudes.
    """
    (height, width), border = size, weights.shape[2] // 2
    stride = width + 2 * border
    length = height * stride - 2 * border
    for n in range(len(x)):
        out[n] = 0
        correlate(x[n], weights, stride, length, out[n])
        for o in range(len(weights)):
            clear_between(out[n, o], height, width, stride)
            for first in range(0, length, _SUMMED):
                plain, squares = _moments(out[n, o, first : min(first + _SUMMED, length)], magnitude)
                moments[o, 0] += plain
                moments[o, 1] += squares


@compiled_sums
def _moments(values: np.ndarray, magnitude: bool) -> tuple[np.float32, np.float32]:
    """The sum of the values or magnitudes, and that of their squares."""
    s = t = _ZERO
    if magnitude:
        for i in range(len(values)):
            s += abs(values[i])
            t += values[i] * values[i]
    else:
        for i in range(len(values)):
            s += values[i]
            t += values[i] * values[i]
    return s, t


@compiled
def activate(
    z: np.ndarray,
    steps: tuple[int, int],
    stride: int,
    coefficients: np.ndarray,
    size: tuple[int, int],
    magnitude: bool,
    tanh: bool,
    count: int,
    out: np.ndarray,
    out_steps: tuple[int, int],
    out_border: int,
) -> None:
    """tanh or ReLU of a z + b, of magnitudes or values, with (a, b) the map's row of `coefficients`; then means.

    The means are over 5 x 5 at every second place. They go into planes with a border of `out_border`.
    """
    height, width = size
    out_stride = (width + 1) // 2 + 2 * out_border
    start = out_border * (out_stride + 1)
    values, column = np.empty(height * stride, np.float32), np.empty(width + 5, np.float32)
    for n in range(count):
        for o in range(len(coefficients)):
            given = z[n * steps[0] + o * steps[1] :]
            _normalize(given, coefficients[o, 0], coefficients[o, 1], magnitude, values)
            if tanh:
                for i in range(len(values)):
                    values[i] = single_tanh(values[i])
            else:
                for i in range(len(values)):
                    values[i] = max(values[i], _ZERO)
            pool(values, height, width, stride, 2, column, out[n * out_steps[0] + o * out_steps[1] + start :], out_stride)


@compiled
def _normalize(z: np.ndarray, scale: float, shift: float, magnitude: bool, out: np.ndarray) -> None:
    if magnitude:
        for i in range(len(out)):
            out[i] = scale * abs(z[i]) + shift
    else:
        for i in range(len(out)):
            out[i] = scale * z[i] + shift


@compiled
def activate_gradient(
    z: np.ndarray,
    steps: tuple[int, int],
    stride: int,
    coefficients: np.ndarray,
    size: tuple[int, int],
    magnitude: bool,
    tanh: bool,
    count: int,
    gradient: np.ndarray,
    gradient_steps: tuple[int, int],
    gradient_stride: int,
    out: np.ndarray,
    moments: np.ndarray,
) -> None:
    """The way back from the gradient by the means to that by a z + b, in `out`, laid out like z, and zero between lines.

    Added to moments (O, 2): its sum, and that of its products with the values or magnitudes.
    """
    height, width = size
    total = height * stride
    values, spread = np.empty(total, np.float32), np.zeros(total, np.float32)  # spread is zero between the lines
    reached = np.empty(((height + 1) // 2 + 2, (width + 1) // 2 * 2), np.float32)
    for n in range(count):
        for o in range(len(coefficients)):
            start, before = n * steps[0] + o * steps[1], n * gradient_steps[0] + o * gradient_steps[1]
            pool_gradient(gradient[before:], gradient_stride, size, 2, reached, spread, stride)
            given, made = z[start : start + total], out[start : start + total]
            _normalize(given, coefficients[o, 0], coefficients[o, 1], magnitude, values)
            if tanh:
                for i in range(total):
                    bent = single_tanh(values[i])
                    made[i] = spread[i] * (_ONE - bent * bent)
            else:
                for i in range(total):
                    made[i] = spread[i] if values[i] > 0 else _ZERO
            for first in range(0, total, _SUMMED):
                last = min(first + _SUMMED, total)
                plain, products = _products(made[first:last], given[first:last], magnitude)
                moments[o, 0] += plain
                moments[o, 1] += products


@compiled_sums
def _products(a: np.ndarray, b: np.ndarray, magnitude: bool) -> tuple[np.float32, np.float32]:
    """The sum of the first, and that of its products with the second or its magnitudes."""
    s = t = _ZERO
    if magnitude:
        for i in range(len(a)):
            s += a[i]
            t += a[i] * abs(b[i])
    else:
        for i in range(len(a)):
            s += a[i]
            t += a[i] * b[i]
    return s, t


@compiled
def convolve_gradient(
    x: np.ndarray,
    z: np.ndarray,
    gradient: np.ndarray,
    mix: np.ndarray,
    turned: np.ndarray,
    size: tuple[int, int],
    magnitude: bool,
    weight_sums: np.ndarray,
    before: np.ndarray,
) -> None:
    """Back through normalization and convolution: by z, a gradient + b z + c, with (a, b, c) of the map's row of mix (O, 3).

    With `magnitude` z stands for its magnitude, and the result gets its sign. Added to weight_sums (O, C, k, k); `before`
    (N, C, H stride) is the derivative by x where turned (C, O, k, k), the weights turned by 180 degrees, has any rows.
    """
    (height, width), border = size, weight_sums.shape[2] // 2
    stride = width + 2 * border
    length, start = height * stride - 2 * border, border * stride + border
    maps = np.zeros((len(weight_sums), (height + 2 * border) * stride), np.float32)  # its border stays zero
    for n in range(len(x)):
        for o in range(len(weight_sums)):
            a, b, c = mix[o, 0], mix[o, 1], mix[o, 2]
            made, given, raw = maps[o, start:], gradient[n, o], z[n, o]
            if magnitude:
                for i in range(length):
                    value = a * given[i] + b * abs(raw[i]) + c
                    made[i] = value if raw[i] > 0 else (-value if raw[i] < 0 else _ZERO)
            else:
                for i in range(length):
                    made[i] = a * given[i] + b * raw[i] + c
            clear_between(made, height, width, stride)
        weight_gradient(x[n], maps, start, stride, length, weight_sums)
        if len(turned) > 0:
            before[n] = 0
            correlate(maps, turned, stride, length, before[n])
