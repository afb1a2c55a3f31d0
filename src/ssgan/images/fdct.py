"""Compute the quantized coefficients of pixels as libjpeg does, in integers: the counterpart of `idct.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE
from ssgan.images.fdct_loops import forward_dct


def quantized_blocks(pixels: NDArray[np.uint8], table: NDArray[np.uint16]) -> NDArray[np.int16]:
    """Return int16 (R, C, 8, 8), [k, l] in a block, that libjpeg's default transform ("islow") makes of pixels (8 R, 8 C).

    `table`: the quantization steps, uint16 (8, 8), as [k, l]. Halves are rounded away from zero.
    """
    height, width = pixels.shape
    out = np.empty((height // SIDE, width // SIDE, SIDE, SIDE), np.int16)
    forward_dct(np.ascontiguousarray(pixels), table, out)
    return out
