"""Keep the result of a trial in its folder: figures, the scores behind them, and findings in the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.detection.result import DetectorResult
from ssgan.detection.train import SCORES
from ssgan.errors import RefusedModel, StorageFailed
from ssgan.evaluation.roc import Measures, accuracy, measures
from ssgan.steganalysis.checks.findings import Finding
from ssgan.steganalysis.error_rate import Scores
from ssgan.storage.runs import DONE
from ssgan.storage.runs import result as result_of
from ssgan.storage.state_files import read_rows

FILE_OF_SCORES = (Path(SCORES), Path("run") / SCORES)  # a transfer's, and that of a detector trained here


@dataclass(frozen=True)
class TrialResult:
    """The figures of a trial. `accuracy`, `p_fa` and `p_md` are at the threshold chosen in validation at home; `home_p_e` is
    the error where the detector was trained.

    `kind` is retrained, transfer (never a measure of security), null, conspicuous or gross. `pairs` are those of train,
    validate and test; `raised` is the share of changes that went up. `quality` and `trained_quality`: those at which the covers
    were compressed for this, None for files as they are. `duration_images`: how many a network saw, None by its own recipe.
    """

    kind: str
    covers: str
    trained_on: str
    against: str
    embedder: str
    detector: str
    seed: int
    pairs: tuple[int, int, int]
    shape: tuple[int, int, int]
    measures: Measures
    accuracy: float
    p_fa: float
    p_md: float
    home_p_e: float
    validation_p_e: float
    change_rate: float
    raised: float
    findings: tuple[Finding, ...]
    quality: int | None = None
    trained_quality: int | None = None
    duration_images: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values, as done.json has them; qualities and a network's duration only where there are any."""
        record = asdict(self)
        some = {name: record.pop(name) for name in ("quality", "trained_quality", "duration_images")}
        return record | {name: value for name, value in some.items() if value is not None}

    @classmethod
    def read(cls, folder: Path) -> TrialResult:
        """Return the result of a finished trial. Raises RefusedModel where the file is another."""
        try:
            record = result_of(folder)
            return cls(
                **{
                    **record,
                    "pairs": tuple(record["pairs"]),
                    "shape": tuple(record["shape"]),
                    "measures": Measures(**record["measures"]),
                    "findings": tuple(Finding(**found) for found in record["findings"]),
                }
            )
        except (StorageFailed, ValueError, TypeError, KeyError) as error:
            raise RefusedModel(
                f"{folder / DONE} is not the result of a trial", hint="remove that folder, and evaluate again"
            ) from error


def judged(
    about: dict[str, Any], detector: DetectorResult, scores_in: Path, findings: Sequence[Finding], *, home_p_e: float | None
) -> TrialResult:
    """Return the result of a trial from the figures of its detector's run and from the scores on its test part."""
    question, home = about["question"], about["home"] or about["question"]
    scores = _read(scores_in / SCORES)
    threshold = detector.threshold
    found = measures(scores.covers, scores.stegos)
    has_stegos = about["kind"] not in ("null", "conspicuous")
    return TrialResult(
        kind=about["kind"],
        covers=question["covers"],
        trained_on=home["covers"],
        against=question.get("against", ""),
        embedder=question["embedder"] if has_stegos else "",
        detector=question["detector"],
        seed=question["seed"],
        pairs=detector.pairs,
        shape=detector.shape,
        measures=found,
        accuracy=accuracy(scores.covers, scores.stegos, threshold),
        p_fa=float((scores.covers > threshold).mean()),
        p_md=float((scores.stegos <= threshold).mean()),
        home_p_e=found.p_e if home_p_e is None else home_p_e,
        validation_p_e=detector.validation_p_e,
        change_rate=detector.change_rate,
        raised=detector.raised,
        findings=tuple(findings),
        quality=question.get("jpeg"),
        trained_quality=home.get("jpeg"),
        duration_images=home.get("duration_images"),
    )


def scores_of(folder: Path) -> Scores:
    """Return the scores on the test part of a finished trial. Raises RefusedModel."""
    for name in FILE_OF_SCORES:
        if (folder / name).exists():
            return _read(folder / name)
    raise RefusedModel(f"{folder} has lost its {SCORES}", hint="remove that folder, and evaluate again")


def _read(path: Path) -> Scores:
    try:
        rows = [row for row in read_rows(path, ("part", "group", "cover", "stego")) if row["part"] == "test"]
        covers, stegos = (np.array([float(row[name]) for row in rows]) for name in ("cover", "stego"))
        return Scores(covers, stegos, tuple(row["group"] for row in rows))
    except (StorageFailed, ValueError) as error:
        raise RefusedModel(f"{path} holds no scores", hint="remove that trial's folder, and evaluate again") from error
