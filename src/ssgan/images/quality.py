"""Tell the quality of a quantization table: that of libjpeg's table for luma which is nearest to it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.new_jpeg import LUMA_STEPS, steps

QUALITIES = range(1, 101)


def nearest_quality(table: NDArray[np.integer[Any]]) -> int:
    """Return the libjpeg quality, 1...100, of a table of luma, (8, 8) or (64,) steps of at least 1, as [k, l].

    A table of libjpeg has its own quality. Of any other table it is the quality whose table has the smallest mean of
    |ln(step / step of libjpeg)| over the 64 steps, the higher one of two equally near.
    """
    distances = np.abs(_logarithms() - np.log(np.asarray(table, np.float64).reshape(-1))).mean(1)
    return QUALITIES[len(distances) - 1 - int(distances[::-1].argmin())]


@functools.lru_cache(maxsize=1)
def _logarithms() -> NDArray[np.float64]:
    """Return float64 (100, 64): the natural logarithms of libjpeg's steps, a row for each quality."""
    return np.log([steps(LUMA_STEPS, quality).reshape(-1).astype(np.float64) for quality in QUALITIES])
