"""Put many images on one page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.images import Images

_GUTTER = 2  # pixels
_GRAY = 128


def contact_sheet(pictures: Images | NDArray[np.uint8], columns: int) -> np.ndarray:
    """Return uint8 (C, H, W): Images row by row, gray between them and at the end of the last row."""
    count, channels, height, width = pictures.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    page = np.full((channels, rows * (height + _GUTTER) - _GUTTER, columns * (width + _GUTTER) - _GUTTER), _GRAY, np.uint8)
    for i, picture in enumerate(np.asarray(pictures)):
        top, left = i // columns * (height + _GUTTER), i % columns * (width + _GUTTER)
        page[:, top : top + height, left : left + width] = picture
    return page
