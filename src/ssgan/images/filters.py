"""Define the field's kernels, each with its paper, and separable correlation with them.

A separable kernel is a pair of taps: down the columns, then along the rows. Correlation keeps only the places where the kernel
is wholly inside ("valid"); `mirror` adds the symmetric border around an image first, the edge sample repeated. On the CPU
compiled loops do the work, of tensors and arrays alike, elsewhere `conv2d`; of tensors, both can be differentiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.images import filters_loops


class Separable(NamedTuple):
    """The kernel vertical^T horizontal: its taps down the columns and along the rows."""

    vertical: tuple[float, ...]
    horizontal: tuple[float, ...]

    def magnitude(self) -> Separable:
        """Return the kernel of absolute values, turned by 180 degrees: the reach of each sample into the residual."""
        return Separable(tuple(abs(v) for v in self.vertical[::-1]), tuple(abs(v) for v in self.horizontal[::-1]))


# KB, the high-pass filter of HILL up to sign: B. Li, M. Wang, J. Huang, X. Li, ICIP 2014, also the "Ker-Boehme" kernel (2008).
KB = Separable((-1.0, 2.0, -1.0), (1.0, -2.0, 1.0))
KB_TAPS = ((-1, 2, -1), (2, -4, 2), (-1, 2, -1))  # the same as a square of whole numbers, over 4 in the rich models

# Decomposition filters of the Daubechies wavelet with 8 vanishing moments: I. Daubechies, "Ten lectures on wavelets", 1992,
# table 6.1, to the ten decimals used by WOW and S-UNIWARD (DDE Lab, 2012).
DAUBECHIES8_HIGH: tuple[float, ...] = (
    -0.0544158422, 0.3128715909, -0.6756307363, 0.5853546837, 0.0158291053, -0.2840155430, -0.0004724846, 0.1287474266,
    0.0173693010, -0.0440882539, -0.0139810279, 0.0087460940, 0.0048703530, -0.0003917404, -0.0006754494, -0.0001174768,
)  # fmt: skip
DAUBECHIES8_LOW: tuple[float, ...] = tuple((-1.0) ** k * tap for k, tap in enumerate(reversed(DAUBECHIES8_HIGH)))

# The three directional residuals (LH, HL, HH) of WOW, WIFS 2012, and S-UNIWARD, EURASIP J. Inf. Sec. 2014:1.
# The papers convolve; correlation takes the taps reversed.
WAVELET_BANK: tuple[Separable, ...] = (
    Separable(DAUBECHIES8_LOW[::-1], DAUBECHIES8_HIGH[::-1]),
    Separable(DAUBECHIES8_HIGH[::-1], DAUBECHIES8_LOW[::-1]),
    Separable(DAUBECHIES8_HIGH[::-1], DAUBECHIES8_HIGH[::-1]),
)
WAVELET_TAPS = np.array([DAUBECHIES8_LOW[::-1], DAUBECHIES8_HIGH[::-1]])  # (2, 16): as they correlate
WAVELET_REACH = len(DAUBECHIES8_HIGH) - 1  # border that a residual touching the image can look into


# KV, a 5 x 5 high-pass filter over 12, so that the middle weighs one: J. Fridrich, J. Kodovsky, "Rich models for steganalysis
# of digital images", IEEE TIFS 7(3), 2012.
KV_TAPS = ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2), (-1, 2, -2, 2, -1))
KV = np.array(KV_TAPS, dtype=np.float64) / 12


def srm_bank() -> NDArray[np.float64]:
    """Return float64 (30, 5, 5): the linear residual filters of the rich model (the same paper), each over its middle weight.

    Eight first-order differences, four second-order, eight third-order, the 3 x 3 square and its four edges, the 5 x 5 square
    (KV) and its four edges.
    """
    first, third, square, edge = (np.zeros((5, 5)) for _ in range(4))
    first[2, 2:4] = -1, 1
    third[2, 1:5] = 1, -3, 3, -1
    second = np.zeros((5, 5))
    second[2, 1:4] = 1, -2, 1
    square[1:4, 1:4] = KB_TAPS
    edge[1:3, 1:4] = [[-1, 2, -1], [2, -4, 2]]
    wide = np.array(KV_TAPS, dtype=np.float64)
    wide_edge = np.where(np.arange(5)[:, None] < 3, wide, 0)
    turns = [_eighth_turns(first), _eighth_turns(second)[:4], _eighth_turns(third)]
    kernels = [kernel for group in turns for kernel in group]
    kernels += [square, *(np.rot90(edge, k) for k in range(4)), wide, *(np.rot90(wide_edge, k) for k in range(4))]
    return np.stack([kernel / abs(kernel[2, 2]) for kernel in kernels])


def _eighth_turns(line: NDArray[Any]) -> list[NDArray[np.float64]]:
    """Return a filter along the middle row, to the right, turned to all eight directions."""
    turned = []
    for down, right in ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)):
        kernel = np.zeros((5, 5))
        for step in range(-2, 3):
            kernel[2 + step * down, 2 + step * right] = line[2, 2 + step]
        turned.append(kernel)
    return turned


def average(x: Values, *, size: int) -> Values:
    """Return the mean over size x size samples (size odd), the border mirrored; (N, C, H, W) -> the same."""
    taps = (1.0 / size,) * size
    return correlate(mirror(x, size // 2), Separable(taps, taps))


def cosine_bank(size: int) -> NDArray[np.float64]:
    """Return the `size` orthonormal one-dimensional DCT-II basis functions, float64 (size, size), lowest frequency first."""
    angle = np.pi / size * np.outer(np.arange(size), np.arange(size) + 0.5)
    return np.asarray(np.cos(angle) * np.sqrt(np.where(np.arange(size) == 0, 1.0, 2.0) / size)[:, None])


def mirror(x: Values, border: int) -> Values:
    """Return `x` with `border` mirrored samples on each side, the edge repeated, for any size of border."""
    for axis in (-2, -1):
        size = x.shape[axis]
        index = np.arange(-border, size + border) % (2 * size)
        index = np.minimum(index, 2 * size - 1 - index)
        x = x.index_select(axis, torch.from_numpy(index).to(x.device)) if is_tensor(x) else x.take(index, axis)
    return x


def zero_bordered(x: Values, *, before: int, behind: int) -> Values:
    """Return `x` with zeros before and behind its rows and columns."""
    if is_tensor(x):
        return torch.nn.functional.pad(x, (before, behind, before, behind))
    return np.pad(x, ((0, 0), (0, 0), (before, behind), (before, behind)))


def correlate(x: Values, kernel: Separable) -> Values:
    """Return valid correlation of float (N, C, H, W) -> (N, C, H - len(vertical) + 1, W - len(horizontal) + 1)."""
    return along(along(x, kernel.vertical, axis=-2), kernel.horizontal, axis=-1)


def residuals(x: Values, bank: Sequence[Separable]) -> list[Values]:
    """Return `correlate` with each kernel of the bank; equal horizontal taps are computed once."""
    rows = {taps: along(x, taps, axis=-1) for taps in dict.fromkeys(kernel.horizontal for kernel in bank)}
    return [along(rows[kernel.horizontal], kernel.vertical, axis=-2) for kernel in bank]


def along(x: Values, taps: Sequence[float], *, axis: int) -> Values:
    """Return valid correlation of float (N, C, H, W) with one row of taps, down the columns (axis -2) or along the rows (axis
    -1).
    """
    result: Any
    if not is_tensor(x):
        result = _along(x, tuple(taps), axis)
    elif x.device.type == "cpu":
        from ssgan.images.filters_gradient import Along

        result = Along.apply(x, tuple(taps), axis, _along)  # type: ignore[no-untyped-call]
    else:
        shape = (1, 1, len(taps), 1) if axis == -2 else (1, 1, 1, len(taps))
        weight = torch.tensor(taps, dtype=x.dtype, device=x.device).reshape(shape)
        n, c, h, w = x.shape
        filtered = torch.nn.functional.conv2d(x.reshape(n * c, 1, h, w), weight)
        result = filtered.reshape(n, c, *filtered.shape[-2:])
    return result


def _along(x: np.ndarray, taps: tuple[float, ...], axis: int) -> np.ndarray:
    n, c, h, w = x.shape
    shape = (n, c, h - len(taps) + 1, w) if axis == -2 else (n, c, h, w - len(taps) + 1)
    out = np.empty((n * c, *shape[2:]), x.dtype)
    loop = filters_loops.correlate_columns if axis == -2 else filters_loops.correlate_rows
    weights = np.asarray(taps, dtype=x.dtype)
    for plane, filtered in zip(np.ascontiguousarray(x).reshape(n * c, h, w), out, strict=True):
        loop(plane, weights, filtered, True)
    return out.reshape(shape)
