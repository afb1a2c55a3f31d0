"""Compile convolution and pooling of one image's planes, laid out so that the inner loop runs over a whole plane.

A plane with a border of zeros is one row of numbers: its lines, `stride` apart, one after the other. A place moved by (y, x) is
then `y stride + x` further on everywhere, so one loop covers all lines, and a tap is one multiplication. The few sums that
reach across a line's end are garbage, written between the lines and ignored. Each sample read serves four planes at once.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled, compiled_sums

_ZERO = np.float32(0)


@compiled
def correlate(x: np.ndarray, weights: np.ndarray, stride: int, length: int, out: np.ndarray) -> None:
    """Add to out[o, i] the sum over c, y, x of weights[o, c, y, x] x[c, i + y stride + x], for i < length; O a multiple of
    four, and C too where k = 1.

    x (C, P), weights (O, C, k, k) with k = 1, 3 or 5, out (O, length or more).
    """
    size = weights.shape[2]
    for o in range(0, len(weights), 4):
        if size == 5:
            _add5(x, weights[o : o + 4], stride, length, out[o], out[o + 1], out[o + 2], out[o + 3])
        elif size == 3:
            _add3(x, weights[o : o + 4], stride, length, out[o], out[o + 1], out[o + 2], out[o + 3])
        else:
            _add1(x, weights[o : o + 4], length, out[o], out[o + 1], out[o + 2], out[o + 3])


@compiled
def _add5(
    x: np.ndarray, w: np.ndarray, stride: int, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    for k in range(x.shape[0]):
        for n in range(5):
            a0, a1, a2, a3, a4 = w[0, k, n, 0], w[0, k, n, 1], w[0, k, n, 2], w[0, k, n, 3], w[0, k, n, 4]
            b0, b1, b2, b3, b4 = w[1, k, n, 0], w[1, k, n, 1], w[1, k, n, 2], w[1, k, n, 3], w[1, k, n, 4]
            c0, c1, c2, c3, c4 = w[2, k, n, 0], w[2, k, n, 1], w[2, k, n, 2], w[2, k, n, 3], w[2, k, n, 4]
            d0, d1, d2, d3, d4 = w[3, k, n, 0], w[3, k, n, 1], w[3, k, n, 2], w[3, k, n, 3], w[3, k, n, 4]
            row = x[k, n * stride :]
            for i in range(length):
                p, q, r, s, t = row[i], row[i + 1], row[i + 2], row[i + 3], row[i + 4]
                a[i] = a[i] + a0 * p + a1 * q + a2 * r + a3 * s + a4 * t
                b[i] = b[i] + b0 * p + b1 * q + b2 * r + b3 * s + b4 * t
                c[i] = c[i] + c0 * p + c1 * q + c2 * r + c3 * s + c4 * t
                d[i] = d[i] + d0 * p + d1 * q + d2 * r + d3 * s + d4 * t


@compiled
def _add3(
    x: np.ndarray, w: np.ndarray, stride: int, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    for k in range(x.shape[0]):
        for n in range(3):
            a0, a1, a2, b0, b1, b2 = w[0, k, n, 0], w[0, k, n, 1], w[0, k, n, 2], w[1, k, n, 0], w[1, k, n, 1], w[1, k, n, 2]
            c0, c1, c2, d0, d1, d2 = w[2, k, n, 0], w[2, k, n, 1], w[2, k, n, 2], w[3, k, n, 0], w[3, k, n, 1], w[3, k, n, 2]
            row = x[k, n * stride :]
            for i in range(length):
                p, q, r = row[i], row[i + 1], row[i + 2]
                a[i] = a[i] + a0 * p + a1 * q + a2 * r
                b[i] = b[i] + b0 * p + b1 * q + b2 * r
                c[i] = c[i] + c0 * p + c1 * q + c2 * r
                d[i] = d[i] + d0 * p + d1 * q + d2 * r


@compiled
def _add1(x: np.ndarray, w: np.ndarray, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> None:
    """Add four planes at once."""
    for k in range(0, x.shape[0], 4):
        a0, a1, a2, a3 = w[0, k, 0, 0], w[0, k + 1, 0, 0], w[0, k + 2, 0, 0], w[0, k + 3, 0, 0]
        b0, b1, b2, b3 = w[1, k, 0, 0], w[1, k + 1, 0, 0], w[1, k + 2, 0, 0], w[1, k + 3, 0, 0]
        c0, c1, c2, c3 = w[2, k, 0, 0], w[2, k + 1, 0, 0], w[2, k + 2, 0, 0], w[2, k + 3, 0, 0]
        d0, d1, d2, d3 = w[3, k, 0, 0], w[3, k + 1, 0, 0], w[3, k + 2, 0, 0], w[3, k + 3, 0, 0]
        x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
        for i in range(length):
            p, q, r, s = x0[i], x1[i], x2[i], x3[i]
            a[i] = a[i] + a0 * p + a1 * q + a2 * r + a3 * s
            b[i] = b[i] + b0 * p + b1 * q + b2 * r + b3 * s
            c[i] = c[i] + c0 * p + c1 * q + c2 * r + c3 * s
            d[i] = d[i] + d0 * p + d1 * q + d2 * r + d3 * s


@compiled
def weight_gradient(x: np.ndarray, gradient: np.ndarray, start: int, stride: int, length: int, out: np.ndarray) -> None:
    """Add to out[o, c, y, x] the sum over i < length of gradient[o, start + i] x[c, i + y stride + x].

    The gradient is zero between the lines.
    """
    size = out.shape[2]
    for o in range(0, len(out), 4):
        a, b, c, d = gradient[o, start:], gradient[o + 1, start:], gradient[o + 2, start:], gradient[o + 3, start:]
        if size == 5:
            _products5(x, a, b, c, d, stride, length, out[o : o + 4])
        elif size == 3:
            _products3(x, a, b, c, d, stride, length, out[o : o + 4])
        else:
            _products1(x, a, b, c, d, length, out[o : o + 4])


# fmt: off
@compiled_sums
def _products5(
    x: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, stride: int, length: int, out: np.ndarray
) -> None:
    for k in range(x.shape[0]):
        for n in range(5):
            a0 = a1 = a2 = a3 = a4 = b0 = b1 = b2 = b3 = b4 = c0 = c1 = c2 = c3 = c4 = d0 = d1 = d2 = d3 = d4 = _ZERO
            row = x[k, n * stride :]
            for i in range(length):
                p, q, r, s, t = row[i], row[i + 1], row[i + 2], row[i + 3], row[i + 4]
                u, v, w, z = a[i], b[i], c[i], d[i]
                a0 += u * p; a1 += u * q; a2 += u * r; a3 += u * s; a4 += u * t  # noqa: E702
                b0 += v * p; b1 += v * q; b2 += v * r; b3 += v * s; b4 += v * t  # noqa: E702
                c0 += w * p; c1 += w * q; c2 += w * r; c3 += w * s; c4 += w * t  # noqa: E702
                d0 += z * p; d1 += z * q; d2 += z * r; d3 += z * s; d4 += z * t  # noqa: E702
            for m, sums in enumerate(((a0, a1, a2, a3, a4), (b0, b1, b2, b3, b4), (c0, c1, c2, c3, c4), (d0, d1, d2, d3, d4))):
                for j in range(5):
                    out[m, k, n, j] += sums[j]


@compiled_sums
def _products3(
    x: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, stride: int, length: int, out: np.ndarray
) -> None:
    for k in range(x.shape[0]):
        for n in range(3):
            a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = _ZERO
            row = x[k, n * stride :]
            for i in range(length):
                p, q, r = row[i], row[i + 1], row[i + 2]
                u, v, w, z = a[i], b[i], c[i], d[i]
                a0 += u * p; a1 += u * q; a2 += u * r  # noqa: E702
                b0 += v * p; b1 += v * q; b2 += v * r  # noqa: E702
                c0 += w * p; c1 += w * q; c2 += w * r  # noqa: E702
                d0 += z * p; d1 += z * q; d2 += z * r  # noqa: E702
            for m, sums in enumerate(((a0, a1, a2), (b0, b1, b2), (c0, c1, c2), (d0, d1, d2))):
                for j in range(3):
                    out[m, k, n, j] += sums[j]


@compiled_sums
def _products1(
    x: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, length: int, out: np.ndarray
) -> None:
    """Sum the products of four planes at once."""
    for k in range(0, x.shape[0], 4):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = _ZERO
        x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
        for i in range(length):
            p, q, r, s = x0[i], x1[i], x2[i], x3[i]
            u, v, w, z = a[i], b[i], c[i], d[i]
            a0 += u * p; a1 += u * q; a2 += u * r; a3 += u * s  # noqa: E702
            b0 += v * p; b1 += v * q; b2 += v * r; b3 += v * s  # noqa: E702
            c0 += w * p; c1 += w * q; c2 += w * r; c3 += w * s  # noqa: E702
            d0 += z * p; d1 += z * q; d2 += z * r; d3 += z * s  # noqa: E702
        for m, sums in enumerate(((a0, a1, a2, a3), (b0, b1, b2, b3), (c0, c1, c2, c3), (d0, d1, d2, d3))):
            for j in range(4):
                out[m, k + j, 0, 0] += sums[j]
# fmt: on


@compiled
def filter_planes(planes: np.ndarray, kernels: np.ndarray, padded: np.ndarray, stride: int, out: np.ndarray) -> None:
    """Correlate each plane (H, W) of (C, H, W) with its own 5 x 5 kernel of (C, 1, 5, 5), zeros around it.

    Written into the lines of out (C, (H + 4) stride), inside its border of two; `padded`, of the same shape, is for work. Both
    are zero in their borders.
    """
    height, width = planes.shape[1:]
    length = height * stride - 4
    for c in range(len(planes)):
        _lay(planes[c], padded[c].reshape(height + 4, stride))
        sums = out[c, 2 * stride + 2 :]
        sums[:length] = 0
        for i in range(5):
            row, k = padded[c, i * stride :], kernels[c, 0, i]
            k0, k1, k2, k3, k4 = k[0], k[1], k[2], k[3], k[4]
            for j in range(length):
                sums[j] = sums[j] + k0 * row[j] + k1 * row[j + 1] + k2 * row[j + 2] + k3 * row[j + 3] + k4 * row[j + 4]
        clear_between(sums, height, width, stride)


@compiled
def _lay(plane: np.ndarray, out: np.ndarray) -> None:
    """Copy the lines of plane (H, W) into the middle of the wider and higher `out`."""
    border = (out.shape[1] - plane.shape[1]) // 2
    for y in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            out[y + border, x + border] = plane[y, x]


@compiled
def clear_between(out: np.ndarray, height: int, width: int, stride: int) -> None:
    """Clear the padding after each line but the last, behind which nothing was written."""
    lines = out[: (height - 1) * stride].reshape(height - 1, stride)
    for y in range(height - 1):
        for x in range(width, stride):
            lines[y, x] = 0


# Below, planes are indexed by (y, x): taking each line by itself would cost more than its few numbers.


@compiled
def pool(values: np.ndarray, width: int, reach: int, column: np.ndarray, out: np.ndarray) -> None:
    """Compute means over (2 reach + 1)^2 values (H, W or more), zeros around the plane counted, at every second position.

    They fill the first ceil(W / 2) columns of the ceil(H / 2) lines of `out`; `column` (W + 2 reach + 1) is for work.
    """
    share = np.float32(1 / (2 * reach + 1) ** 2)
    height, half = values.shape[0], (width + 1) // 2
    column[:] = 0
    sums = column[reach:]
    for y in range((height + 1) // 2):
        first, last = max(0, 2 * y - reach), min(height - 1, 2 * y + reach)
        if last - first == 4:
            for x in range(width):
                sums[x] = (
                    values[first, x] + values[first + 1, x] + values[first + 2, x] + values[first + 3, x] + values[last, x]
                )
        else:
            for x in range(width):
                sums[x] = values[first, x]
            for i in range(first + 1, last + 1):
                for x in range(width):
                    sums[x] += values[i, x]
        if reach == 1:
            for x in range(half):
                out[y, x] = share * (column[2 * x] + column[2 * x + 1] + column[2 * x + 2])
        else:
            for x in range(half):
                k = 2 * x
                out[y, x] = share * (column[k] + column[k + 1] + column[k + 2] + column[k + 3] + column[k + 4])


@compiled
def pool_gradient(gradient: np.ndarray, size: tuple[int, int], reach: int, reached: np.ndarray, out: np.ndarray) -> None:
    """Compute the derivative of `pool`: from means, in the first columns of `gradient`, to a plane of `size` (H, W) in those of
    `out`.

    `reached` (ceil(H / 2) + 2, 2 ceil(W / 2)) is for work.
    """
    height, width = size
    _spread(gradient, reach, reached)
    # An even line is in the middle of a window, and within two of its neighbors; an odd one is between two windows.
    for m in range((height + 1) // 2):
        if reach == 1:
            for x in range(width):
                out[2 * m, x] = reached[m + 1, x]
        else:
            for x in range(width):
                out[2 * m, x] = reached[m, x] + reached[m + 1, x] + reached[m + 2, x]
    for m in range(height // 2):
        for x in range(width):
            out[2 * m + 1, x] = reached[m + 1, x] + reached[m + 2, x]


@compiled
def _spread(gradient: np.ndarray, reach: int, out: np.ndarray) -> None:
    """Spread each line of means along itself, with a line of zeros above and below."""
    share = np.float32(1 / (2 * reach + 1) ** 2)
    out[0] = 0
    out[len(out) - 1] = 0
    last = out.shape[1] // 2 - 1
    for i in range(len(out) - 2):
        if reach == 1:
            for x in range(last):
                out[i + 1, 2 * x] = share * gradient[i, x]
                out[i + 1, 2 * x + 1] = share * (gradient[i, x] + gradient[i, x + 1])
            out[i + 1, 2 * last] = out[i + 1, 2 * last + 1] = share * gradient[i, last]
        else:
            out[i + 1, 0] = out[i + 1, 1] = share * (gradient[i, 0] + gradient[i, 1])
            for x in range(1, last):
                pair = gradient[i, x] + gradient[i, x + 1]
                out[i + 1, 2 * x] = share * (gradient[i, x - 1] + pair)
                out[i + 1, 2 * x + 1] = share * pair
            out[i + 1, 2 * last] = share * (gradient[i, last - 1] + gradient[i, last])
            out[i + 1, 2 * last + 1] = share * gradient[i, last]


@compiled_sums
def total(values: np.ndarray) -> np.float32:
    """Return the sum of all."""
    s = _ZERO
    for x in range(len(values)):
        s += values[x]
    return s
