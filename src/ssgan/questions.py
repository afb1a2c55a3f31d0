"""What is asked of a detector, and the pairs in which it is put: covers split by person or picture, embedded, in lessons.

Every image gets a seed of its own, drawn from its name; a cover and its stego are in the same part. Where there is no stego at
all, neighbors among the covers are the pairs: whoever tells them apart has found something else than an embedder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ssgan import seeds
from ssgan.datasets import Geometry, Patches, groups, load, open_source, split
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.images import Images
from ssgan.steganalysis.catalog import DETECTORS
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.detectors import uses_probabilities
from ssgan.steganalysis.lessons import Lesson
from ssgan.steganalysis.recipes import Recipe

SHARES = (0.7, 0.1, 0.2)  # of the parts
PARTS = ("train", "validate", "test")
FEWEST_COVERS = 30
SAMPLES_EMBEDDED = 2**22  # together: what bounds the memory of embedding


@dataclass(frozen=True)
class Question:
    """Which covers, embedded how, and which detector, a key of DETECTORS, is to tell.

    For networks: `curriculum`, larger payloads (bpp) learned from first; `fresh`, new changes in every epoch; `precision`, of
    their training. With `selection_channel` the warden is told the change probabilities of every image, as the embedder says
    them of that image. `null` asks for pairs of covers without any stego.
    """

    covers: Path
    embedder: str
    detector: str
    seed: int = 0
    geometry: Geometry | Patches = Geometry()
    convert: tuple[str, ...] = ()
    limit: int | None = None
    duration_images: int | None = None
    curriculum: tuple[float, ...] = ()
    fresh: bool = False
    precision: str | None = None
    selection_channel: bool = False
    null: bool = False

    def check(self) -> None:
        """Raise InvalidSetting for what does not go together."""
        entry = DETECTORS.get(self.detector)
        if entry is None:
            raise InvalidSetting(f"there is no detector '{self.detector}'", hint=f"known: {', '.join(DETECTORS)}")
        taught = [name for name in ("curriculum", "fresh", "precision") if getattr(self, name)]
        if entry.kind != "network" and taught:
            raise InvalidSetting(
                f"{entry.title} learns in one go, without {' and '.join(taught)}", hint="these are for networks"
            )
        if self.selection_channel and not uses_probabilities(self.detector):
            able = ", ".join(name for name in DETECTORS if uses_probabilities(name))
            raise InvalidSetting(f"{entry.title} has no use for change probabilities", hint=f"these have: {able}")
        if entry.kind == "features" and uses_probabilities(self.detector) and not self.selection_channel:
            raise InvalidSetting(f"{entry.title} needs the change probabilities", hint="say so: --selection-channel")
        payload = Embedder.parse(self.embedder).payload
        if any(not larger > payload for larger in self.curriculum):
            raise InvalidSetting(
                f"the lessons {', '.join(f'{p:g}' for p in self.curriculum)} are not easier than {payload:g} bits per sample",
                hint="give larger payloads, such as twice and one and a half times that of the question",
            )
        if self.null and (taught or self.selection_channel):
            raise InvalidSetting("a run without stegos has no changes to teach", hint="give null alone")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The pairs of each part with the names and groups of their covers, and the share of samples changed."""

    parts: dict[str, Pairs]
    names: dict[str, list[str]]
    groups: dict[str, list[str]]
    change_rate: float


def prepare(question: Question, *, workers: int = 1) -> Prepared:
    """Read, embedded and split. Raises InvalidSetting where there are too few covers, DoesNotFit where one takes too little."""
    with open_source(question.covers) as source:
        loaded = load(source, question.geometry, convert=question.convert, workers=workers)
        identities = {name: person for name in source.names if (person := source.identity(name)) is not None}
    covers, names = loaded.images[: question.limit], loaded.names[: question.limit]
    if len(covers) < FEWEST_COVERS:
        raise InvalidSetting(
            f"{len(covers)} covers are too few to learn from and to judge by",
            hint=f"give {FEWEST_COVERS} or more" + (f"; {len(loaded.bad)} pictures would not do" if loaded.bad else ""),
        )
    group = groups(names, identities)
    chosen = dict(zip(PARTS, split(names, SHARES, seed=question.seed, by=group), strict=True))
    if question.null:
        couples = {part: _couples(index, question.seed, part) for part, index in chosen.items()}
        if not all(len(one) for one, _ in couples.values()):
            raise InvalidSetting(
                "one of the three parts has no two covers", hint="give more covers, of more people or pictures"
            )
        parts = {part: Pairs(covers[one], covers[other]) for part, (one, other) in couples.items()}
        chosen, rate = {part: one for part, (one, _) in couples.items()}, 0.0
    else:
        if not all(len(index) for index in chosen.values()):
            raise InvalidSetting("one of the three parts is empty", hint="give more covers, of more people or pictures")
        own = np.array([seeds.derive(question.seed, name, "change") for name in names], dtype=np.uint64)
        embedder = Embedder.parse(question.embedder)
        whole = embedded(covers, embedder, own, told=question.selection_channel)
        parts = {part: whole[index] for part, index in chosen.items()}
        rate = float((covers != whole.stegos).double().mean())
    called = {part: [names[i] for i in index] for part, index in chosen.items()}
    return Prepared(parts, called, {part: [group[name] for name in some] for part, some in called.items()}, rate)


def lessons(question: Question, prepared: Prepared, recipe: Recipe) -> list[Lesson]:
    """What a network is taught: the larger payloads first, then the question itself."""
    target, train = Embedder.parse(question.embedder), prepared.parts["train"]
    length = round(recipe.lesson_share * recipe.duration_images)
    taught = []
    for payload in question.curriculum:
        embedder = replace(target, payload=payload)
        own = np.array(
            [seeds.derive(question.seed, name, "change", f"{payload:g}") for name in prepared.names["train"]], dtype=np.uint64
        )
        taught.append(
            _lesson(embedded(train.covers, embedder, own, told=question.selection_channel), embedder, question, length)
        )
    return [*taught, _lesson(train, target, question, None)]


def embedded(covers: Images, embedder: Embedder, own: np.ndarray, *, told: bool = False) -> Pairs:
    """Covers with their stegos, each from its own seed; where the warden is told, with the change probabilities of both."""
    step = max(1, SAMPLES_EMBEDDED // covers[0].numel())
    stegos = torch.cat(
        [embedder.simulate_seeded(covers[at : at + step], own[at : at + step]) for at in range(0, len(covers), step)]
    )
    return Pairs(covers, stegos, *((probabilities(covers, embedder), probabilities(stegos, embedder)) if told else ()))


def probabilities(pictures: Images, embedder: Embedder) -> Probabilities:
    """float32 (N, C, H, W): how probably the embedder would change each sample of these images, cover or stego."""
    step = max(1, SAMPLES_EMBEDDED // pictures[0].numel())
    parts = [torch.add(*embedder.change_probabilities(part)).float().clamp(0, 1) for part in torch.split(pictures, step)]
    return torch.cat(parts)


def _lesson(pairs: Pairs, embedder: Embedder, question: Question, length: int | None) -> Lesson:
    if not question.fresh:
        return Lesson(pairs, length)
    return Lesson(pairs, length, embedder.simulate_seeded, lambda stegos: probabilities(stegos, embedder))


def _couples(index: Sequence[int] | np.ndarray, seed: int, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Two covers each, neighbors in the order of names, which may be of one picture; a coin says which of them comes first."""
    half = len(index) // 2
    both = np.asarray(index)[: 2 * half].reshape(half, 2)
    coin = seeds.generator(seed, "null", part).integers(0, 2, half)
    return both[np.arange(half), coin], both[np.arange(half), 1 - coin]
