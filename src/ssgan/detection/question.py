"""Define the question for a detector and prepare its pairs: covers split by person or picture, embedded, in stages.

Every image gets a seed of its own, drawn from its name; a cover and its stego are in one part. Without stegos, the pairs are
neighbors among the covers: a detector that tells them apart has found something else than an embedder. Or the covers take the
place of stegos, against covers of another source, which measures how conspicuous they are by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.compute import seeds
from ssgan.datasets import PARTS, Geometry, Patches, open_source, split
from ssgan.datasets.jpegs import check_geometry, holds_jpegs
from ssgan.datasets.sources import digest_of
from ssgan.detection.covers import CoverReading, Covers, LeftOut, read_covers
from ssgan.detection.stegos import embedded, embedded_jpegs, probabilities, sender
from ssgan.embedding.catalog import COEFFICIENT_SCHEMES
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import counterpart, is_for_jpegs
from ssgan.errors import InvalidSetting, RefusedImage, spelled, unknown
from ssgan.images.new_jpeg import check_quality
from ssgan.images.quantization import table_name
from ssgan.steganalysis.catalog import DETECTORS, FEATURES
from ssgan.steganalysis.checks.findings import Finding
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.detectors import uses_probabilities
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.curriculum import Stage

VALIDATED, JUDGED = 0.1, 0.2  # shares of the covers; detectors learn from the rest


@dataclass(frozen=True)
class Question:
    """The covers, the embedding, and the detector, a key of DETECTORS, that is to tell them apart.

    For networks: `curriculum`, larger payloads (bpp) learned from first; `fresh`, new changes in every epoch; `precision`, of
    their training. With `selection_channel` the warden gets the change probabilities of every image, as the embedder computes
    them of that image. `null` asks for pairs of covers without any stego; `against`, another source such as photographs, for
    pairs of one of its images and a cover, which `against_geometry` cuts to the covers' size. `judged_share` of the covers are
    the test set. With `group_duplicates`, pictures that show the same are in one part. In place of a whole number, `seed` takes
    a NumPy Generator, from which one is drawn.

    With an embedder for the coefficients of JPEGs, such as juniward@0.4, covers are the luma of JPEG files of one size and one
    quantization table; with a libjpeg quality `jpeg`, that of pictures that are compressed so first, as gray JPEGs.
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
    against: Path | None = None
    against_geometry: Geometry | Patches | None = None
    judged_share: float = JUDGED
    jpeg: int | None = None
    group_duplicates: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.judged_share < 1 - VALIDATED:
            raise InvalidSetting(
                f"the share of covers to judge is {self.judged_share:g}; it must lie between 0 and {1 - VALIDATED:g}",
                hint=f"leave it out for {JUDGED:g}",
            )
        object.__setattr__(self, "seed", seeds.as_seed(self.seed))
        object.__setattr__(self, "detector", spelled(self.detector, DETECTORS))

    @property
    def has_stegos(self) -> bool:
        """Whether there are stegos at all."""
        return not self.null and self.against is None

    @property
    def is_of_jpegs(self) -> bool:
        """Whether covers are the coefficients of JPEGs."""
        return is_for_jpegs(self.embedder)

    def reading(self, path: Path, geometry: Geometry | Patches) -> CoverReading:
        """Return how covers are read from a source."""
        if self.jpeg is not None:
            geometry = replace(geometry, gray=True)
        return CoverReading(path, geometry, self.convert, self.limit, self.is_of_jpegs, self.jpeg, self.group_duplicates)

    def to_json(self) -> dict[str, Any]:
        """Return the settings that decide the outcome, as plain values; those not given are left out."""
        record = {**asdict(self), "covers": str(self.covers), "embedder": str(Embedder.parse(self.embedder))}
        if self.judged_share == JUDGED:
            del record["judged_share"]
        if self.jpeg is None:
            del record["jpeg"]
        if not self.group_duplicates:
            del record["group_duplicates"]
        if self.against is None:
            del record["against"], record["against_geometry"]
            return record
        return {**record, "against": str(self.against)}

    def pictures(self) -> dict[str, str]:
        """Return digests of the covers and of those they are compared with: these decide the outcome, the paths do not."""
        named = {"covers": self.covers, "against": self.against}
        return {name: digest_of(path) for name, path in named.items() if path is not None}

    def check(self) -> None:
        """Raise InvalidSetting for settings that contradict each other."""
        entry = DETECTORS.get(self.detector)
        if entry is None:
            raise unknown("detector", self.detector, DETECTORS)
        taught = [name for name in ("curriculum", "fresh", "precision") if getattr(self, name)]
        if entry.kind != "network" and taught:
            raise InvalidSetting(
                f"{entry.title} learns in one go, without {' and '.join(taught)}", hint="leave them out, or choose a network"
            )
        if self.selection_channel and not uses_probabilities(self.detector):
            able = ", ".join(name for name in DETECTORS if uses_probabilities(name))
            raise InvalidSetting(
                f"{entry.title} has no use for change probabilities", hint=f"leave them out, or choose from {able}"
            )
        if entry.kind == "features" and uses_probabilities(self.detector) and not self.selection_channel:
            raise InvalidSetting(f"{entry.title} needs the change probabilities", hint="give --selection-channel")
        self._check_domain()
        payload = Embedder.parse(self.embedder).payload
        if any(not larger > payload for larger in self.curriculum):
            raise InvalidSetting(
                f"the stages {', '.join(f'{p:g}' for p in self.curriculum)} are not easier than {payload:g} bits per sample",
                hint="give larger payloads, such as twice and one and a half times that of the question",
            )
        if not self.has_stegos and (taught or self.selection_channel):
            raise InvalidSetting("a run without stegos has no changes to teach", hint="give null alone")
        if self.null and self.against is not None:
            raise InvalidSetting("null and against are both given", hint="give null or against")

    def _check_domain(self) -> None:
        """Raise InvalidSetting where embedder, detector and covers are not all of pixels, or all of JPEGs."""
        entry = DETECTORS[self.detector]
        if not self.is_of_jpegs:
            if self.jpeg is not None:
                raise InvalidSetting(
                    f"{self.embedder} changes pixels, and covers are compressed to JPEGs for embedders of their coefficients",
                    hint="leave --jpeg out, or choose an embedder such as juniward@0.4",
                )
            if entry.domain == "coefficients":
                raise InvalidSetting(
                    f"{FEATURES[entry.built_on].title} looks at JPEG files, and {self.embedder} changes pixels",
                    hint="choose a detector of pixels such as srm, or an embedder of JPEGs such as juniward@0.4",
                )
            return
        if COEFFICIENT_SCHEMES[Embedder.parse(self.embedder).scheme].needs_errors:
            raise InvalidSetting(
                f"{self.embedder} needs what rounding took from each coefficient, which pairs do not keep",
                hint="choose juniward, or make the stegos from pixels: ssgan hide --jpeg",
            )
        if self.jpeg is None:
            check_geometry(self.geometry)
        else:
            check_quality(self.jpeg)
        if 1 not in entry.channels:
            raise InvalidSetting(f"{entry.title} reads color images only, and covers are luma", hint="choose another detector")
        if self.selection_channel:
            raise InvalidSetting(
                f"{entry.title} uses change probabilities of pixels, and {self.embedder} changes coefficients",
                hint="leave --selection-channel out, or choose another detector",
            )


@dataclass(frozen=True, eq=False)
class Prepared:
    """The pairs of each part with the names and groups of their covers.

    `change_rate` is the share of samples changed, `raised` the share of these that went up (1/2 where none was changed).
    """

    parts: dict[str, Pairs]
    names: dict[str, list[str]]
    groups: dict[str, list[str]]
    change_rate: float
    raised: float = 0.5
    left_out: tuple[LeftOut, ...] = ()
    alike: tuple[Finding, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """The findings on pictures that were left out, and on those that show the same."""
        return [one.finding for one in self.left_out if one.bad] + list(self.alike)


def prepare(question: Question, *, workers: int = 1, read: Callable[[CoverReading], Covers] | None = None) -> Prepared:
    """Read covers, split and embed them; `read` replaces `read_covers`, where the covers may be known already.

    Raises InvalidSetting where there are too few covers, DoesNotFit where one takes too little. JPEGs that do not take the
    payload are left out, since it depends on each of them.
    """
    left_out_lists: list[LeftOut] = []
    alike: list[Finding] = []
    reader = read or partial(read_covers, workers=workers)

    def read_and_hear(asked: CoverReading) -> Covers:
        covers = reader(asked)
        left_out_lists.extend([] if covers.left_out is None else [covers.left_out])
        alike.extend([] if covers.alike is None else [covers.alike])
        return covers

    try:
        prepared = _prepared(question, read_and_hear)
    except RefusedImage as error:
        raise _named_embedder(error, question) from error
    return replace(prepared, left_out=(*left_out_lists, *prepared.left_out), alike=tuple(alike))


def _named_embedder(error: RefusedImage, question: Question) -> RefusedImage:
    """Return the error of a source without usable covers; where its files are of the other kind, its hint names the embedder
    for these.
    """
    paths = [path for path in (question.covers, question.against) if path is not None]
    if question.jpeg is not None or all(_of_jpegs(path) == question.is_of_jpegs for path in paths):
        return error
    return RefusedImage(str(error), hint=f"{error.hint}; or did you mean {counterpart(question.embedder)}?")


def _of_jpegs(path: Path) -> bool:
    with open_source(path) as source:
        return holds_jpegs(source)


def _prepared(question: Question, read: Callable[[CoverReading], Covers]) -> Prepared:
    found = read(question.reading(question.covers, question.geometry))
    chosen = _split(found, question)
    if question.against is not None:
        cut = question.against_geometry or question.geometry
        against = read(question.reading(question.against, cut))
        return _prepared_against(found, chosen, against, _split(against, question))
    covers, names, group = found.images, found.names, found.group
    if question.null:
        couples = {part: _couples(index, question.seed, part) for part, index in chosen.items()}
        if not all(len(one) for one, _ in couples.values()):
            raise InvalidSetting(
                "one of the three parts has no two covers", hint="give more covers, of more people or pictures"
            )
        parts = {part: Pairs(covers[one], covers[other], table=found.table) for part, (one, other) in couples.items()}
        return _named(parts, {part: one for part, (one, _) in couples.items()}, names, group)
    own = np.array([seeds.derive(question.seed, name, "change") for name in names], dtype=np.uint64)
    embedder = Embedder.parse(question.embedder)
    unfit: list[tuple[str, str]] = []
    if found.table is None:
        whole = embedded(covers, embedder, own, with_probabilities=question.selection_channel)
    else:
        whole = embedded_jpegs(covers, names, found.table, embedder=embedder, own=own, unfit=unfit)
        taking = np.isin(names, [name for name, _ in unfit], invert=True)
        chosen = {part: index[taking[index]] for part, index in chosen.items()}
        if not all(len(index) for index in chosen.values()):
            raise InvalidSetting(
                f"in one of the three parts no cover takes {embedder}; the first: {': '.join(unfit[0])}",
                hint="give covers with more texture, or another payload",
            )
    changed = 0 if embedder.redraws else int((covers != whole.stegos).sum())
    raised = int((whole.stegos > covers).sum()) / changed if changed else 0.5
    prepared = _named({part: whole[index] for part, index in chosen.items()}, chosen, names, group)
    left = LeftOut(question.covers, tuple(unfit), len(names), "give covers with more texture, or another payload")
    rate = changed / ((len(names) - len(unfit)) * covers[0].numel())
    return replace(prepared, change_rate=rate, raised=raised, left_out=(left,) if unfit else ())


def _split(covers: Covers, question: Question) -> dict[str, np.ndarray]:
    """Return which covers are in each part. Raises InvalidSetting."""
    shares = (1 - VALIDATED - question.judged_share, VALIDATED, question.judged_share)
    chosen = dict(zip(PARTS, split(covers.names, shares, seed=question.seed, by=covers.group), strict=True))
    if not all(len(index) for index in chosen.values()):
        raise InvalidSetting("one of the three parts is empty", hint="give more covers, of more people or pictures")
    return chosen


def _prepared_against(
    covers: Covers, chosen: dict[str, np.ndarray], others: Covers, chosen_others: dict[str, np.ndarray]
) -> Prepared:
    """Return as many pairs as the smaller source allows, an image of each; the covers in question take the place of stegos."""
    if covers.images.shape[1:] != others.images.shape[1:]:
        (channels, height, width), (c, h, w) = covers.images.shape[1:], others.images.shape[1:]
        raise InvalidSetting(
            f"covers are {width} x {height} with {channels} channels, what they are compared with {w} x {h} with {c}",
            hint="cut both to one size: --crop, --size, --geometry, --gray",
        )
    if covers.table is not None and others.table is not None and not np.array_equal(covers.table, others.table):
        raise InvalidSetting(
            f"the covers have {table_name(covers.table)}, what they are compared with has {table_name(others.table)}",
            hint="give JPEGs of one quantization table",
        )
    parts, used = {}, {}
    for part in PARTS:
        count = min(len(chosen[part]), len(chosen_others[part]))
        used[part] = chosen[part][:count]
        parts[part] = Pairs(others.images[chosen_others[part][:count]], covers.images[used[part]], table=covers.table)
    return _named(parts, used, covers.names, covers.group)


def _named(parts: dict[str, Pairs], chosen: dict[str, np.ndarray], names: tuple[str, ...], group: dict[str, str]) -> Prepared:
    called = {part: [names[i] for i in index] for part, index in chosen.items()}
    return Prepared(parts, called, {part: [group[name] for name in some] for part, some in called.items()}, 0.0)


def stages_of(question: Question, prepared: Prepared, recipe: Recipe) -> list[Stage]:
    """Return the stages of a network's curriculum: larger payloads first, then the question itself."""
    target, train = Embedder.parse(question.embedder), prepared.parts["train"]
    length = round(recipe.lesson_share * recipe.duration_images)
    taught = []
    for payload in question.curriculum:
        embedder = replace(target, payload=payload)
        own = np.array(
            [seeds.derive(question.seed, name, "change", f"{payload:g}") for name in prepared.names["train"]], dtype=np.uint64
        )
        taught.append(
            _lesson(
                embedded(train.covers, embedder, own, table=train.table, with_probabilities=question.selection_channel),
                embedder,
                question,
                length,
            )
        )
    return [*taught, _lesson(train, target, question, None)]


def _lesson(pairs: Pairs, embedder: Embedder, question: Question, length: int | None) -> Stage:
    if not question.fresh:
        return Stage(pairs, length)
    return Stage(pairs, length, sender(embedder, pairs.table), lambda stegos: probabilities(stegos, embedder))


def _couples(index: Sequence[int] | np.ndarray, seed: int, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of covers, neighbors in the order of names, perhaps of one picture; a coin decides which is first."""
    half = len(index) // 2
    both = np.asarray(index)[: 2 * half].reshape(half, 2)
    coin = seeds.generator(seed, "null", part).integers(0, 2, half)
    return both[np.arange(half), coin], both[np.arange(half), 1 - coin]
