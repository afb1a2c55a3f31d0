"""Train a detector for one embedder on one part of the covers, choose it on another, and judge it once on the test part.

The warden knows the source, the scheme and the payload (Kerckhoffs) and, where the question says so, also the change
probabilities. Before training, the pairs are checked for anything that would make the figures worthless.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ssgan.compute import distributed
from ssgan.compute.progress import Notify, Progress
from ssgan.datasets.sources import refuse_among
from ssgan.datasets.splits import PARTS
from ssgan.detection.question import Prepared, Question, prepare, stages_of
from ssgan.detection.result import DetectorResult, ErrorFigures, NullError
from ssgan.detection.stegos import prescribed
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting
from ssgan.steganalysis import detectors
from ssgan.steganalysis.checks.findings import Finding, keep, refuse
from ssgan.steganalysis.checks.pairs import diagnose
from ssgan.steganalysis.detector import Calibration, Pairs
from ssgan.steganalysis.error_rate import NORMAL_95, Scores, error_interval, p_e
from ssgan.steganalysis.training.network_detector import NetworkDetector
from ssgan.storage.atomic import atomic_write
from ssgan.storage.names import written
from ssgan.storage.runs import CONFIG, Run, working_in

DETECTOR = "detector"
SCORES = "scores.csv"
PATHS = ("question.covers", "question.against")  # notes: the pictures decide
SCORED = ("validate", "test")  # the parts that a detector is asked about

PairScores: TypeAlias = tuple[np.ndarray, np.ndarray]  # of covers and of stegos, float64 (N,)


def train_detector(
    question: Question,
    out: Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    prepared: Prepared | None = None,
    progress: Progress[dict[str, float]] | None = None,
    notify: Notify[Finding] | None = None,
    refusing: bool = True,
) -> DetectorResult:
    """Train in the folder `out`, or resume there, and judge; return the figures, which are also in its done.json.

    The scores of all pairs but those of the training part are in its scores.csv. `threads`, of features, and as many
    processes to read, change no figure (None: as many as torch uses, and one). `prepared` is the result of `prepare`, where
    it is known already. `notify` receives findings on the pairs; with `refusing`, one that makes every figure worthless ends
    the run, else it is kept with the figures. Under torchrun the processes share a network's batches, and the first one
    writes.

    Raises InvalidSetting for settings or pairs that are not usable, DoesNotFit where a cover cannot carry the payload,
    TrainingDiverged.
    """
    question.check()
    refuse_among([path for path in (question.covers, question.against) if path is not None], out)
    with distributed.joined(device) as processes, ExitStack() as until_the_end:
        processes.first(lambda: until_the_end.enter_context(working_in(out)))
        asked = processes.first(lambda: {"question": question.to_json(), "pictures": question.pictures()})
        if processes.first(lambda: (out / CONFIG).exists() and Run(out, asked, notes=PATHS).done):
            return DetectorResult.read(out)
        if prepared is None:
            prepared = prepare(question, workers=threads or 1)
        detector = detectors.make(
            question.detector,
            prepared.parts["train"],
            seed=question.seed,
            duration_images=question.duration_images,
            precision=question.precision,
            device=device,
            threads=threads,
        )
        found = list(prepared.findings)
        embedder = Embedder.parse(question.embedder)
        if question.has_stegos and not embedder.redraws:
            moves = prescribed(embedder, prepared.parts["train"].table)
            found += processes.first(lambda: diagnose(prepared.parts, prepared.groups, prepared.names, prescribed=moves))
        if notify is not None and processes.rank == 0:
            for finding in found:
                notify(finding)
        if refusing:
            refuse(found)
        run = processes.first(lambda: Run(out, asked, notes=PATHS))
        processes.first(lambda: keep(out, found))
        _teach(detector, question, prepared, out / "training", progress, notify)
        return processes.first(lambda: _finish(detector, question, prepared, run))


def judge(validate: PairScores, test: PairScores, groups: Sequence[str]) -> ErrorFigures:
    """Return P_E on the test pairs with its 95 % interval, and the errors at the threshold and calibration of the validation
    pairs.
    """
    validation_error, threshold = p_e(*validate)
    test_error, _ = p_e(*test)
    return ErrorFigures(
        p_e=test_error,
        p_e_interval=error_interval([Scores(*test, groups)]),
        p_fa=float((test[0] > threshold).mean()),
        p_md=float((test[1] <= threshold).mean()),
        validation_p_e=validation_error,
        threshold=threshold,
        calibration=Calibration.fit(*validate),
    )


def pair_scores(detector: detectors.AnyDetector, pairs: Pairs, *, mismatch: bool = False) -> PairScores:
    """Return the scores of the covers and of the stegos; with `mismatch`, JPEGs may have another table than the detector's."""
    given: dict[str, Any] = {"table": pairs.table, "mismatch": mismatch}
    return (
        detector.scores(pairs.covers, probabilities=pairs.cover_probabilities, **given),
        detector.scores(pairs.stegos, probabilities=pairs.stego_probabilities, **given),
    )


def keep_scores(folder: Path, prepared: Prepared, scores: dict[str, PairScores]) -> None:
    """Write the scores of parts into a folder: a pair a row, with the name and the group of its cover, every digit kept."""
    with atomic_write(folder / SCORES, overwrite=True) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("part", "name", "group", "cover", "stego"))
        for part, (covers, stegos) in scores.items():
            named = zip(prepared.names[part], prepared.groups[part], covers.tolist(), stegos.tolist(), strict=True)
            rows.writerows((part, written(name), written(group), *pair) for name, group, *pair in named)


def null_error(p_fa: float, p_md: float, pairs: int) -> NullError:
    """Return the error of a blind detector at the threshold of the validation part, and its interval in 95 of 100 runs.

    P_E itself is the least error of any threshold, and so a little below one half even then.
    """
    error = (p_fa + p_md) / 2
    reach = NORMAL_95 * math.sqrt(0.25 / (2 * pairs))
    return NullError(error, (0.5 - reach, 0.5 + reach), passed=abs(error - 0.5) <= reach)


def _teach(
    detector: detectors.AnyDetector,
    question: Question,
    prepared: Prepared,
    run: Path,
    progress: Progress[dict[str, float]] | None,
    notify: Notify[Finding] | None,
) -> None:
    train, validate = prepared.parts["train"], prepared.parts["validate"]
    if isinstance(detector, NetworkDetector):
        detector.examine = False  # all three parts have been looked at, or are no pairs
        taught = stages_of(question, prepared, detector.settings.recipe)
        detector.fit(taught, validate, run=run, progress=progress, notify=notify)
    elif distributed.current().count > 1:
        raise InvalidSetting(
            f"{question.detector} learns in one process", hint="run it without torchrun: it has threads of its own"
        )
    else:
        detector.fit(train, validate, run=run, progress=progress)


def _finish(detector: detectors.AnyDetector, question: Question, prepared: Prepared, run: Run) -> DetectorResult:
    """Judge the detector and write all results."""
    parts = prepared.parts
    detector.save(run.folder / DETECTOR)
    scores = {part: pair_scores(detector, parts[part]) for part in SCORED}
    keep_scores(run.folder, prepared, scores)
    figures = judge(scores["validate"], scores["test"], prepared.groups["test"])
    train, validate, test = (len(parts[part]) for part in PARTS)
    channels, height, width = parts["train"].covers.shape[1:]
    result = DetectorResult(
        **vars(figures),
        change_rate=prepared.change_rate,
        raised=prepared.raised,
        pairs=(train, validate, test),
        shape=(channels, height, width),
        left_out=tuple((name, why) for part in prepared.left_out for name, why in part.bad),
        null=null_error(figures.p_fa, figures.p_md, test) if question.null else None,
    )
    run.finish(result.to_json())
    return result
