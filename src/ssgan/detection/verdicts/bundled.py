"""Keep the bundled detectors, each in a folder of `ssgan/bundled/detectors`: weights, domain, threshold, card.

A folder is that of an ordinary detector (`ssgan.steganalysis.detectors.load` reads it), with the images that it may judge and
what its scores mean. It scores squares of a picture, never a resized copy, and averages their features.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.detection.verdicts.domain import Domain
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images.coefficients import SIDE, Component, planes
from ssgan.images.quantization import distance_to_libjpeg, nearest_quality
from ssgan.steganalysis.detector import Calibration
from ssgan.steganalysis.feature_catalog import FEATURES
from ssgan.steganalysis.feature_detector import KIND, FeatureDetector
from ssgan.storage import folders, weights

BUNDLED = folders.BUNDLED / "detectors"
CARD = "MODEL_CARD.md"
MOST_A_SIDE = 3  # squares along a side: they suffice, all of a large picture would say no more
MOST_BLOCKS = 128  # of a JPEG along a side, from its center: likewise
FOREIGN = 0.1  # the distance from libjpeg's tables at which a quantization table is another one


@dataclass(frozen=True)
class Scope:
    """The images that a detector applies to, and the meaning of its scores.

    images       in words
    channels     1 gray, 3 color
    side         pixels of the squares that are looked at
    exact        only images of just that size, or any that holds such a square
    threshold    the score above which it is an alarm
    calibration  score to probability of a stego, where covers and stegos like those of `embedders` are equally many
    qualities    for JPEGs: the first and the last libjpeg quality of their luma; None where it looks at pixels
    """

    images: str
    channels: tuple[int, ...]
    side: int
    exact: bool
    threshold: float
    calibration: Calibration
    embedders: tuple[str, ...]
    qualities: tuple[int, int] | None = None

    def squares(self, image: np.ndarray) -> np.ndarray | None:
        """Return uint8 (K, C, side, side) of an image (C, H, W): at most MOST_A_SIDE squared, evenly spread; None where none
        fits.
        """
        if self.qualities is not None:
            return None
        channels, height, width = image.shape
        sized = (height, width) == (self.side, self.side) if self.exact else min(height, width) >= self.side
        if channels not in self.channels or not sized:
            return None
        tops, lefts = (_starts(length, self.side) for length in (height, width))
        return np.stack([image[:, y : y + self.side, x : x + self.side] for y in tops for x in lefts])

    def blocks(self, luma: Component) -> np.ndarray | None:
        """Return int16 (1, 1, H, W): the blocks of a JPEG's luma side by side, at most MOST_BLOCKS squared; None where the JPEG
        is too small, or its table is another one.
        """
        if self.qualities is None or SIDE * min(luma.whole) < self.side or distance_to_libjpeg(luma.table) >= FOREIGN:
            return None
        if not self.qualities[0] <= nearest_quality(luma.table) <= self.qualities[1]:
            return None
        top, left = (max(0, (count - MOST_BLOCKS) // 2) for count in luma.whole)
        return planes(luma.carriers[top : top + MOST_BLOCKS, left : left + MOST_BLOCKS])[None, None]

    def to_json(self) -> dict[str, Any]:
        """Return the fields for a manifest."""
        record = {**asdict(self), "calibration": self.calibration.to_json()}
        return record if self.qualities is not None else {k: v for k, v in record.items() if k != "qualities"}

    @classmethod
    def from_json(cls, record: object) -> Scope:
        """Return the scope of a manifest. Raises RefusedModel."""
        try:
            assert isinstance(record, Mapping)
            made = cls(
                str(record["images"]), tuple(int(c) for c in record["channels"]), int(record["side"]), bool(record["exact"]),
                float(record["threshold"]), Calibration.from_json(record["calibration"]), tuple(map(str, record["embedders"])),
                None if record.get("qualities") is None else (int(record["qualities"][0]), int(record["qualities"][1])),
            )  # fmt: skip
            assert made.side > 0
            assert made.channels
            assert np.isfinite(made.threshold)
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise RefusedModel("the detector does not say which images it applies to", hint=_HINT) from error
        return made


_HINT = "install ssgan again: its bundled detectors are damaged"


@dataclass(frozen=True, eq=False)
class Trained:
    """A detector by its name, with its scope and the domain that it learned from."""

    name: str
    detector: FeatureDetector
    scope: Scope
    domain: Domain

    def features(self, image: np.ndarray) -> np.ndarray | None:
        """Return float64 (D,) of an image uint8 (C, H, W): the mean over its squares; None where it has none."""
        squares = self.scope.squares(image)
        return None if squares is None else mean_features(self.detector, squares)

    def jpeg_features(self, luma: Component) -> np.ndarray:
        """Return float64 (D,) of a JPEG by its luma, which is in the detector's scope."""
        blocks = self.scope.blocks(luma)
        assert blocks is not None
        return self.detector.features(blocks, table=luma.table)[0].astype(np.float64)

    def score(self, features: np.ndarray) -> float:
        """Return the score of an image's features."""
        assert self.detector.classifier is not None
        return float(self.detector.classifier.scores(features[None])[0])


def mean_features(detector: FeatureDetector, squares: np.ndarray) -> np.ndarray:
    """Return float64 (D,): the mean over squares uint8 (K, C, H, W), one after the other, so that the sum has one order."""
    return np.mean([detector.features(square[None])[0].astype(np.float64) for square in squares], axis=0)


def save(folder: Path, detector: FeatureDetector, scope: Scope, domain: Domain, about: Mapping[str, Any]) -> None:
    """Write a detector with all that a bundled one needs; `about` holds plain JSON values."""
    if detector.classifier is None:
        raise InvalidSetting("the detector has learned nothing yet", hint="fit it first")
    tensors, classifier = detector.classifier.as_tensors()
    manifest = {"kind": KIND, "settings": detector.settings.to_json(), "classifier": classifier, "scope": scope.to_json()}
    weights.save(folder, tensors | domain.as_tensors(), {**manifest, "about": {**about, "card": CARD}})


def load(folder: Path) -> Trained:
    """Return the detector in a folder, after its weights matched their digest. Raises RefusedModel."""
    tensors, manifest = weights.load(folder)
    detector = FeatureDetector.load(folder, threads=1)
    scope, domain = Scope.from_json(manifest.get("scope")), Domain.from_tensors(tensors)
    if not domain.suits(FEATURES[detector.settings.features].dimension):
        raise RefusedModel(f"{folder} has a domain of other features than its detector", hint=_HINT)
    return Trained(folder.name, detector, scope, domain)


def bundled() -> list[Path]:
    """Return the folders of the detectors that come with the package."""
    return weights.models_in(BUNDLED)


@functools.lru_cache(maxsize=1)
def bundled_detectors() -> tuple[Trained, ...]:
    """Return all of them, read once a process."""
    return tuple(load(folder) for folder in bundled())


def _starts(length: int, side: int) -> list[int]:
    """Return where squares begin along a side: evenly spread from one edge to the other; one alone at the first."""
    count = min(MOST_A_SIDE, length // side)
    return [0] if count == 1 else [round(k * (length - side) / (count - 1)) for k in range(count)]
