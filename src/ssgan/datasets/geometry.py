"""Turn a picture into samples of one size: a center crop, then gray, then an antialiased resize; or tiles as they are.

The faces of the paper are 64x64, "cropped and resized" from CelebA; the usual crop since DCGAN is the central 108x108.
Resizing is for making covers from photographs only: what a detector judges is never resampled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage


@dataclass(frozen=True)
class Geometry:
    """A crop, size and conversion that make one image from each picture.

    crop  side of the square cut from the centre, in pixels, or None for the whole picture
    size  side after resizing by Lanczos' kernel, antialiased, or None to keep the pixels as they are
    gray  whether color becomes gray, by ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B, rounded), before resizing
    """

    crop: int | None = None
    size: int | None = None
    gray: bool = False

    def __post_init__(self) -> None:
        for name, value in (("crop", self.crop), ("size", self.size)):
            if value is not None and value < 1:
                raise InvalidSetting(f"{name} is {value}; it must be at least 1", hint="give it in pixels, such as 64")

    def cut(self, samples: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield one image, uint8 (C, h, w), of samples uint8 (C, H, W), under the empty label.

        Raises RefusedImage where the picture is smaller than the crop.
        """
        if self.crop is not None:
            samples = _centre(samples, self.crop)
        if self.gray:
            samples = to_gray(samples)
        yield "", samples if self.size is None else _resized(samples, self.size)


@dataclass(frozen=True)
class Patches:
    """Square tiles of each picture, none resampled: `size` pixels wide, one every `stride` pixels (size, if None)."""

    size: int
    stride: int | None = None
    gray: bool = False

    def __post_init__(self) -> None:
        if self.size < 1 or (self.stride is not None and self.stride < 1):
            raise InvalidSetting(
                f"size is {self.size} and stride {self.stride}; both must be at least 1",
                hint="give both in pixels, such as 64",
            )

    def cut(self, samples: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Yield tiles, uint8 (C, size, size), row by row, each labeled "@top,left"; a rim narrower than a tile is left out."""
        samples = to_gray(samples) if self.gray else samples
        for top, left in _corners(samples.shape, self.size, self.stride or self.size):
            yield f"@{top},{left}", samples[:, top : top + self.size, left : left + self.size]


# What is made of CelebA's 178x218 photographs.
GEOMETRIES = {
    "celeba64": Geometry(crop=108, size=64),  # DCGAN's crop: box 35, 55, 143, 163; the face fills the image
    "celeba178": Geometry(crop=178, size=64),  # the whole width, cut before it is resized: more hair and background
}


def patches(samples: np.ndarray, *, size: int, stride: int | None = None) -> np.ndarray:
    """Return tiles, uint8 (M, C, size, size), of samples uint8 (C, H, W), row by row."""
    return np.stack([tile for _, tile in Patches(size, stride).cut(samples)])


def to_gray(samples: np.ndarray) -> np.ndarray:
    """Return uint8 (1, H, W) from gray or color samples; ITU-R BT.601 in Pillow's 16-bit integers."""
    if samples.shape[0] == 1:
        return samples
    red, green, blue = samples.astype(np.uint32)
    gray: np.ndarray = (19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16
    return gray.astype(np.uint8)[None]


def _centre(samples: np.ndarray, side: int) -> np.ndarray:
    height, width = samples.shape[1:]
    if min(height, width) < side:
        raise RefusedImage(f"the picture is {width} x {height}, smaller than the crop of {side}", hint="choose a smaller crop")
    top, left = (height - side) // 2, (width - side) // 2
    return samples[:, top : top + side, left : left + side]


def _resized(samples: np.ndarray, side: int) -> np.ndarray:
    """Return (C, side, side), without keeping the proportions."""
    pixels = np.ascontiguousarray(samples.transpose(1, 2, 0))
    image = Image.fromarray(pixels[:, :, 0] if len(samples) == 1 else pixels)
    small = np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))
    return np.ascontiguousarray(small.reshape(side, side, -1).transpose(2, 0, 1))


def _corners(shape: tuple[int, ...], size: int, stride: int) -> list[tuple[int, int]]:
    _, height, width = shape
    if min(height, width) < size:
        raise RefusedImage(f"the picture is {width} x {height}, smaller than a tile of {size}", hint="choose smaller tiles")
    return [(top, left) for top in range(0, height - size + 1, stride) for left in range(0, width - size + 1, stride)]
