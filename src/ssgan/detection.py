"""A detector for one embedder: covers split by person or picture, embedded, learned from, and judged on what was kept apart.

Every image gets a seed of its own, drawn from its name; a cover and its stego are in the same part; the test part is looked at
once, at the end. This is the warden who knows the source, the scheme and the payload (Kerckhoffs).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from ssgan import images, seeds
from ssgan.datasets import Geometry, Patches, groups, load, open_source, split
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images import Images
from ssgan.runs import DONE, Run
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import DETECTORS
from ssgan.steganalysis.detector import Calibration, Pairs
from ssgan.steganalysis.error import error_interval, p_e

PARTS = (0.7, 0.1, 0.2)  # train, validate, test
FEWEST_COVERS = 30
DETECTOR = "detector"
SAMPLES_EMBEDDED = 2**22  # together: what bounds the memory of embedding
SCORED_TOGETHER = 64
ARCHIVES = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"}

Report: TypeAlias = Callable[[int, dict[str, float]], None]  # images looked at, figures


@dataclass(frozen=True)
class Question:
    """Which covers, embedded how, and which detector, a key of DETECTORS, is to tell."""

    covers: Path
    embedder: str
    detector: str
    seed: int = 0
    geometry: Geometry | Patches = Geometry()
    convert: tuple[str, ...] = ()
    limit: int | None = None
    duration_images: int | None = None


def train_detector(
    question: Question, out: Path, *, device: str = "cpu", threads: int | None = None, report: Report | None = None
) -> dict[str, Any]:
    """Train in the folder `out`, or go on there, and judge; the figures, which also stand in its done.json.

    `threads`, of features, and as many processes to read, change no figure (None: as many as torch uses, and one). Raises InvalidSetting where there
    are too few covers, DoesNotFit where a cover cannot carry the payload, TrainingDiverged.
    """
    if question.detector not in DETECTORS:
        raise InvalidSetting(f"there is no detector '{question.detector}'", hint=f"known: {', '.join(DETECTORS)}")
    embedder = Embedder.parse(question.embedder)
    told = {**asdict(question), "covers": str(question.covers), "embedder": str(embedder)}
    run = Run(out, {"question": told})
    if run.done:
        return _told(out)
    parts, change_rate = _parts(question, embedder, threads or 1)
    detector = detectors.make(
        question.detector,
        parts[0],
        seed=question.seed,
        duration_images=question.duration_images,
        device=device,
        threads=threads,
    )
    detector.fit(parts[0], parts[1], run=out / "training", report=report)
    detector.save(out / DETECTOR)
    result = judge(detector, parts[1], parts[2])
    shape = [*parts[0].covers.shape[1:]]
    result |= {"change_rate": change_rate, "pairs": [len(part) for part in parts], "shape": shape}
    run.finish(result)
    return result


def judge(detector: detectors.AnyDetector, validate: Pairs, test: Pairs) -> dict[str, Any]:
    """P_E on the test pairs with its 95 % interval, and what the threshold and the calibration of the validation pairs give."""
    scores = [[detector.scores(pictures) for pictures in (part.covers, part.stegos)] for part in (validate, test)]
    validation_error, threshold = p_e(*scores[0])
    test_error, _ = p_e(*scores[1])
    return {
        "p_e": test_error,
        "p_e_interval": list(error_interval(*scores[1])),
        "p_fa": float((scores[1][0] > threshold).mean()),
        "p_md": float((scores[1][1] <= threshold).mean()),
        "validation_p_e": validation_error,
        "threshold": threshold,
        "calibration": Calibration.fit(*scores[0]).as_json(),
    }


@dataclass(frozen=True)
class Score:
    """What a detector says of one image.

    The score, whether it lies above the threshold chosen in validation, and the probability of a stego where covers and stegos
    are equally many.
    """

    name: str
    score: float | None
    stego: bool | None
    probability: float | None = None
    error: str = ""


def score_files(
    run: Path,
    paths: list[Path],
    *,
    device: str = "cpu",
    threads: int | None = None,
    report: Callable[[Score], None] | None = None,
) -> list[Score]:
    """The scores of image files, or of all in a folder or archive, by the detector of a finished run.

    A file that will not do is named, not dropped.
    """
    if not (run / DONE).exists():
        raise InvalidSetting(
            f"{run} holds no detector that is ready", hint="train it to the end: ssgan train-detector ... -o RUN"
        )
    detector, told = detectors.load(run / DETECTOR, device=device, threads=threads), _told(run)
    threshold, calibration = float(told["threshold"]), Calibration.from_json(told["calibration"])
    scored: list[Score] = []
    for batch in _batches(paths, tuple(told["shape"])):
        good = [samples for _, samples in batch if isinstance(samples, np.ndarray)]
        found = iter(detector.scores(images.to_images(np.stack(good))) if good else ())
        for name, samples in batch:
            if isinstance(samples, str):
                scored.append(Score(name, None, None, error=samples))
            else:
                score = float(next(found))
                scored.append(Score(name, score, score > threshold, float(calibration.probabilities(np.array(score)))))
            if report is not None:
                report(scored[-1])
    return scored


def _told(run: Path) -> dict[str, Any]:
    """The figures of a finished run."""
    found: dict[str, Any] = json.loads((run / DONE).read_text(encoding="utf-8"))
    return found


def _parts(question: Question, embedder: Embedder, workers: int) -> tuple[list[Pairs], float]:
    """Train, validate and test pairs, and the share of samples changed."""
    with open_source(question.covers) as source:
        loaded = load(source, question.geometry, convert=question.convert, workers=workers)
        identities = {name: person for name in source.names if (person := source.identity(name)) is not None}
    covers, names = loaded.images[: question.limit], loaded.names[: question.limit]
    if len(covers) < FEWEST_COVERS:
        raise InvalidSetting(
            f"{len(covers)} covers are too few to learn from and to judge by",
            hint=f"give {FEWEST_COVERS} or more" + (f"; {len(loaded.bad)} pictures would not do" if loaded.bad else ""),
        )
    own = np.array([seeds.derive(question.seed, name, "change") for name in names], dtype=np.uint64)
    stegos = _embedded(covers, embedder, own)
    chosen = split(names, PARTS, seed=question.seed, by=groups(names, identities))
    indices = [torch.as_tensor(part, dtype=torch.long) for part in (chosen.train, chosen.validate, chosen.test)]
    if not all(len(index) for index in indices):
        raise InvalidSetting("one of the three parts is empty", hint="give more covers, of more people or pictures")
    return [Pairs(covers[index], stegos[index]) for index in indices], float((covers != stegos).double().mean())


def _embedded(covers: Images, embedder: Embedder, own: np.ndarray) -> Images:
    """The stegos, some at a time."""
    step = max(1, SAMPLES_EMBEDDED // covers[0].numel())
    parts = [embedder.simulate_seeded(covers[at : at + step], own[at : at + step]) for at in range(0, len(covers), step)]
    return torch.cat(parts)


def _batches(paths: list[Path], shape: tuple[int, int, int]) -> Iterator[list[tuple[str, np.ndarray | str]]]:
    """(name, samples or the reason why there are none) of every image, some together."""
    batch: list[tuple[str, np.ndarray | str]] = []
    for name, samples in _pictures(paths, shape):
        batch.append((name, samples))
        if len(batch) == SCORED_TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch


def _pictures(paths: list[Path], shape: tuple[int, int, int]) -> Iterator[tuple[str, np.ndarray | str]]:
    for path in paths:
        if path.is_dir() or path.suffix.lower() in ARCHIVES:
            with open_source(path) as source:
                for name in source.names:
                    yield f"{path}/{name}", _fitting(lambda s=source, n=name: s.picture(n).samples, shape)  # type: ignore[misc]
        else:
            yield str(path), _fitting(lambda p=path: images.read(p).samples, shape)  # type: ignore[misc]


def _fitting(read: Callable[[], np.ndarray], shape: tuple[int, int, int]) -> np.ndarray | str:
    """The image as the detector learned to see images; never resized: that would wipe out what it looks for."""
    try:
        samples = read()
    except RefusedImage as refused:
        return str(refused)
    if samples.shape != shape:
        wanted, came = (f"{w} x {h}, {'gray' if c == 1 else 'color'}" for c, h, w in (shape, samples.shape))
        return (
            f"the detector reads {wanted}, not {came}: give images as it was trained on; "
            "resizing them would wipe out what it looks for"
        )
    return samples
