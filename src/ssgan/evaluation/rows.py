"""Join trials that differ in their seed alone into one row: means, spreads over seeds, intervals over covers, controls."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from ssgan.errors import InvalidSetting
from ssgan.evaluation.bootstrap import Resampled, band, draw, intervals
from ssgan.evaluation.results import TrialResult, scores_of
from ssgan.evaluation.trial import RUN, TRIALS
from ssgan.steganalysis.error_rate import NORMAL_95, TAILS, Interval, Scores, mean_of
from ssgan.storage import state_files
from ssgan.storage.runs import DONE

KINDS = ("retrained", "transfer", "conspicuous", "null", "gross")  # in the order of a report
FIGURES = ("p_e", "p_md_5", "p_fa_50", "auc", "wauc", "accuracy")
_ARCHIVE = re.compile(r"\.(zip|tgz|tbz2|txz|tar(\.\w+)?)$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Row:
    """One question and the results of its seeds; `folders` are those of the trials.

    `figures` are means over the seeds, `spread` their standard deviations (None: one seed), `intervals` over covers drawn
    again; `called` is what people call the sources.
    """

    results: tuple[TrialResult, ...]
    folders: tuple[Path, ...]
    scores: tuple[Scores, ...]
    drawn: tuple[Resampled, ...]
    figures: dict[str, float]
    spread: dict[str, float | None]
    intervals: dict[str, Interval]
    called: Mapping[str, str]

    @property
    def first(self) -> TrialResult:
        """The first result, for fields that are the same in all."""
        return self.results[0]

    @property
    def key(self) -> tuple[str, ...]:
        """The question of the row."""
        first = self.first
        judged, home = self.covers, self.trained_on
        return (first.kind, judged, home, first.against, first.embedder, first.detector)

    @property
    def band(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The ROC with its band."""
        return band(self.scores, self.drawn)

    @property
    def covers(self) -> str:
        """The short name of the judged source, with the quality at which it was compressed."""
        return _at(self.called[self.first.covers], self.first.quality)

    @property
    def trained_on(self) -> str:
        """That of the source that the detector learned from."""
        return _at(self.called[self.first.trained_on], self.first.trained_quality)

    @property
    def threshold(self) -> float:
        """The threshold of the first trial's detector, chosen in validation."""
        return state_files.number(self.folders[0] / RUN / DONE, "threshold")

    def mean(self, name: str) -> float:
        """Return the mean of a field of the results."""
        return statistics.fmean(getattr(result, name) for result in self.results)


def rows_of(folder: Path) -> list[Row]:
    """Return the rows of all finished trials in the folder of an evaluation. Raises InvalidSetting where there is none."""
    found: dict[tuple[int | str, ...], list[tuple[TrialResult, Path]]] = {}
    for done in (folder / TRIALS).glob(f"*/{DONE}"):
        result = TrialResult.read(done.parent)
        source = (result.covers, result.quality or 0, result.trained_on, result.trained_quality or 0, result.against)
        key = (KINDS.index(result.kind), *source, result.embedder, result.detector, result.duration_images or 0)
        found.setdefault(key, []).append((result, done.parent))
    if not found:
        raise InvalidSetting(f"{folder} holds no finished trial", hint="run ssgan evaluate COVERS --embedder ... -o FOLDER")
    called = names([path for some in found.values() for path in (some[0][0].covers, some[0][0].trained_on, some[0][0].against)])
    return [_row(sorted(found[key], key=lambda one: one[0].seed), called) for key in sorted(found)]


def names(paths: Iterable[str]) -> dict[str, str]:
    """Return the shortest unique end of each path, without suffixes of archives."""
    every = sorted({path for path in paths if path})
    ends = {path: PurePath(_ARCHIVE.sub("", path)).parts or (path,) for path in every}

    def end(path: str, count: int) -> str:
        return "/".join(ends[path][-count:])

    found = {}
    for path in every:
        longest = len(ends[path])
        alone = [n for n in range(1, longest + 1) if all(end(path, n) != end(other, n) for other in every if other != path)]
        found[path] = end(path, alone[0]) if alone else path
    return found


def _at(covers: str, quality: int | None) -> str:
    """Return the name of a source with the quality at which it was compressed."""
    return covers if quality is None else f"{covers} at quality {quality}"


def of_kind(rows: Iterable[Row], kind: str) -> list[Row]:
    """Return the rows of one kind."""
    return [row for row in rows if row.first.kind == kind]


def control(rows: Iterable[Row], row: Row, kind: str) -> Row | None:
    """Return the control of that kind for a row, of the same covers and detector, if there is one."""
    same = [r for r in of_kind(rows, kind) if (r.covers, r.first.detector) == (row.covers, row.first.detector)]
    return same[0] if same else None


def strongest(rows: Iterable[Row]) -> list[Row]:
    """Return for each source and embedder the retrained row with the least error: the best warden counts."""
    best: dict[tuple[str, str], Row] = {}
    for row in of_kind(rows, "retrained"):
        key = (row.covers, row.first.embedder)
        if key not in best or row.figures["p_e"] < best[key].figures["p_e"]:
            best[key] = row
    return list(best.values())


def blind_interval(pairs: int, deviations: float = NORMAL_95) -> Interval:
    """Return the interval of the error of a blind detector, at a threshold chosen elsewhere."""
    reach = deviations * math.sqrt(0.25 / (2 * pairs))
    return 0.5 - reach, 0.5 + reach


def apart(row: Row, reference: Row) -> tuple[float, Interval]:
    """Return P_E of a row less that of another one, with a 95 % interval; below 0 the row is easier to detect."""
    difference = row.figures["p_e"] - reference.figures["p_e"]
    drawn = [mean_of([one.figures["p_e"] for one in r.drawn]) for r in (row, reference)]
    common = min(len(one) for one in drawn)
    low, high = (float(v) for v in np.quantile(drawn[0][:common] - drawn[1][:common], TAILS))
    return difference, (min(low, 2 * difference - high), max(high, 2 * difference - low))


def _row(found: Sequence[tuple[TrialResult, Path]], called: Mapping[str, str]) -> Row:
    results, folders = tuple(result for result, _ in found), tuple(folder for _, folder in found)
    scores = tuple(scores_of(folder) for folder in folders)
    # Other scores draw other sets, so that differences between rows are those of independent ones.
    drawn = tuple(draw(one) for one in scores)
    values = {name: [_figure(result, name) for result in results] for name in FIGURES}
    return Row(
        results,
        folders,
        scores,
        drawn,
        {name: statistics.fmean(some) for name, some in values.items()},
        {name: statistics.stdev(some) if len(some) > 1 else None for name, some in values.items()},
        intervals(scores, drawn),
        called,
    )


def _figure(result: TrialResult, name: str) -> float:
    return float(result.accuracy if name == "accuracy" else getattr(result.measures, name))
