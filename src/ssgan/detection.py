"""A detector for one embedder: covers split by person or picture, embedded, learned from, and judged on what was kept apart.

Every image gets a seed of its own, drawn from its name; a cover and its stego are in the same part; the test part is looked at
once, at the end. This is the warden who knows the source, the scheme and the payload (Kerckhoffs).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssgan import images, seeds
from ssgan.datasets import Geometry, Patches, groups, load, open_source, split
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.runs import DONE, Run
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error import p_e
from ssgan.steganalysis.network_detector import NetworkDetector, NetworkSettings, Report
from ssgan.steganalysis.recipes import RECIPES

PARTS = (0.8, 0.1, 0.1)  # train, validate, test
FEWEST_COVERS = 30
DETECTOR = "detector"


@dataclass(frozen=True)
class Question:
    """Which covers, embedded how, and which network is to tell."""

    covers: Path
    embedder: str
    network: str
    seed: int = 0
    geometry: Geometry | Patches = Geometry()
    convert: tuple[str, ...] = ()
    limit: int | None = None
    duration_images: int | None = None


def train_detector(question: Question, out: Path, *, device: str = "cpu", report: Report | None = None) -> dict[str, Any]:
    """Train in the folder `out`, or go on there, and judge; the figures, which also stand in its done.json.

    Raises InvalidSetting where there are too few covers, DoesNotFit where a cover cannot carry the payload, TrainingDiverged.
    """
    if question.network not in RECIPES:
        raise InvalidSetting(f"there is no network '{question.network}'", hint=f"known: {', '.join(RECIPES)}")
    embedder = Embedder.parse(question.embedder)
    told = {**asdict(question), "covers": str(question.covers), "embedder": str(embedder)}
    run = Run(out, {"question": told})
    if run.done:
        found: dict[str, Any] = json.loads((out / DONE).read_text(encoding="utf-8"))
        return found
    parts, change_rate = _parts(question, embedder)
    recipe = RECIPES[question.network].with_(duration_images=question.duration_images)
    recipe = recipe.with_(evaluate_images=min(recipe.evaluate_images, max(1, recipe.duration_images // 8)))
    settings = NetworkSettings.of(question.network, parts[0], seed=question.seed, recipe=recipe)
    detector = NetworkDetector(settings, device=device)
    detector.fit(parts[0], parts[1], run=out / "training", report=report)
    detector.save(out / DETECTOR)
    scores = [[detector.scores(pictures) for pictures in (part.covers, part.stegos)] for part in parts[1:]]
    validation_error, threshold = p_e(*scores[0])
    test_error, _ = p_e(*scores[1])
    result = {
        "p_e": test_error,
        "p_fa": float((scores[1][0] > threshold).mean()),
        "p_md": float((scores[1][1] <= threshold).mean()),
        "validation_p_e": validation_error,
        "threshold": threshold,
        "change_rate": change_rate,
        "pairs": [len(part.covers) for part in parts],
    }
    run.finish(result)
    return result


@dataclass(frozen=True)
class Score:
    """What a detector says of one file: the score, and whether it lies above the threshold chosen in validation."""

    name: str
    score: float | None
    stego: bool | None
    error: str = ""


def score_files(
    run: Path, paths: list[Path], *, device: str = "cpu", report: Callable[[Score], None] | None = None
) -> list[Score]:
    """The scores of image files by the detector of a finished run; a file that will not do is named, not dropped."""
    if not (run / DONE).exists():
        raise InvalidSetting(
            f"{run} holds no detector that is ready", hint="train it to the end: ssgan train-detector ... -o RUN"
        )
    detector = NetworkDetector.load(run / DETECTOR, device=device)
    threshold = float(json.loads((run / DONE).read_text(encoding="utf-8"))["threshold"])
    scored = []
    for path in paths:
        try:
            picture = images.read(path)
            score = float(detector.scores(_fitting(picture.samples, detector.settings))[0])
            scored.append(Score(str(path), score, score > threshold))
        except RefusedImage as refused:
            scored.append(Score(str(path), None, None, str(refused)))
        if report is not None:
            report(scored[-1])
    return scored


def _parts(question: Question, embedder: Embedder) -> tuple[list[Pairs], float]:
    """Train, validate and test pairs, and the share of samples changed."""
    with open_source(question.covers) as source:
        loaded = load(source, question.geometry, convert=question.convert)
        identities = {name: person for name in source.names if (person := source.identity(name)) is not None}
    covers, names = loaded.images[: question.limit], loaded.names[: question.limit]
    if len(covers) < FEWEST_COVERS:
        raise InvalidSetting(
            f"{len(covers)} covers are too few to learn from and to judge by",
            hint=f"give {FEWEST_COVERS} or more" + (f"; {len(loaded.bad)} pictures would not do" if loaded.bad else ""),
        )
    own = np.array([seeds.derive(question.seed, name, "change") for name in names], dtype=np.uint64)
    stegos = embedder.simulate_seeded(covers, own)
    chosen = split(names, PARTS, seed=question.seed, by=groups(names, identities))
    indices = [torch.as_tensor(part, dtype=torch.long) for part in (chosen.train, chosen.validate, chosen.test)]
    if not all(len(index) for index in indices):
        raise InvalidSetting("one of the three parts is empty", hint="give more covers, of more people or pictures")
    return [Pairs(covers[index], stegos[index]) for index in indices], float((covers != stegos).double().mean())


def _fitting(samples: np.ndarray, settings: NetworkSettings) -> torch.Tensor:
    """The image as the detector learned to see images; never resized: that would wipe out what it looks for."""
    channels, height, width = samples.shape
    size = settings.image_size
    if channels != settings.channels or height != size or width != size:
        wanted = f"{size} x {size}, {'gray' if settings.channels == 1 else 'color'}"
        raise RefusedImage(
            f"the detector reads {wanted}, not {width} x {height}, {'gray' if channels == 1 else 'color'}",
            hint="give images as the detector was trained on; resizing them would wipe out what it looks for",
        )
    return images.to_images(samples)
