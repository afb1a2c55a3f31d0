"""Define the contract of detectors: they learn from pairs of images and score images, higher where one is rather a stego.

A detector may be built on a network, features or a formula; training and judging need these names alone. A calibration turns
scores into probabilities (J. Platt, "Probabilistic outputs for support vector machines", 1999).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np

from ssgan.compute.lazy_torch import torch
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images import Images
from ssgan.images.quantization import Table
from ssgan.steganalysis.jpegs import check_coefficients, decompressed

# float (N, C, H, W) in [0, 1]: how probable it is that the sender changes each sample of an image, as the warden knows it.
Probabilities: TypeAlias = "torch.Tensor"


@dataclass(frozen=True, eq=False)
class Pairs:
    """N covers and N stegos, uint8 (N, C, H, W) on one device; the i-th stego comes from the i-th cover.

    Change probabilities, of the covers' samples and of the stegos', are there for detectors that use them, and come both or
    not at all. With a quantization `table`, uint16 (8, 8), both are the quantized luma of JPEGs, int16 (N, 1, H, W): whole
    blocks of 8 x 8, side by side. Raises InvalidSetting for what cannot be pairs.
    """

    covers: Images
    stegos: Images
    cover_probabilities: Probabilities | None = None
    stego_probabilities: Probabilities | None = None
    table: Table | None = None

    def __post_init__(self) -> None:
        covers, stegos = self.covers, self.stegos
        if covers.ndim != 4 or covers.shape != stegos.shape or covers.shape[1] not in (1, 3) or not covers.numel():
            raise InvalidSetting(
                f"covers of shape {tuple(covers.shape)} and stegos of shape {tuple(stegos.shape)} are no pairs",
                hint="give both as (N, C, H, W) with C = 1 or 3, the i-th stego made from the i-th cover",
            )
        if self.table is not None:
            for one in (covers, stegos):
                table = check_coefficients(one, self.table, title="a detector of JPEGs")
            object.__setattr__(self, "table", table)
        kind = torch.uint8 if self.table is None else torch.int16
        if covers.dtype != kind or stegos.dtype != kind or covers.device != stegos.device:
            raise InvalidSetting(
                f"covers are {covers.dtype} on {covers.device}, stegos {stegos.dtype} on {stegos.device}",
                hint="give both as pixels, uint8, on one device",
            )
        maps = [part for part in (self.cover_probabilities, self.stego_probabilities) if part is not None]
        if maps and (len(maps) != 2 or any(part.shape != covers.shape or not part.is_floating_point() for part in maps)):
            raise InvalidSetting(
                "the change probabilities do not fit the pairs", hint="give them for covers and stegos, of the images' shape"
            )
        if any(not bool(((part >= 0) & (part <= 1)).all()) for part in maps):  # False for nan as well
            raise InvalidSetting("a change probability is outside 0...1", hint="add those of +1 and of -1 for each sample")

    def __len__(self) -> int:
        """Return N."""
        return len(self.covers)

    def __getitem__(self, chosen: slice | np.ndarray | torch.Tensor) -> Pairs:
        """Return the chosen pairs, in that order: by a slice, numbers or truth values."""
        index = torch.from_numpy(chosen) if isinstance(chosen, np.ndarray) else chosen
        maps = {name: getattr(self, name) for name in ("cover_probabilities", "stego_probabilities")}
        chosen_maps = {name: part[index] for name, part in maps.items() if part is not None}
        return replace(self, covers=self.covers[index], stegos=self.stegos[index], **chosen_maps)

    def as_pixels(self) -> Pairs:
        """Return the pairs as the pixels that a decoder shows, without change probabilities; pairs of pixels as they are."""
        if self.table is None:
            return self
        return Pairs(decompressed(self.covers, self.table), decompressed(self.stegos, self.table))


@runtime_checkable
class PairDetector(Protocol):
    """A class that learns from pairs and scores images. `__init__` stores settings and does nothing else."""

    def fit(self, train: Pairs, validate: Pairs) -> None:
        """Learn from `train`; all choices (when to stop, which strength, which of several) are made on `validate`."""

    def scores(
        self,
        images: Images,
        *,
        probabilities: Probabilities | None = None,
        table: Table | None = None,
        mismatch: bool = False,
    ) -> np.ndarray:
        """Return float64 (N,), finite, of uint8 (N, C, H, W): higher where an image is rather a stego, on any scale.

        The score of an image depends on nothing but the image and its change probabilities, which a detector without a
        use for them ignores. A detector that learned from JPEGs takes their coefficients, as `Pairs` has them, with the
        `table`. Raises InvalidSetting for a table that it did not learn from, without `mismatch`.
        """

    def save(self, folder: Path) -> None:
        """Write what was learned into a folder, after `ssgan.storage.weights`."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the detector in a folder. Raises RefusedModel for anything else, and executes nothing."""


@dataclass(frozen=True)
class Calibration:
    """A map from scores to probabilities: 1 / (1 + exp(-(slope score + offset))), for equally many covers and stegos; slope >=
    0.
    """

    slope: float
    offset: float

    @classmethod
    def fit(cls, cover_scores: np.ndarray, stego_scores: np.ndarray) -> Calibration:
        """Return the most likely calibration for the scores of images that the detector did not learn from.

        As Platt does, one cover is counted as a stego to (N + 2)^-1 and so on, so that separable scores have an answer. Scores
        that fall where they should rise get the slope 0.
        """
        scores = [np.asarray(part, dtype=np.float64).ravel() for part in (cover_scores, stego_scores)]
        if any(not part.size or not np.isfinite(part).all() for part in scores):
            raise InvalidSetting("a calibration needs finite scores of covers and of stegos", hint="score both first")
        every = np.concatenate(scores)
        middle, scale = float(np.median(every)), max(float(every.std()), _LEAST_SCALE)
        x = np.stack(((every - middle) / scale, np.ones_like(every)))
        targets = np.concatenate([np.full(len(s), (1 + k * len(s)) / (len(s) + 2)) for k, s in enumerate(scores)])
        weights = np.concatenate([np.full(len(s), 0.5 / len(s)) for s in scores])
        slope, offset = _newton(x, targets, weights)
        if slope <= 0:
            return cls(0.0, 0.0)
        return cls(slope / scale, offset - slope * middle / scale)

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return float64 in [0, 1], of the scores' shape."""
        with np.errstate(over="ignore"):  # what overflows is certain
            logits = self.slope * np.asarray(scores, dtype=np.float64) + self.offset
        return np.asarray((1 + np.tanh(logits / 2)) / 2)

    def to_json(self) -> dict[str, float]:
        """Return the fields for a manifest."""
        return {"slope": self.slope, "offset": self.offset}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Calibration:
        """Return the calibration of a manifest. Raises RefusedModel."""
        numbers = [record.get(name) for name in ("slope", "offset")]
        if not all(isinstance(v, float | int) and not isinstance(v, bool) and math.isfinite(v) for v in numbers):
            raise RefusedModel("the calibration has no finite slope and offset", hint="train the detector again")
        slope, offset = (float(v) for v in numbers if v is not None)
        if slope < 0:
            raise RefusedModel("the calibration has a negative slope", hint="train the detector again")
        return cls(slope, offset)


_LEAST_SCALE = 1e-100  # of scores: below it they are all the same
_STEPS = 100  # of Newton's method, which needs about ten


def _newton(x: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return the coefficients (2,) of the most likely logistic curve through x (2, N); steps are halved until they lower the
    loss.
    """

    def loss(beta: np.ndarray) -> float:
        logit = beta @ x
        return float(weights @ (np.logaddexp(0, logit) - targets * logit))

    beta = np.zeros(2)
    for _ in range(_STEPS):
        p = (1 + np.tanh(beta @ x / 2)) / 2
        gradient = x @ (weights * (p - targets))
        curvature = (x * (weights * p * (1 - p))) @ x.T + 1e-12 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while loss(beta - step) > loss(beta) and np.abs(step).max() > 1e-12:
            step /= 2
        beta = beta - step
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])
