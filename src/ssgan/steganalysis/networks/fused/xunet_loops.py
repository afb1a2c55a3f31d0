"""Compile one group of Xu-Net, image by image: convolution and sums for BatchNorm, then activation and pooling, and back.

Where planes are given as one row of memory, `steps` are the distances from one image to the next and from one map to the next.
For 1 x 1 convolutions the images of a part are side by side in each map, as one image of one line: small planes alone would
make short loops.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled, compiled_sums
from ssgan.compute.exp_loops import single_tanh
from ssgan.steganalysis.networks.fused.plane_loops import clear_between, correlate, pool, pool_gradient, total, weight_gradient

_ZERO, _ONE = np.float32(0), np.float32(1)
_SUMMED = 1024  # numbers that are added up in single precision, before their sums are in double


@compiled
def convolve(
    x: np.ndarray, weights: np.ndarray, size: tuple[int, int], magnitude: bool, out: np.ndarray, moments: np.ndarray
) -> None:
    """Convolve x (N, C, planes padded by k // 2) to out (N, O, H stride), `size` being (H, W).

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
    """Return the sum of the values or magnitudes, and that of their squares."""
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
    """Compute tanh or ReLU of a z + b, of magnitudes or values, with (a, b) the map's row of `coefficients`; then means.

    The means are over 5 x 5 at every second place. They go into planes with a border of `out_border` zeros.
    """
    height, width = size
    lines, out_stride = (height + 1) // 2, (width + 1) // 2 + 2 * out_border
    values, column = np.empty(height * stride, np.float32), np.empty(width + 5, np.float32)
    plane = values.reshape(height, stride)
    for n in range(count):
        for o in range(len(coefficients)):
            start = n * steps[0] + o * steps[1]
            _normalize(z[start : start + len(values)], coefficients[o, 0], coefficients[o, 1], magnitude, values)
            _bend(values, tanh)
            start = n * out_steps[0] + o * out_steps[1]
            if out_border > 0:
                out[start : start + (lines + 2 * out_border) * out_stride] = 0
            start += out_border * (out_stride + 1)
            pool(plane, width, 2, column, out[start : start + lines * out_stride].reshape(lines, out_stride))


@compiled
def average(z: np.ndarray, steps: tuple[int, int], area: int, coefficients: np.ndarray, count: int, out: np.ndarray) -> None:
    """Compute the mean of ReLU of a z + b over all `area` values of each plane, out (N, O); (a, b) as above."""
    values, share = np.empty(area, np.float32), np.float32(1 / area)
    for n in range(count):
        for o in range(len(coefficients)):
            start = n * steps[0] + o * steps[1]
            _normalize(z[start : start + area], coefficients[o, 0], coefficients[o, 1], False, values)
            _bend(values, False)
            out[n, o] = share * total(values)


@compiled
def _normalize(z: np.ndarray, scale: float, shift: float, magnitude: bool, out: np.ndarray) -> None:
    if magnitude:
        for i in range(len(out)):
            out[i] = scale * abs(z[i]) + shift
    else:
        for i in range(len(out)):
            out[i] = scale * z[i] + shift


@compiled
def _bend(values: np.ndarray, tanh: bool) -> None:
    if tanh:
        for i in range(len(values)):
            values[i] = single_tanh(values[i])
    else:
        for i in range(len(values)):
            values[i] = max(values[i], _ZERO)


@compiled
def _bend_gradient(values: np.ndarray, tanh: bool, spread: np.ndarray) -> None:
    """Replace the derivative by the activation's output by that by its input."""
    if tanh:
        for i in range(len(values)):
            bent = single_tanh(values[i])
            values[i] = spread[i] * (_ONE - bent * bent)
    else:
        for i in range(len(values)):
            values[i] = spread[i] if values[i] > 0 else _ZERO


@compiled
def _spread(
    gradient: np.ndarray, start: int, stride: int, size: tuple[int, int], reached: np.ndarray, plane: np.ndarray
) -> None:
    """Spread the derivative over the averaged values; `stride` 0 means one average over all."""
    if stride > 0:
        lines = (size[0] + 1) // 2
        pool_gradient(gradient[start : start + lines * stride].reshape(lines, stride), size, 2, reached, plane)
    else:
        share = gradient[start] / np.float32(size[0] * size[1])
        for y in range(size[0]):
            for x in range(size[1]):
                plane[y, x] = share


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
    """Compute the derivative by a z + b from that by the means, in `out`, laid out like z and zero between lines.

    The lines of the means are `gradient_stride` apart, 0 for a single mean. Added to moments (O, 2): the sum of what is made,
    and that of its products with the values or magnitudes.
    """
    height, width = size
    area = height * stride
    spread = np.zeros(area, np.float32)  # it stays zero between the lines
    plane = spread.reshape(height, stride)
    reached = np.empty(((height + 1) // 2 + 2, (width + 1) // 2 * 2), np.float32)
    for n in range(count):
        for o in range(len(coefficients)):
            _spread(gradient, n * gradient_steps[0] + o * gradient_steps[1], gradient_stride, size, reached, plane)
            start = n * steps[0] + o * steps[1]
            raw, values = z[start : start + area], out[start : start + area]
            _normalize(raw, coefficients[o, 0], coefficients[o, 1], magnitude, values)
            _bend_gradient(values, tanh, spread)
            for first in range(0, area, _SUMMED):
                last = min(first + _SUMMED, area)
                plain, products = _products(values[first:last], raw[first:last], magnitude)
                moments[o, 0] += plain
                moments[o, 1] += products


@compiled_sums
def _products(a: np.ndarray, b: np.ndarray, magnitude: bool) -> tuple[np.float32, np.float32]:
    """Return the sum of the first, and that of its products with the second or its magnitudes."""
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
    """Run the backward pass through BatchNorm and convolution: by z, a gradient + b z + c, (a, b, c) the map's row of mix (O,
    3).

    With `magnitude` z means its magnitude, and the result gets its sign. Added to weight_sums (O, C, k, k); `before`
    (N, C, H stride) is the derivative by x where turned (C, O, k, k), the weights turned by 180 degrees, has any rows.
    """
    (height, width), border = size, weight_sums.shape[2] // 2
    stride = width + 2 * border
    length, start = height * stride - 2 * border, border * stride + border
    maps = np.zeros((len(weight_sums), (height + 2 * border) * stride), np.float32)  # its border stays zero
    for n in range(len(x)):
        for o in range(len(weight_sums)):
            made = maps[o, start:]
            _mix(gradient[n, o], z[n, o], mix[o, 0], mix[o, 1], mix[o, 2], magnitude, length, made)
            clear_between(made, height, width, stride)
        weight_gradient(x[n], maps, start, stride, length, weight_sums)
        if len(turned) > 0:
            before[n] = 0
            correlate(maps, turned, stride, length, before[n])


@compiled
def _mix(
    values: np.ndarray, raw: np.ndarray, a: float, b: float, c: float, magnitude: bool, length: int, out: np.ndarray
) -> None:
    if magnitude:
        for i in range(length):
            value = a * values[i] + b * abs(raw[i]) + c
            out[i] = value if raw[i] > 0 else (-value if raw[i] < 0 else _ZERO)
    else:
        for i in range(length):
            out[i] = a * values[i] + b * raw[i] + c
