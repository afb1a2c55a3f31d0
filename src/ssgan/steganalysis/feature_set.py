"""Define the row of a feature set: its extraction, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureSet:
    """One feature set: `extract(images, *, threads)` gives float64 (N, dimension) of uint8 (N, C, H, W).

    With `needs_probabilities`, it is `extract(images, probabilities, *, threads)`.
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
