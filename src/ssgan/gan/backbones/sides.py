"""How a side grows from the first maps to the image: doubled as often as it goes, then cut from the middle."""

from __future__ import annotations

import math

import torch

from ssgan.errors import InvalidSetting

LEAST_SIDE = 4  # of the first maps, which are 4 to 8 wide
SIZES = (16, 256)


def stages(image_size: int) -> int:
    """How often the side is doubled. Raises InvalidSetting outside of SIZES."""
    if not SIZES[0] <= image_size <= SIZES[1]:
        raise InvalidSetting(f"images of {image_size} x {image_size} are not made here", hint="choose a size from 32 to 128")
    return int(math.log2(image_size / LEAST_SIDE))


def first_side(image_size: int) -> int:
    """The least first side whose doublings reach the image's."""
    return -(-image_size // 2 ** stages(image_size))


def cut(floats: torch.Tensor, size: int) -> torch.Tensor:
    """The square (N, C, size, size) in the middle."""
    start = (floats.shape[-1] - size) // 2
    return floats[..., start : start + size, start : start + size]
