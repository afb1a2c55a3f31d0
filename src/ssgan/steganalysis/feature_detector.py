"""A feature set with a classifier as a detector: what the field's tables call SPAM, SRM or CRM.

The ensemble chooses everything by its out-of-bag error and leaves the validation pairs alone; the ridge regression has its
penalty chosen on them. Features are extracted from some images at a time and kept in single precision where they are many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan import weights
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images import Images
from ssgan.steganalysis import crm, ensemble, ridge, spam, srm
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.ensemble import Ensemble
from ssgan.steganalysis.ridge import Ridge

KIND = "feature detector"
EXTRACTORS: dict[str, Callable[..., np.ndarray]] = {
    "spam": spam.features,
    "srm": srm.features,
    "srmq1": srm.features_q1,
    "crm": crm.features,
}
CLASSIFIERS = ("ensemble", "ridge")
BATCH = 64  # images whose features are held in double precision at a time
MANY = 1000  # features, from which single precision will do: the rich models are defined with it


@dataclass(frozen=True)
class FeatureSettings:
    """Which features (a key of EXTRACTORS), which of CLASSIFIERS on top, and the seed of what is drawn.

    `learners` and `subspace` are the ensemble's, as in its own settings.
    """

    features: str = "srm"
    classifier: str = "ensemble"
    seed: int = 0
    learners: int | None = None
    subspace: int | None = None

    def __post_init__(self) -> None:
        for name, known in ((self.features, tuple(EXTRACTORS)), (self.classifier, CLASSIFIERS)):
            if name not in known:
                raise InvalidSetting(f"there is no {name!r} here.", hint=f"Known are {', '.join(known)}.")


class FeatureDetector:
    """A Detector. `threads`, of extraction and of the ensemble's training, change no score; None: as many as torch uses."""

    def __init__(self, settings: FeatureSettings = FeatureSettings(), *, threads: int | None = None) -> None:
        self.settings = settings
        self.threads = threads
        self.classifier: Ensemble | Ridge | None = None

    def fit(self, train: Pairs, validate: Pairs) -> None:
        """Learn from the features of the pairs. Raises InvalidSetting, RefusedImage."""
        parts = self.features(train.covers), self.features(train.stegos)
        if self.settings.classifier == "ridge":
            self.classifier = ridge.fit(parts, (self.features(validate.covers), self.features(validate.stegos)))
        else:
            size = ensemble.Settings(self.settings.learners, self.settings.subspace)
            self.classifier = ensemble.fit(*parts, settings=size, seed=self.settings.seed, threads=self.threads or 1)

    def scores(self, images: Images, *, probabilities: Probabilities | None = None) -> np.ndarray:
        """float64 (N,), higher = rather stego, above 0 = called stego; the probabilities play no part."""
        if self.classifier is None:
            raise InvalidSetting("the detector has learned nothing yet.", hint="Fit it, or load one that was fitted.")
        return self.classifier.scores(self.features(images))

    def features(self, images: Images) -> np.ndarray:
        """float32 or float64 (N, D) of uint8 (N, C, H, W)."""
        extract = EXTRACTORS[self.settings.features]
        parts = []
        for start in range(0, len(images), BATCH):
            part = extract(images[start : start + BATCH], threads=self.threads)
            parts.append(part.astype(np.float32) if part.shape[1] >= MANY else part)
        return np.concatenate(parts)

    def save(self, folder: Path) -> None:
        """Write settings and classifier into a folder, after `ssgan.weights`."""
        if self.classifier is None:
            raise InvalidSetting("the detector has learned nothing yet.", hint="Fit it first.")
        tensors, about = self.classifier.as_tensors()
        weights.save(folder, tensors, {"kind": KIND, "settings": asdict(self.settings), "classifier": about})

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> FeatureDetector:
        """The detector in a folder. Raises RefusedModel."""
        tensors, manifest = weights.load(folder)
        told, about = manifest.get("settings"), manifest.get("classifier")
        if manifest.get("kind") != KIND or not isinstance(told, dict) or not isinstance(about, dict):
            raise RefusedModel(f"{folder} holds another kind of model.", hint=f"Give the folder of a {KIND}.")
        made = cls(_settings(told), threads=threads)
        kind = Ridge if made.settings.classifier == "ridge" else Ensemble
        made.classifier = kind.from_tensors(tensors, about)
        return made


def _settings(told: dict[str, Any]) -> FeatureSettings:
    """The settings of a manifest. Raises RefusedModel."""
    numbers = (int, type(None))
    kinds = {"features": (str,), "classifier": (str,), "seed": (int,), "learners": numbers, "subspace": numbers}
    if told.keys() != kinds.keys() or any(type(told[name]) not in allowed for name, allowed in kinds.items()):
        raise RefusedModel("the detector's settings are of other names or kinds.", hint="Train it again.")
    try:
        return FeatureSettings(**told)
    except InvalidSetting as error:
        raise RefusedModel(f"the detector's settings cannot be meant: {error}", hint="Train it again.") from error
