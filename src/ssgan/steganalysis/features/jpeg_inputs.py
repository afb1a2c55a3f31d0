"""Check what a feature set for JPEGs is given: the quantized coefficients of luma, and their table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.compute.threads import share_images
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.coefficients import SIDE
from ssgan.images.quantization import LARGEST_STEP, Table

Planes: TypeAlias = NDArray[np.int16] | torch.Tensor


def extracted(
    coefficients: Planes,
    table: NDArray[np.integer[Any]],
    fill: Callable[[NDArray[np.int16], Table, NDArray[np.float64]], None],
    *,
    title: str,
    dimension: int,
    threads: int | None,
) -> NDArray[np.float64]:
    """Return float64 (N, dimension) that `fill(planes (n, H, W), table, out (n, dimension))` has filled, some images a thread.

    Raises InvalidSetting where the coefficients are not int16 (N, 1, 8 R, 8 C), or the table is not 8 x 8 steps of 1...65535;
    RefusedImage where there is no block.
    """
    planes, steps = _planes(coefficients, title), _steps(table, title)
    out = np.zeros((len(planes), dimension))

    def work(first: int, last: int) -> None:
        if first < last:
            fill(planes[first:last], steps, out[first:last])

    share_images(work, len(planes), threads=threads)
    return out


def _planes(coefficients: Planes, title: str) -> NDArray[np.int16]:
    array = coefficients.detach().cpu().numpy() if isinstance(coefficients, torch.Tensor) else coefficients
    if array.dtype == np.uint8:
        hint = "give the quantized coefficients of JPEG files, or choose features of pixels: spam, srm"
        raise InvalidSetting(f"{title} looks at JPEG files, and these are pixels", hint=hint)
    if array.dtype != np.int16:
        hint = "give the quantized coefficients as they are in the file"
        raise InvalidSetting(f"the coefficients must be int16, not {array.dtype}", hint=hint)
    if array.ndim != 4 or array.shape[1] != 1 or array.shape[2] % SIDE or array.shape[3] % SIDE:
        hint = "give luma alone, its blocks side by side; a single image has four axes too, N = 1"
        raise InvalidSetting(f"the coefficients must be (N, 1, 8 R, 8 C), not {tuple(array.shape)}", hint=hint)
    if min(array.shape[2:]) < SIDE:
        raise RefusedImage("the picture has no whole block of 8 x 8 samples", hint="give larger pictures")
    return np.ascontiguousarray(array[:, 0])


def _steps(table: NDArray[np.integer[Any]], title: str) -> Table:
    array = np.asarray(table)
    if array.shape != (SIDE, SIDE) or array.dtype.kind not in "iu":
        hint = "give the table of luma as whole numbers [k, l]: Component.table"
        raise InvalidSetting(f"{title} needs a quantization table (8, 8), not {array.dtype} {array.shape}", hint=hint)
    if array.min() < 1 or array.max() > LARGEST_STEP:
        raise InvalidSetting("a quantization step is outside 1...65535", hint="give the table as it is in the file")
    return np.ascontiguousarray(array.astype(np.uint16))
