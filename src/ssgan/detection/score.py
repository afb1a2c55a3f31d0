"""Score files by the detector of a finished run: any number of them, each reported, none skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from ssgan import images
from ssgan.datasets.entries import Reader, entries, path_of, sources_of
from ssgan.detection.stegos import probabilities
from ssgan.detection.train import DETECTOR
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit, InvalidSetting, RefusedImage
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.quantization import steps_of, table_of
from ssgan.steganalysis import detectors
from ssgan.steganalysis.detector import Calibration
from ssgan.steganalysis.jpegs import check_table
from ssgan.storage.runs import CONFIG, DONE, Run, result

SCORED_SAMPLES = {"cpu": 2**18, "cuda": 2**23}  # of images asked about together


@dataclass(frozen=True)
class Score:
    """The score of one image, or the reason why it has none.

    With the score come whether it exceeds the threshold chosen in validation, and the probability of a stego where covers and
    stegos are equally many.
    """

    name: str
    score: float | None
    stego: bool | None
    probability: float | None = None
    error: str = ""


class Scorer:
    """The detector of a finished run, loaded. Raises InvalidSetting where the run is not ready."""

    def __init__(self, run: Path, *, device: str = "cpu", threads: int | None = None) -> None:
        if not (run / DONE).exists():
            raise InvalidSetting(
                f"{run} holds no detector that is ready", hint="train it to the end: ssgan train-detector ... -o RUN"
            )
        record = result(run, "threshold", "calibration", "shape")
        self._detector = detectors.load(run / DETECTOR, device=device, threads=threads)
        self.shape: tuple[int, int, int]
        try:
            self._threshold, self._calibration = float(record["threshold"]), Calibration.from_json(record["calibration"])
            asked = Run.manifest(run)["config"]["question"]
            self._embedder = Embedder.parse(asked["embedder"]) if asked.get("selection_channel") else None
            channels, height, width = (int(side) for side in record["shape"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidSetting(
                f"{run} is not the run of a detector: {DONE} or {CONFIG} is damaged", hint="train it again into another folder"
            ) from error
        self.shape = channels, height, width
        steps = self._detector.settings.table
        self._table = None if steps is None else table_of(steps)
        samples = SCORED_SAMPLES["cuda" if device.startswith("cuda") else "cpu"]
        self.together = max(1, samples // int(np.prod(self.shape)))

    def __call__(self, files: Sequence[tuple[str, Callable[[], bytes]]]) -> list[Score]:
        """Return the score of each named file, in order, of an image with the detector's shape, or the reason why there is
        none.
        """
        read = [(name, self._fitting(name, data)) for name, data in files]
        good = [samples for _, samples in read if isinstance(samples, np.ndarray)]
        found = iter(self._scores(self._stacked(good)) if good else ())
        return [self._score(name, samples if isinstance(samples, str) else next(found)) for name, samples in read]

    def _score(self, name: str, score: float | str) -> Score:
        if isinstance(score, str):
            return Score(name, None, None, error=score)
        return Score(name, score, score > self._threshold, float(self._calibration.probabilities(np.array(score))))

    def _scores(self, pictures: images.Images) -> list[float | str]:
        """Return the score of each image, or the reason why it has none; an informed detector gets change probabilities."""
        if self._embedder is None:
            return [float(score) for score in self._detector.scores(pictures, table=self._table)]
        try:
            change_probabilities = probabilities(pictures, self._embedder)
        except DoesNotFit as error:
            if len(pictures) == 1:
                return [f"the payload of {self._embedder} does not fit: {error}"]
            return [score for one in torch.split(pictures, 1) for score in self._scores(one)]
        return [float(score) for score in self._detector.scores(pictures, probabilities=change_probabilities)]

    def _stacked(self, good: list[np.ndarray]) -> torch.Tensor:
        return images.to_images(np.stack(good)) if self._table is None else torch.from_numpy(np.stack(good))

    def _fitting(self, name: str, data: Callable[[], bytes]) -> np.ndarray | str:
        """Return the image cut as in training, never resized, which would destroy the traces; of a JPEG its coefficients."""
        try:
            if self._table is None:
                samples: np.ndarray = images.upright(images.read(data(), name=name)).samples
            else:
                luma = read_coefficients(data(), name=name).components[0]
                check_table(steps_of(self._table), luma.table)
                samples = planes(luma.carriers)[None]
        except (RefusedImage, InvalidSetting) as refused:
            return str(refused)
        if samples.shape != self.shape:
            wanted, came = (f"{w} x {h}, {'gray' if c == 1 else 'color'}" for c, h, w in (self.shape, samples.shape))
            return (
                f"the detector reads {wanted}, not {came}: give images as it was trained on; "
                "resizing them would wipe out what it looks for"
            )
        return samples


def score_files(
    run: Path,
    paths: list[Path],
    *,
    device: str = "cpu",
    threads: int | None = None,
    on_score: Callable[[Score], None] | None = None,
) -> list[Score]:
    """Return the scores of image files, or of all in a folder, in shards, an archive or a table of paths.

    Unreadable files are reported, not skipped.
    """
    scorer, scored = Scorer(run, device=device, threads=threads), list[Score]()
    files = _files(paths)
    while together := list(islice(files, scorer.together)):
        for score in scorer(together):
            scored.append(score)
            if on_score is not None:
                on_score(score)
    return scored


def _files(paths: list[Path]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the name of every image and a function that reads it."""
    for path in paths:
        if path.suffix.lower() in images.READ_SUFFIXES and not path.is_dir():
            yield str(path), partial(images.file_bytes, path)
            continue
        sources = sources_of([path])
        reader = Reader(sources)
        for entry in entries(sources):
            yield str(path_of(sources[entry.source], entry)), partial(reader.data, entry)
