"""Compute the pixels of a JPEG's component as libjpeg does, in integers, at the component's own resolution.

Nothing is upsampled and no color converted: a chroma of 4:2:0 has half the picture's height and width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE, Component, as_blocks
from ssgan.images.idct_loops import inverse_dct


def component_pixels(component: Component, *, padded: bool = False) -> NDArray[np.uint8]:
    """Return the pixels that libjpeg's default transform ("islow") gives, uint8 (height, width), cut to 0...255.

    With `padded`, those of all coded blocks, (8 R, 8 C). For a gray file they are the pixels of libjpeg, and so of Pillow.
    """
    out = pixels_of_blocks(component.blocks, component.table)
    return out if padded else np.ascontiguousarray(out[: component.size[0], : component.size[1]])


def plane_pixels(planes: NDArray[np.int16], table: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the same pixels of coefficients (..., 8 R, 8 C), blocks side by side, uint8 of that shape."""
    return pixels_of_blocks(as_blocks(planes.reshape(-1, planes.shape[-1])), table).reshape(planes.shape)


def pixels_of_blocks(blocks: NDArray[np.int16], table: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the pixels uint8 (8 R, 8 C) of blocks int16 (R, C, 8, 8), quantized by a table uint16 (8, 8)."""
    rows, columns = blocks.shape[:2]
    out = np.empty((SIDE * rows, SIDE * columns), np.uint8)
    inverse_dct(np.ascontiguousarray(blocks), table, out)
    return out
