"""Count the changes between a cover and its stego on the samples themselves.

The figures that every door shows: how many samples moved, which way, how far, and the peak signal-to-noise ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting
from ssgan.images import ImageLike, Layout, as_image
from ssgan.images.samples import PEAK


@dataclass(frozen=True)
class Difference:
    """Counts over all samples; `psnr` in dB, infinite where nothing changed; `largest` in gray values."""

    samples: int
    raised: int
    lowered: int
    largest: int
    psnr: float

    @property
    def changes(self) -> int:
        """Number of changed samples."""
        return self.raised + self.lowered

    @property
    def change_rate(self) -> float:
        """Fraction of changed samples."""
        return self.changes / self.samples


def difference(
    cover: ImageLike | NDArray[np.uint8], stego: ImageLike | NDArray[np.uint8], *, layout: Layout | None = None
) -> Difference:
    """Return the difference of two images of one size, as `as_image` takes them, or of two batches uint8 (N, C, H, W).

    Raises InvalidSetting for what is no image, and for images that differ in shape.
    """
    cover, stego = _samples(cover, layout), _samples(stego, layout)
    if cover.shape != stego.shape:
        raise InvalidSetting(
            f"the two images differ in shape: {_shape(cover)} and {_shape(stego)}", hint="compare a cover with its own stego"
        )
    change = stego.astype(np.int16) - cover.astype(np.int16)
    squared = float(np.square(change, dtype=np.int64).mean())
    return Difference(
        samples=change.size,
        raised=int((change > 0).sum()),
        lowered=int((change < 0).sum()),
        largest=int(np.abs(change).max()),
        psnr=10 * math.log10(PEAK**2 / squared) if squared else math.inf,
    )


def _samples(given: ImageLike | NDArray[Any], layout: Layout | None) -> NDArray[Any]:
    """Return uint8 (C, H, W), or (N, C, H, W) of a batch."""
    if getattr(given, "ndim", 0) != 4:
        return as_image(given, layout=layout)
    first = [as_image(image, layout="chw") for image in given[:1]]  # type: ignore[index]
    return np.asarray(given) if first else np.empty((0, 1, 1, 1), np.uint8)


def _shape(image: NDArray[Any]) -> str:
    """Return width x height and kind of samples in words."""
    channels, height, width = image.shape[-3:]
    return f"{width} x {height} {'gray' if channels == 1 else 'color'}"
