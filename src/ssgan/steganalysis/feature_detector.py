"""Combine a feature set with a classifier into a detector, which the field's tables call SPAM, SRM or CRM.

The ensemble chooses everything by its out-of-bag error and leaves the validation pairs alone; the ridge regression has its
penalty chosen on them. Features are extracted from some images at a time and kept in single precision where they are many;
with a run, they stay in its folder until the detector has learned, so that an interrupted extraction resumes.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.compute.progress import Progress
from ssgan.compute.threads import thread_count
from ssgan.errors import InvalidSetting, RefusedModel, spelled, unknown
from ssgan.images import Images
from ssgan.images.quantization import Steps, Table, settings_to_json, settings_with_table
from ssgan.steganalysis.classifiers import ensemble, ridge
from ssgan.steganalysis.classifiers.ensemble import Ensemble
from ssgan.steganalysis.classifiers.ridge import Ridge
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.feature_catalog import CLASSIFIERS, FEATURES
from ssgan.steganalysis.jpegs import check_table, decompressed, looks_at_jpegs
from ssgan.storage import weights
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.runs import Run

KIND = "feature detector"
BATCH = 64  # images whose features are held in double precision at a time
KEPT_TOGETHER = 16  # batches whose features are one file of a run
MANY = 1000  # features, from which single precision is enough: the rich models are defined with it


@dataclass(frozen=True)
class FeatureSettings:
    """The features (a key of FEATURES), the classifier (a key of CLASSIFIERS), and the seed of all draws.

    `learners` and `subspace` are the ensemble's, as in its own settings. `table` is the quantization table of the JPEGs that it
    learns from; None: pixels.
    """

    features: str = "srm"
    classifier: str = "ensemble"
    seed: int = 0
    learners: int | None = None
    subspace: int | None = None
    table: Steps | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", spelled(self.features, FEATURES))
        object.__setattr__(self, "classifier", spelled(self.classifier, CLASSIFIERS))
        if self.features not in FEATURES:
            raise unknown("feature set", self.features, FEATURES)
        if self.classifier not in CLASSIFIERS:
            raise unknown("classifier", self.classifier, CLASSIFIERS)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; a table only where there is one."""
        return settings_to_json(self)


class FeatureDetector:
    """A PairDetector. `threads`, of extraction and of the ensemble's training, change no score; None: as many as torch uses."""

    def __init__(self, settings: FeatureSettings = FeatureSettings(), *, threads: int | None = None) -> None:
        self.settings = settings
        self.threads = threads
        self.classifier: Ensemble | Ridge | None = None

    def fit(
        self, train: Pairs, validate: Pairs, *, run: Path | None = None, progress: Progress[dict[str, float]] | None = None
    ) -> None:
        """Learn from the features of the pairs; with `run`, in that folder. Raises InvalidSetting, RefusedImage."""
        settings, threads = self.settings, self.threads or thread_count()
        for pairs in (train, validate):
            check_table(settings.table, pairs.table)
        linear = settings.classifier == "ridge"
        store = None if run is None else Run(run, {"detector": settings.to_json()}).folder / "features"
        wanted = [("train", train), ("validate", validate)] if linear else [("train", train)]
        counter = _Counted(2 * sum(len(pairs) for _, pairs in wanted), progress)
        parts = [
            self._kept(images, probabilities, pairs.table, None if store is None else store / f"{part}-{which}", counter)
            for part, pairs in wanted
            for which, images, probabilities in (
                ("covers", pairs.covers, pairs.cover_probabilities),
                ("stegos", pairs.stegos, pairs.stego_probabilities),
            )
        ]
        if linear:
            self.classifier = ridge.fit((parts[0], parts[1]), (parts[2], parts[3]))
        else:
            size = ensemble.EnsembleSettings(settings.learners, settings.subspace)
            if settings.classifier == "fixed":
                size = ensemble.EnsembleSettings(ensemble.LEARNERS, min(ensemble.SUBSPACE, parts[0].shape[1]))
            made = ensemble.fit(*parts, settings=size, seed=settings.seed, threads=threads, on_ensemble=counter.ensemble)
            self.classifier = made
        if store is not None:
            shutil.rmtree(store, ignore_errors=True)

    def scores(
        self,
        images: Images,
        *,
        probabilities: Probabilities | None = None,
        table: Table | None = None,
        mismatch: bool = False,
    ) -> np.ndarray:
        """Return float64 (N,), higher = rather stego, above 0 = called stego; probabilities are for features that need them.

        `table` and `mismatch` as in `PairDetector`.
        """
        if self.classifier is None:
            raise InvalidSetting("the detector has learned nothing yet", hint="fit it, or load one that was fitted")
        check_table(self.settings.table, table, mismatch=mismatch)
        parts = []
        for at in range(0, len(images), BATCH):
            part = slice(at, at + BATCH)
            features = self.features(images[part], None if probabilities is None else probabilities[part], table=table)
            parts.append(self.classifier.scores(features))
        return np.concatenate(parts) if parts else np.empty(0)

    def features(
        self, images: Images | np.ndarray, probabilities: Probabilities | None = None, *, table: Table | None = None
    ) -> np.ndarray:
        """Return float32 or float64 (N, D) of uint8 (N, C, H, W), or of coefficients int16 (N, 1, H, W) with their table."""
        found = FEATURES[self.settings.features]
        if found.domain == "coefficients" and table is None:
            raise looks_at_jpegs(found.title)
        if found.needs_probabilities and probabilities is None:
            raise InvalidSetting(
                f"{found.title} needs the change probabilities of every image", hint="give pairs with change probabilities"
            )
        parts = []
        for at in range(0, len(images), BATCH):
            chosen: Any = images[at : at + BATCH]
            given: tuple[Any, ...] = (decompressed(chosen, table),)
            if found.domain == "coefficients":
                given = chosen, table
            elif found.needs_probabilities and probabilities is not None:
                given += (probabilities[at : at + BATCH],)
            part = found.extract(*given, threads=self.threads)
            parts.append(part.astype(np.float32) if found.dimension >= MANY else part)
        return np.concatenate(parts)

    def _kept(
        self,
        images: Images,
        probabilities: Probabilities | None,
        table: Table | None,
        store: Path | None,
        counter: _Counted,
    ) -> np.ndarray:
        """Return the features, from the store where they exist; newly extracted ones are written there."""
        parts = []
        step = BATCH * KEPT_TOGETHER
        for number, at in enumerate(range(0, len(images), step)):
            chosen = slice(at, at + step)
            file = None if store is None else store / f"{number:05d}.npy"
            if file is None or not file.exists():
                part = self.features(images[chosen], None if probabilities is None else probabilities[chosen], table=table)
                if file is not None:
                    _write(file, part)
            else:
                part = np.load(file, allow_pickle=False)
            parts.append(part)
            counter.extracted(len(part))
        return np.concatenate(parts)

    def save(self, folder: Path) -> None:
        """Write settings and classifier into a folder, after `ssgan.storage.weights`."""
        if self.classifier is None:
            raise InvalidSetting("the detector has learned nothing yet", hint="fit it first")
        tensors, about = self.classifier.as_tensors()
        weights.save(folder, tensors, {"kind": KIND, "settings": self.settings.to_json(), "classifier": about})

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> FeatureDetector:
        """Return the detector in a folder. Raises RefusedModel."""
        tensors, manifest = weights.load(folder)
        settings, about = manifest.get("settings"), manifest.get("classifier")
        if manifest.get("kind") != KIND or not isinstance(settings, dict) or not isinstance(about, dict):
            raise RefusedModel(f"{folder} holds another kind of model", hint=f"give the folder of a {KIND}")
        made = cls(_settings(settings), threads=threads)
        kind = Ridge if made.settings.classifier == "ridge" else Ensemble
        made.classifier = kind.from_tensors(tensors, about)
        return made


class _Counted:
    """Counter of the images done, which sends `progress` the number and the figures of each ensemble."""

    def __init__(self, total: int, progress: Progress[dict[str, float]] | None) -> None:
        self.total, self.progress, self.done = total, progress, 0

    def extracted(self, count: int) -> None:
        self.done += count
        self._tell({"images": self.total})

    def ensemble(self, subspace: int, learners: int, error: float) -> None:
        self._tell({"subspace": subspace, "learners": learners, "out_of_bag_error": error})

    def _tell(self, figures: dict[str, float]) -> None:
        if self.progress is not None:
            self.progress(self.done, figures)


def _write(file: Path, part: np.ndarray) -> None:
    """Write an array file, whole or not at all."""
    make_folder(file.parent)
    with atomic_write(file, overwrite=True) as temporary, temporary.open("wb") as stream:
        np.save(stream, part, allow_pickle=False)


def _settings(settings: dict[str, Any]) -> FeatureSettings:
    """Return the settings of a manifest. Raises RefusedModel."""
    numbers = (int, type(None))
    kinds = {"features": (str,), "classifier": (str,), "seed": (int,), "learners": numbers, "subspace": numbers}
    names = settings.keys() - {"table"}  # detectors of pixels have none
    if names != kinds.keys() or any(type(settings[name]) not in allowed for name, allowed in kinds.items()):
        raise RefusedModel("the detector's settings are of other names or kinds", hint="train it again")
    try:
        return FeatureSettings(**settings_with_table(settings))
    except InvalidSetting as error:
        raise RefusedModel(f"the detector's settings are not allowed: {error}", hint="train it again") from error
