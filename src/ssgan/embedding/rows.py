"""Cut a picture into bands of rows with their surroundings, so that what is computed of a band is that of the whole picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Samples of a band, whose temporaries are a dozen arrays of double precision. A band has more than the least where the rows
# around it would be many to compute twice.
LEAST, MOST = 1 << 17, 1 << 19


class RowBand(NamedTuple):
    """Rows `first`...`last` - 1 of a plane; `top`...`bottom` - 1 with those around them."""

    plane: int
    first: int
    last: int
    top: int
    bottom: int

    @property
    def place(self) -> tuple[int, slice]:
        """The index of the band in an array (C, H, W)."""
        return self.plane, slice(self.first, self.last)

    @property
    def own(self) -> slice:
        """The band's rows among those from `top` on."""
        return slice(self.first - self.top, self.last - self.top)

    def images(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the band of an image (C, H, W) with the rows around it, as uint8 (1, 1, R, W)."""
        return image[None, self.plane : self.plane + 1, self.top : self.bottom]


def row_bands(shape: tuple[int, ...], reach: int) -> Iterator[RowBand]:
    """Yield the bands of an image (C, H, W), from plane to plane, with `reach` rows above and below where there are any."""
    channels, height, width = shape
    rows = height if height * width <= MOST else max(1, LEAST // width, min(16 * reach, MOST // width))
    for plane in range(channels):
        for first in range(0, height, rows):
            last = min(height, first + rows)
            yield RowBand(plane, first, last, max(0, first - reach), min(height, last + reach))
