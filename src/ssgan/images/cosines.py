"""Transform blocks of 8 x 8 samples by cosines, unrounded in double precision: JPEG's DCT and its inverse (ITU-T T.81, A.3.3).

What a decoder shows is rounded on its way, see `idct.py`; models of coefficients work on these values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE, as_blocks, planes

CENTER = 128.0  # subtracted from samples before the transform


def basis() -> NDArray[np.float64]:
    """Return float64 (8, 8): the orthonormal cosines b[k, n], lowest frequency first."""
    angle = np.pi / SIDE * np.outer(np.arange(SIDE), np.arange(SIDE) + 0.5)
    return np.asarray(np.cos(angle) * np.sqrt(np.where(np.arange(SIDE) == 0, 1.0, 2.0) / SIDE)[:, None])


def to_samples(blocks: NDArray[Any], table: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return float64 (8 R, 8 C): the samples of quantized blocks (R, C, 8, 8), neither rounded nor cut."""
    cosines = basis()
    return planes(cosines.T @ (blocks * table.astype(np.float64)) @ cosines) + CENTER


def from_samples(plane: NDArray[Any], table: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return float64 (R, C, 8, 8): the coefficients of samples (8 R, 8 C) in quantization steps, before they are rounded."""
    cosines = basis()
    return np.asarray(cosines @ as_blocks(plane.astype(np.float64) - CENTER) @ cosines.T / table)
