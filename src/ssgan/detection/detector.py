"""Learn to tell stegos from covers, and score images: a detector of the catalog as one object, on images in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.detection.result import DetectorResult
from ssgan.detection.train import DETECTOR, pair_scores
from ssgan.errors import InvalidSetting, spelled, unknown
from ssgan.images import AnyImages, as_images, to_images
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import DETECTORS
from ssgan.steganalysis.detector import Calibration, Pairs
from ssgan.steganalysis.error_rate import p_e

FEWEST_PAIRS = 4  # of which one chooses threshold and calibration


class Detector:
    """A detector of stegos in images.

    name        features with a classifier ("spam", "srm", "srm/ridge") or a network ("xunet", "srnet"): a key that
                `ssgan list` prints
    seed        a whole number or a NumPy Generator: split of the pairs and all draws of the training
    validation  share of the pairs that choose the threshold and the calibration, and that nothing is learned from
    duration_images  for networks: images to learn from, each counted as often as it is seen; the recipe's if left out
    device      "cpu" or "cuda", for networks
    threads     of features and ensembles; as many as torch uses if left out

    `ssgan.train_detector` trains one from files, in a folder where it can be resumed; `Detector.load` reads that folder.

    >>> import ssgan
    >>> covers = ssgan.sample("faces64", 60, seed=1)
    >>> stegos = ssgan.simulate(covers, "lsb@1", seed=1)
    >>> detector = ssgan.Detector("spam/ridge").fit(covers[:50], stegos[:50])
    >>> detector.score(covers[50:], stegos[50:]) > 0.6
    True
    >>> detector.predict_proba(stegos[50:]).shape
    (10, 2)
    """

    def __init__(
        self,
        name: str = "spam/ridge",
        *,
        seed: int | np.random.Generator = 0,
        validation: float = 0.2,
        duration_images: int | None = None,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        name = spelled(name, DETECTORS)
        if name not in DETECTORS:
            raise unknown("detector", name, DETECTORS)
        if not 0 < validation < 1:
            raise InvalidSetting(f"validation is {validation}; it must lie between 0 and 1", hint="leave it out for 0.2")
        self.name, self.seed, self.validation = name, seeds.as_seed(seed), validation
        self.duration_images, self.device, self.threads = duration_images, device, threads
        self.threshold, self.calibration = 0.0, Calibration(0.0, 0.0)
        self._trained: detectors.AnyDetector | None = None

    def __repr__(self) -> str:
        """Return the settings, and whether it has learned."""
        return f"Detector({self.name!r}, seed={self.seed}{', fitted' if self._trained is not None else ''})"

    def fit(self, covers: AnyImages, stegos: AnyImages) -> Detector:
        """Learn from covers and their stegos, as `ssgan.as_images` takes them, the i-th stego made from the i-th cover.

        Return the detector itself. Raises InvalidSetting for what are no pairs, and for fewer than four.
        """
        pairs = Pairs(to_images(as_images(covers)), to_images(as_images(stegos)))
        held = round(self.validation * len(pairs))
        if len(pairs) < FEWEST_PAIRS or not 0 < held < len(pairs) - 1:
            raise InvalidSetting(
                f"{len(pairs)} pairs are too few to learn from and to set a threshold by", hint="give tens of pairs, or more"
            )
        order = seeds.generator(self.seed, "validation").permutation(len(pairs))
        train, validate = pairs[np.sort(order[held:])], pairs[np.sort(order[:held])]
        made = detectors.make(
            self.name,
            train,
            seed=self.seed,
            duration_images=self.duration_images,
            device=self.device,
            threads=self.threads,
        )
        made.fit(train, validate)
        scores = pair_scores(made, validate)
        self._trained, self.threshold, self.calibration = made, p_e(*scores)[1], Calibration.fit(*scores)
        return self

    def scores(self, images: AnyImages) -> NDArray[np.float64]:
        """Return float64 (N,): higher where an image is rather a stego, on the detector's own scale."""
        if self._trained is None:
            raise InvalidSetting("the detector has learned nothing yet", hint="call fit, or Detector.load")
        steps = self._trained.settings.table
        if steps is not None:
            raise InvalidSetting(
                "this detector learned from the coefficients of JPEGs, not from pixels",
                hint="score files: ssgan score RUN FILES",
            )
        return np.asarray(self._trained.scores(to_images(as_images(images))))

    def predict(self, images: AnyImages) -> NDArray[np.int64]:
        """Return int64 (N,): 1 where the score exceeds the threshold of least validation error, else 0."""
        return (self.scores(images) > self.threshold).astype(np.int64)

    def predict_proba(self, images: AnyImages) -> NDArray[np.float64]:
        """Return float64 (N, 2): the probabilities of a cover and of a stego where both are equally many.

        Scores become probabilities by Platt's logistic curve through the validation pairs.
        """
        of_stego = self.calibration.probabilities(self.scores(images))
        return np.stack([1 - of_stego, of_stego], axis=1)

    def score(self, covers: AnyImages, stegos: AnyImages) -> float:
        """Return the share of right answers at the threshold, covers and stegos counting alike."""
        return float((1 - self.predict(covers).mean() + self.predict(stegos).mean()) / 2)

    def p_e(self, covers: AnyImages, stegos: AnyImages) -> float:
        """Return P_E: the share of wrong answers at the best threshold for these images, 0 to 0.5."""
        return p_e(self.scores(covers), self.scores(stegos))[0]

    @classmethod
    def load(cls, run: str | Path, *, device: str = "cpu", threads: int | None = None) -> Detector:
        """Return the detector that `ssgan.train_detector` or `ssgan train-detector` left in a folder, ready to score.

        Raises RefusedModel, and InvalidSetting where the training has not ended.
        """
        result = DetectorResult.read(Path(run))
        made = cls(device=device, threads=threads)
        made._trained = detectors.load(Path(run) / DETECTOR, device=device, threads=threads)
        made.name, made.seed = _named(made._trained), made._trained.settings.seed
        made.threshold, made.calibration = result.threshold, result.calibration
        return made


def _named(trained: Any) -> str:
    """Return the name in the catalog of a detector that was read."""
    settings = trained.settings
    if hasattr(settings, "network"):
        return str(settings.network)
    return settings.features + ("" if settings.classifier == "ensemble" else f"/{settings.classifier}")
