"""Define the row of a feature set: its extraction, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class FeatureSet:
    """One feature set: `extract(images, *, threads)` gives float64 (N, dimension) of uint8 (N, C, H, W).

    With `needs_probabilities`, it is `extract(images, probabilities, *, threads)`. In the domain "coefficients" it is
    `extract(coefficients, table, *, threads)` of the quantized luma of JPEGs, int16 (N, 1, H, W), blocks of 8 x 8 side by side,
    and its table uint16 (8, 8); features of pixels are those of the decompressed luma.
    """

    extract: Callable[..., np.ndarray]
    dimension: int
    names: Callable[[], list[str]]
    channels: tuple[int, ...]
    title: str
    summary: str
    paper: str
    published: str = ""
    needs_probabilities: bool = False
    domain: Literal["pixels", "coefficients"] = "pixels"
