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
from ssgan.images import AnyImage, Layout, as_image, as_images, is_batch
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


def difference(cover: AnyImage, stego: AnyImage, *, layout: Layout | None = None) -> Difference:
    """Return how many samples differ between two images of one size, which way and how far.

    cover, stego  two images, as `ssgan.as_image` takes them, or two batches, as `ssgan.as_images` does
    layout        "chw" or "hwc", where the shape of a NumPy array leaves it open

    Raises InvalidSetting for what is no image, and for images that differ in shape.

    >>> import numpy, ssgan
    >>> ssgan.difference(numpy.zeros((4, 4), int), numpy.eye(4, dtype=int)).changes
    4
    """
    first, second = _samples(cover, layout), _samples(stego, layout)
    if first.shape != second.shape:
        raise InvalidSetting(
            f"the two images differ in shape: {_shape(first)} and {_shape(second)}", hint="compare a cover with its own stego"
        )
    change = second.astype(np.int16) - first.astype(np.int16)
    squared = float(np.square(change, dtype=np.int64).mean())
    return Difference(
        samples=change.size,
        raised=int((change > 0).sum()),
        lowered=int((change < 0).sum()),
        largest=int(np.abs(change).max()),
        psnr=10 * math.log10(PEAK**2 / squared) if squared else math.inf,
    )


def _samples(given: AnyImage, layout: Layout | None) -> NDArray[np.uint8]:
    """Return uint8 (C, H, W), or (N, C, H, W) of a batch."""
    return as_images(given, layout=layout) if is_batch(given) else as_image(given, layout=layout)


def _shape(image: NDArray[Any]) -> str:
    """Return width x height and kind of samples in words."""
    channels, height, width = image.shape[-3:]
    return f"{width} x {height} {'gray' if channels == 1 else 'color'}"
