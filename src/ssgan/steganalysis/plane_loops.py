"""Convolution and pooling of one image's planes, in memory laid out so that the inner loop runs over a whole plane.

A plane with a border of zeros is one row of numbers: its lines, `stride` apart, one after the other. A place moved by (y, x) is
then `y stride + x` further on everywhere, so one loop covers all lines, and a tap is one multiplication. The few sums that
reach across a line's end are garbage, written between the lines and ignored. Each sample read serves four planes at once.
"""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled, compiled_sums

_ZERO = np.float32(0)


@compiled
def correlate(x: np.ndarray, weights: np.ndarray, stride: int, length: int, out: np.ndarray) -> None:
    """out[o, i] += sum over c, y, x of weights[o, c, y, x] x[c, i + y stride + x], for i < length; O a multiple of four,
    and C too where k = 1.

    x (C, P), weights (O, C, k, k) with k = 1, 3 or 5, out (O, length or more).
    """
    size = weights.shape[2]
    for o in range(0, len(weights), 4):
        if size == 1:
            for c in range(0, len(x), 4):
                _add1(x[c : c + 4], weights[o : o + 4, c : c + 4], length, out[o], out[o + 1], out[o + 2], out[o + 3])
            continue
        for c in range(len(x)):
            for i in range(size):
                row = x[c, i * stride :]
                if size == 5:
                    _add5(row, weights[o : o + 4, c, i], length, out[o], out[o + 1], out[o + 2], out[o + 3])
                else:
                    _add3(row, weights[o : o + 4, c, i], length, out[o], out[o + 1], out[o + 2], out[o + 3])


@compiled
def _add5(
    row: np.ndarray, weights: np.ndarray, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    a0, a1, a2, a3, a4 = weights[0, 0], weights[0, 1], weights[0, 2], weights[0, 3], weights[0, 4]
    b0, b1, b2, b3, b4 = weights[1, 0], weights[1, 1], weights[1, 2], weights[1, 3], weights[1, 4]
    c0, c1, c2, c3, c4 = weights[2, 0], weights[2, 1], weights[2, 2], weights[2, 3], weights[2, 4]
    d0, d1, d2, d3, d4 = weights[3, 0], weights[3, 1], weights[3, 2], weights[3, 3], weights[3, 4]
    for i in range(length):
        p, q, r, s, t = row[i], row[i + 1], row[i + 2], row[i + 3], row[i + 4]
        a[i] += a0 * p + a1 * q + a2 * r + a3 * s + a4 * t
        b[i] += b0 * p + b1 * q + b2 * r + b3 * s + b4 * t
        c[i] += c0 * p + c1 * q + c2 * r + c3 * s + c4 * t
        d[i] += d0 * p + d1 * q + d2 * r + d3 * s + d4 * t


@compiled
def _add3(
    row: np.ndarray, weights: np.ndarray, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray
) -> None:
    a0, a1, a2 = weights[0, 0], weights[0, 1], weights[0, 2]
    b0, b1, b2 = weights[1, 0], weights[1, 1], weights[1, 2]
    c0, c1, c2 = weights[2, 0], weights[2, 1], weights[2, 2]
    d0, d1, d2 = weights[3, 0], weights[3, 1], weights[3, 2]
    for i in range(length):
        p, q, r = row[i], row[i + 1], row[i + 2]
        a[i] += a0 * p + a1 * q + a2 * r
        b[i] += b0 * p + b1 * q + b2 * r
        c[i] += c0 * p + c1 * q + c2 * r
        d[i] += d0 * p + d1 * q + d2 * r


@compiled
def _add1(x: np.ndarray, w: np.ndarray, length: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> None:
    """Four planes at once: w (4, 4, 1, 1), x (4, length or more)."""
    a0, a1, a2, a3 = w[0, 0, 0, 0], w[0, 1, 0, 0], w[0, 2, 0, 0], w[0, 3, 0, 0]
    b0, b1, b2, b3 = w[1, 0, 0, 0], w[1, 1, 0, 0], w[1, 2, 0, 0], w[1, 3, 0, 0]
    c0, c1, c2, c3 = w[2, 0, 0, 0], w[2, 1, 0, 0], w[2, 2, 0, 0], w[2, 3, 0, 0]
    d0, d1, d2, d3 = w[3, 0, 0, 0], w[3, 1, 0, 0], w[3, 2, 0, 0], w[3, 3, 0, 0]
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    for i in range(length):
        p, q, r, s = x0[i], x1[i], x2[i], x3[i]
        a[i] += a0 * p + a1 * q + a2 * r + a3 * s
        b[i] += b0 * p + b1 * q + b2 * r + b3 * s
        c[i] += c0 * p + c1 * q + c2 * r + c3 * s
        d[i] += d0 * p + d1 * q + d2 * r + d3 * s


@compiled
def weight_gradient(x: np.ndarray, gradient: np.ndarray, start: int, stride: int, length: int, out: np.ndarray) -> None:
    """out[o, c, y, x] += sum over i < length of gradient[o, start + i] x[c, i + y stride + x].

    The gradient is zero between the lines.
    """
    size = out.shape[2]
    for o in range(0, len(out), 4):
        a, b, c, d = gradient[o, start:], gradient[o + 1, start:], gradient[o + 2, start:], gradient[o + 3, start:]
        if size == 1:
            for k in range(0, len(x), 4):
                _products1(x[k : k + 4], a, b, c, d, length, out[o : o + 4, k : k + 4])
            continue
        for k in range(len(x)):
            for i in range(size):
                row = x[k, i * stride :]
                if size == 5:
                    _products5(row, a, b, c, d, length, out[o : o + 4, k, i])
                else:
                    _products3(row, a, b, c, d, length, out[o : o + 4, k, i])


@compiled_sums
def _products5(
    row: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, length: int, out: np.ndarray
) -> None:
    a0 = a1 = a2 = a3 = a4 = b0 = b1 = b2 = b3 = b4 = c0 = c1 = c2 = c3 = c4 = d0 = d1 = d2 = d3 = d4 = _ZERO
    for i in range(length):
        p, q, r, s, t = row[i], row[i + 1], row[i + 2], row[i + 3], row[i + 4]
        u, v, w, z = a[i], b[i], c[i], d[i]
        a0 += u * p
        a1 += u * q
        a2 += u * r
        a3 += u * s
        a4 += u * t
        b0 += v * p
        b1 += v * q
        b2 += v * r
        b3 += v * s
        b4 += v * t
        c0 += w * p
        c1 += w * q
        c2 += w * r
        c3 += w * s
        c4 += w * t
        d0 += z * p
        d1 += z * q
        d2 += z * r
        d3 += z * s
        d4 += z * t
    for m, sums in enumerate(((a0, a1, a2, a3, a4), (b0, b1, b2, b3, b4), (c0, c1, c2, c3, c4), (d0, d1, d2, d3, d4))):
        for n in range(5):
            out[m, n] += sums[n]


@compiled_sums
def _products3(
    row: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, length: int, out: np.ndarray
) -> None:
    a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = _ZERO
    for i in range(length):
        p, q, r = row[i], row[i + 1], row[i + 2]
        u, v, w, z = a[i], b[i], c[i], d[i]
        a0 += u * p
        a1 += u * q
        a2 += u * r
        b0 += v * p
        b1 += v * q
        b2 += v * r
        c0 += w * p
        c1 += w * q
        c2 += w * r
        d0 += z * p
        d1 += z * q
        d2 += z * r
    for m, sums in enumerate(((a0, a1, a2), (b0, b1, b2), (c0, c1, c2), (d0, d1, d2))):
        for n in range(3):
            out[m, n] += sums[n]


@compiled_sums
def _products1(x: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, length: int, out: np.ndarray) -> None:
    """Four planes at once: x (4, length or more), out (4, 4, 1, 1)."""
    a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = c0 = c1 = c2 = c3 = d0 = d1 = d2 = d3 = _ZERO
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    for i in range(length):
        p, q, r, s = x0[i], x1[i], x2[i], x3[i]
        u, v, w, z = a[i], b[i], c[i], d[i]
        a0 += u * p
        a1 += u * q
        a2 += u * r
        a3 += u * s
        b0 += v * p
        b1 += v * q
        b2 += v * r
        b3 += v * s
        c0 += w * p
        c1 += w * q
        c2 += w * r
        c3 += w * s
        d0 += z * p
        d1 += z * q
        d2 += z * r
        d3 += z * s
    for m, sums in enumerate(((a0, a1, a2, a3), (b0, b1, b2, b3), (c0, c1, c2, c3), (d0, d1, d2, d3))):
        for n in range(4):
            out[m, n, 0, 0] += sums[n]


@compiled
def filter_planes(planes: np.ndarray, kernels: np.ndarray, padded: np.ndarray, stride: int, out: np.ndarray) -> None:
    """Correlate each plane (H, W) of (C, H, W) with its own 5 x 5 kernel of (C, 1, 5, 5), zeros around it.

    Written into the lines of out (C, (H + 4) stride), inside its border of two; `padded`, of the same shape, is for work. Both
    are zero in their borders.
    """
    height, width = planes.shape[1:]
    length = height * stride - 4
    for c in range(len(planes)):
        lay(planes[c], padded[c], 2 * stride + 2, stride)
        sums = out[c, 2 * stride + 2 :]
        sums[:length] = 0
        for i in range(5):
            row, k = padded[c, i * stride :], kernels[c, 0, i]
            k0, k1, k2, k3, k4 = k[0], k[1], k[2], k[3], k[4]
            for j in range(length):
                sums[j] += k0 * row[j] + k1 * row[j + 1] + k2 * row[j + 2] + k3 * row[j + 3] + k4 * row[j + 4]
        clear_between(sums, height, width, stride)


@compiled
def lay(plane: np.ndarray, out: np.ndarray, start: int, stride: int) -> None:
    """The lines of plane (H, W) into out from `start` on, `stride` apart."""
    for y in range(len(plane)):
        line, row = out[start + y * stride :], plane[y]
        for x in range(len(row)):
            line[x] = row[x]


@compiled
def clear_between(out: np.ndarray, height: int, width: int, stride: int) -> None:
    """Zeros after each line but the last, whose end nothing was written behind."""
    for y in range(height - 1):
        out[y * stride + width : (y + 1) * stride] = 0


@compiled
def pool(
    values: np.ndarray, height: int, width: int, stride: int, reach: int, column: np.ndarray, out: np.ndarray, out_stride: int
) -> None:
    """Means over (2 reach + 1)^2 places, zeros around the plane counted, every second place: lines of ceil(W / 2) in `out`.

    `column` (W + 2 reach + 1) is for work.
    """
    share = np.float32(1 / (2 * reach + 1) ** 2)
    half = (width + 1) // 2
    column[:] = 0
    sums = column[reach:]
    for y in range((height + 1) // 2):
        first, last = max(0, 2 * y - reach), min(height - 1, 2 * y + reach)
        line = values[first * stride :]
        for x in range(width):
            sums[x] = line[x]
        for i in range(first + 1, last + 1):
            line = values[i * stride :]
            for x in range(width):
                sums[x] += line[x]
        made = out[y * out_stride :]
        if reach == 1:
            for x in range(half):
                made[x] = share * (column[2 * x] + column[2 * x + 1] + column[2 * x + 2])
        else:
            for x in range(half):
                k = 2 * x
                made[x] = share * (column[k] + column[k + 1] + column[k + 2] + column[k + 3] + column[k + 4])


@compiled
def pool_gradient(
    gradient: np.ndarray,
    gradient_stride: int,
    size: tuple[int, int],
    reach: int,
    reached: np.ndarray,
    out: np.ndarray,
    stride: int,
) -> None:
    """The derivative of `pool`: from lines of means, `gradient_stride` apart, to the lines of the plane, `stride` apart.

    `size` is the plane's (H, W); `reached` (ceil(H / 2) + 2, 2 ceil(W / 2)) is for work. Between lines `out` stays as it is.
    """
    height, width = size
    _spread(gradient, gradient_stride, (width + 1) // 2, reach, reached)
    for y in range(height):
        above, here, below, made = reached[y // 2], reached[y // 2 + 1], reached[y // 2 + 2], out[y * stride :]
        # An even line is in the middle of a window, and within two of its neighbors; an odd one lies between two windows.
        if y % 2 == 1:
            for x in range(width):
                made[x] = here[x] + below[x]
        elif reach == 1:
            for x in range(width):
                made[x] = here[x]
        else:
            for x in range(width):
                made[x] = above[x] + here[x] + below[x]


@compiled
def _spread(gradient: np.ndarray, stride: int, half: int, reach: int, out: np.ndarray) -> None:
    """Along the lines only: each line of `half` means to the places that they reach, a line of zeros above and below."""
    share = np.float32(1 / (2 * reach + 1) ** 2)
    out[0] = 0
    out[len(out) - 1] = 0
    for i in range(len(out) - 2):
        line, made = gradient[i * stride :], out[i + 1]
        last = half - 1
        if reach == 1:
            for x in range(last):
                made[2 * x] = share * line[x]
                made[2 * x + 1] = share * (line[x] + line[x + 1])
            made[2 * last] = made[2 * last + 1] = share * line[last]
        else:
            made[0] = made[1] = share * (line[0] + line[1])
            for x in range(1, last):
                pair = line[x] + line[x + 1]
                made[2 * x] = share * (line[x - 1] + pair)
                made[2 * x + 1] = share * pair
            made[2 * last] = share * (line[last - 1] + line[last])
            made[2 * last + 1] = share * line[last]


@compiled_sums
def total(values: np.ndarray) -> np.float32:
    """The sum of all."""
    s = _ZERO
    for x in range(len(values)):
        s += values[x]
    return s
