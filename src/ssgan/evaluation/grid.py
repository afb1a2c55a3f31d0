"""Run a grid of trials as one job: every source, embedder, detector and seed, with the controls that every figure needs. An
interrupted grid resumes; more embedders, detectors or seeds in the same folder are added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ssgan.compute.progress import Progress
from ssgan.datasets import Geometry, Patches, open_source
from ssgan.datasets.loading import usual_shape
from ssgan.datasets.sources import Source, refuse_among
from ssgan.detection.covers import CoverReading, Covers, read_covers
from ssgan.detection.question import JUDGED, Prepared, Question, prepare
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import is_for_jpegs
from ssgan.errors import InvalidSetting, RefusedImage, spelled
from ssgan.evaluation.results import TrialResult
from ssgan.evaluation.trial import Trial, as_files, evaluate
from ssgan.steganalysis.catalog import DETECTORS
from ssgan.steganalysis.detectors import uses_probabilities
from ssgan.storage.runs import Run, working_in

LOOKED_AT = 20  # pictures whose sizes decide whether a source has the wanted size
# A detector that misses these finds nothing: LSB replacement of every sample, and in JPEGs nsF5 in half of the AC coefficients
# that are not zero, the most that it takes.
GROSS, GROSS_OF_JPEGS = "lsbr@1.0/plain", "nsf5@1.0"


@dataclass(frozen=True)
class Grid:
    """Sources, embedders, detectors and seeds. `geometry` is for sources whose pictures have another size.

    `against` is a source of photographs, beside which the covers are looked at; `transfer_to` one to which detectors go that
    were trained on the covers, and which is judged by retrained ones as well. `judged_share` of each source is the test set.
    With `group_duplicates`, pictures that show the same are in one part.

    `jpeg` are the libjpeg qualities at which pictures are compressed first, for embedders of JPEGs; without, covers are JPEG
    files. `jpeg_judged` is a quality to which detectors of the other qualities go: the mismatch of quality factors.
    """

    covers: tuple[Path, ...]
    embedders: tuple[str, ...]
    detectors: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    geometry: Geometry | Patches = Geometry()
    convert: tuple[str, ...] = ()
    limit: int | None = None
    duration_images: int | None = None
    against: Path | None = None
    transfer_to: Path | None = None
    judged_share: float = JUDGED
    jpeg: tuple[int, ...] = ()
    jpeg_judged: int | None = None
    group_duplicates: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "detectors", tuple(spelled(name, DETECTORS) for name in self.detectors))

    @property
    def qualities(self) -> tuple[int | None, ...]:
        """The qualities at which covers are compressed; None: files as they are."""
        judged = () if self.jpeg_judged is None else (self.jpeg_judged,)
        return tuple(dict.fromkeys((*self.jpeg, *judged))) or (None,)

    @property
    def is_of_jpegs(self) -> bool:
        """Whether its embedders change the coefficients of JPEGs."""
        return is_for_jpegs(self.embedders[0])

    def check(self) -> None:
        """Raise InvalidSetting for settings that are not allowed."""
        for what, given in (("covers", self.covers), ("embedder", self.embedders), ("detector", self.detectors)):
            if not given:
                raise InvalidSetting(f"there is no {what} to evaluate", hint="give covers, --embedder and --detector")
        if not self.seeds:
            raise InvalidSetting("no seed is given", hint="give --seeds 1 or more")
        if self.transfer_to is not None and self.transfer_to in self.covers:
            raise InvalidSetting(f"{self.transfer_to} is one of the covers already", hint="name another source to transfer to")
        for embedder in self.embedders:
            Embedder.parse(embedder)
            if is_for_jpegs(embedder) != self.is_of_jpegs:
                raise InvalidSetting(
                    f"{self.embedders[0]} and {embedder} do not change the same covers: one changes pixels, the other JPEGs",
                    hint="evaluate them one after the other, into two folders",
                )
        if self.jpeg_judged is not None and not set(self.jpeg) - {self.jpeg_judged}:
            raise InvalidSetting(
                f"no detector learns at another quality than {self.jpeg_judged}", hint="give that as well, such as --jpeg 75"
            )


@dataclass(frozen=True)
class TrialProgress:
    """The progress of one of `total` trials: images looked at, and metrics, if any."""

    total: int
    trial: Trial
    images: int = 0
    figures: dict[str, float] | None = None


def trials(grid: Grid) -> list[Trial]:
    """Return all trials, each once, ordered so that pairs are made once for all detectors. Raises InvalidSetting."""
    grid.check()
    found = [trial for source in _sources(grid) for jpeg in grid.qualities for trial in _of_source(grid, source, jpeg)]
    if grid.jpeg_judged is not None:
        learned = [one.question for one in found if one.kind == "retrained" and one.question.jpeg != grid.jpeg_judged]
        found += [Trial(replace(home, jpeg=grid.jpeg_judged), home=home) for home in learned]
    if grid.transfer_to is not None:
        homes = [trial.question for trial in found if trial.kind == "retrained" and trial.question.covers != grid.transfer_to]
        cut = fitting(grid.transfer_to, grid.geometry, grid.convert)
        found += [Trial(replace(home, covers=grid.transfer_to, geometry=cut), home=home) for home in homes]
    for trial in found:
        trial.question.check()
    return list({trial.name: trial for trial in found}.values())


def run_grid(
    grid: Grid,
    folder: Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    progress: Progress[TrialProgress] | None = None,
    refusing: bool = True,
) -> list[TrialResult]:
    """Run all trials in their folder, and return their results.

    Raises InvalidSetting where the folder is of images that were read otherwise, and what `evaluate` raises.
    """
    named = (*grid.covers, grid.against, grid.transfer_to)
    refuse_among([path for path in named if path is not None], folder)
    with working_in(folder):
        return _ran(trials(grid), grid, folder, device=device, threads=threads, progress=progress, refusing=refusing)


def _ran(
    todo: list[Trial],
    grid: Grid,
    folder: Path,
    *,
    device: str,
    threads: int | None,
    progress: Progress[TrialProgress] | None,
    refusing: bool,
) -> list[TrialResult]:
    Run(folder, {"evaluation": _reading(grid)})
    known, results = _Known(threads or 1), []

    def tell(done: int, trial: Trial, images: int = 0, figures: dict[str, float] | None = None) -> None:
        if progress is not None:
            progress(done, TrialProgress(len(todo), trial, images, figures))

    for done, trial in enumerate(todo):
        tell(done, trial)

        def forward(images: int, figures: dict[str, float], done: int = done, trial: Trial = trial) -> None:
            tell(done, trial, images, figures)

        results.append(
            evaluate(trial, folder, device=device, threads=threads, prepared=known.pairs, progress=forward, refusing=refusing)
        )
    if todo:
        tell(len(todo), todo[-1])
    return results


def fitting(path: Path, geometry: Geometry | Patches, convert: tuple[str, ...]) -> Geometry | Patches:
    """Return the geometry for a source: none, if most of its first pictures have the size already.

    So generated covers can be judged with photographs that must be cut. Raises InvalidSetting, RefusedImage.
    """
    if isinstance(geometry, Patches) or geometry.size is None:
        return geometry
    with open_source(path) as source:
        if not len(source):
            raise InvalidSetting(f"{path} holds no picture", hint="give a folder or archive of covers")
        side = _usual_side(source, convert)
    return Geometry(gray=geometry.gray) if side == (geometry.size, geometry.size) else geometry


def _usual_side(source: Source, convert: tuple[str, ...]) -> tuple[int, int] | None:
    """Return (H, W) of most of the first pictures that can be read. Raises RefusedImage where none can."""
    sides, refused = [], None
    for name in source.names[:LOOKED_AT]:
        try:
            sides.append((0, *source.picture(name, convert=convert).samples.shape[1:]))
        except RefusedImage as error:
            refused = refused or error
    found = usual_shape(sides)
    if found is None and refused is not None:
        raise refused
    return None if found is None else found[1:]


def _sources(grid: Grid) -> tuple[Path, ...]:
    return grid.covers if grid.transfer_to is None else (*grid.covers, grid.transfer_to)


def _of_source(grid: Grid, path: Path, jpeg: int | None) -> Iterator[Trial]:
    """Yield the trials of one source at one quality, and its controls, which the first seed alone has."""
    cut = fitting(path, grid.geometry, grid.convert)
    first, seeds = grid.seeds[0], grid.seeds
    gross = GROSS_OF_JPEGS if grid.is_of_jpegs else GROSS

    def question(detector: str, embedder: str, seed: int) -> Question:
        entry = DETECTORS.get(detector)
        needs = entry is not None and entry.kind == "features" and uses_probabilities(detector)
        duration = grid.duration_images if entry is not None and entry.kind == "network" else None
        asked = (cut, grid.convert, grid.limit, duration)
        flags: dict[str, Any] = {"selection_channel": needs, "judged_share": grid.judged_share, "jpeg": jpeg}
        flags["group_duplicates"] = grid.group_duplicates
        return Question(path, str(Embedder.parse(embedder)), detector, seed, *asked, **flags)

    for seed in seeds:
        for embedder in grid.embedders:
            yield from (Trial(question(detector, embedder, seed)) for detector in grid.detectors)
    yield from (Trial(question(detector, gross, first), gross=True) for detector in grid.detectors)
    # A detector that needs change probabilities cannot judge pairs without an embedding.
    blind = [question(d, gross, first) for d in grid.detectors if not question(d, gross, first).selection_channel]
    yield from (Trial(replace(asked, null=True)) for asked in blind)
    if grid.against is not None and grid.against != path:
        beside = fitting(grid.against, grid.geometry, grid.convert)
        for asked in blind:
            yield Trial(replace(asked, against=grid.against, against_geometry=None if beside == cut else beside))


def _reading(grid: Grid) -> dict[str, object]:
    """Return what figures in one table have in common."""
    geometry = grid.geometry
    cut = {"patches": geometry.size, "gray": geometry.gray} if isinstance(geometry, Patches) else vars(geometry)
    reading: dict[str, object] = {
        "geometry": cut,
        "convert": grid.convert,
        "limit": grid.limit,
        "duration_images": grid.duration_images,
    }
    if grid.judged_share != JUDGED:
        reading["judged_share"] = grid.judged_share
    if grid.group_duplicates:
        reading["group_duplicates"] = True
    return reading


class _Known:
    """A cache for the next trial: covers of the last sources, and the pairs of the last question of any detector."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._covers: dict[CoverReading, Covers] = {}
        self._pairs: dict[Question, Prepared] = {}

    def pairs(self, question: Question) -> Prepared:
        """Return the pairs of the question without its detector."""
        asked = replace(question, detector="", duration_images=None)
        if asked not in self._pairs:
            self._pairs = {asked: as_files(prepare(question, read=self._read))}
        return self._pairs[asked]

    def _read(self, asked: CoverReading) -> Covers:
        if asked not in self._covers:
            last = list(self._covers.items())[-1:]
            self._covers = dict(last) | {asked: read_covers(asked, workers=self._workers)}
        return self._covers[asked]
