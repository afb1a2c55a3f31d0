"""Run a trial: covers, an embedder, a detector, and a seed that decides the split, the changes and the training.

The detector is trained on the very source, embedder and payload that it judges (Kerckhoffs), unless the trial has another
home: then the result is a transfer, how much a detector that was trained elsewhere still finds, and no measure of security.
Trials have controls: covers against covers, covers against photographs, and a gross embedding that must be found.
A trial is a run folder: an interrupted one resumes, a finished one is read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from ssgan import images
from ssgan.compute.progress import Progress
from ssgan.datasets.sources import digest_of
from ssgan.detection.question import Prepared, Question, prepare
from ssgan.detection.result import DetectorResult
from ssgan.detection.train import DETECTOR, PairScores, keep_scores, pair_scores, train_detector
from ssgan.errors import InvalidSetting
from ssgan.evaluation.results import TrialResult, judged
from ssgan.evaluation.samples import keep_samples
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.new_jpeg import gray_jpeg
from ssgan.images.quantization import Table, table_name
from ssgan.steganalysis import detectors
from ssgan.steganalysis.checks.findings import Finding, keep, kept, refuse
from ssgan.steganalysis.checks.leaks import leaks
from ssgan.storage.atomic import UNFINISHED
from ssgan.storage.runs import CONFIG, Run, is_bare, working_in

RUN = "run"  # of the detector, in a trial's folder
TRIALS = "trials"

Kind: TypeAlias = Literal["retrained", "transfer", "null", "conspicuous", "gross"]
Prepare: TypeAlias = Callable[[Question], Prepared]


@dataclass(frozen=True)
class Trial:
    """The question that is judged, and `home`, the question that the detector was trained for, if it is another one.

    `gross` marks the control that must be found.
    """

    question: Question
    home: Question | None = None
    gross: bool = False

    def __post_init__(self) -> None:
        home, judged = self.home, self.question
        if home is not None and (
            not (home.has_stegos and judged.has_stegos)
            or (home.covers, home.jpeg) == (judged.covers, judged.jpeg)
            or home.is_of_jpegs != judged.is_of_jpegs
        ):
            raise InvalidSetting(
                "a transfer needs two sources with stegos that differ",
                hint="give two sources, or two qualities of JPEGs, both with an embedder",
            )

    @property
    def kind(self) -> Kind:
        """The kind of its figure."""
        if self.home is not None:
            return "transfer"
        if self.question.null:
            return "null"
        if self.question.against is not None:
            return "conspicuous"
        return "gross" if self.gross else "retrained"

    def called(self, names: Mapping[str, str]) -> Trial:
        """Return the same trial with other names for its sources."""

        def renamed(question: Question) -> Question:
            against = None if question.against is None else Path(names[str(question.against)])
            return replace(question, covers=Path(names[str(question.covers)]), against=against)

        return replace(self, question=renamed(self.question), home=None if self.home is None else renamed(self.home))

    @property
    def about(self) -> dict[str, Any]:
        """All settings that decide the outcome, as plain values."""
        return {
            "kind": self.kind,
            "question": self.question.to_json(),
            "home": None if self.home is None else self.home.to_json(),
        }

    @property
    def name(self) -> str:
        """The folder's name: readable, with a digest of all settings."""
        question = self.question
        quality = "" if question.jpeg is None else f"quality-{question.jpeg}"
        sent = str(question.embedder) if question.has_stegos else ""
        parts = [self.kind, question.covers.name, quality, sent, question.detector]
        digest = hashlib.sha256(json.dumps(self.about, sort_keys=True).encode()).hexdigest()[:10]
        return re.sub(r"[^\w@.]+", "-", "-".join([*(part for part in parts if part), str(question.seed), digest]))


def evaluate(
    trial: Trial,
    folder: Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    prepared: Prepare | None = None,
    progress: Progress[dict[str, float]] | None = None,
    refusing: bool = True,
) -> TrialResult:
    """Run a trial in a folder of its own below `folder`, resume it, or read its result.

    `prepared` gives the pairs of a question, where they may be known already. Without `refusing`, pairs that make every figure
    worthless are a finding in the result, not the end. A transfer trains the detector at its home first,
    if that has not been done. Raises what `train_detector` raises, and InvalidSetting where the pictures have changed since.
    """
    pictures, called = _pictures(trial, folder)
    named = trial.called(called)
    out = folder / TRIALS / named.name
    with working_in(out):
        run = Run(out, {"trial": named.about, "pictures": pictures})
        if run.done:
            return TrialResult.read(out)
        for left in out.rglob(f".*{UNFINISHED}"):  # by a process that was killed while it wrote
            left.unlink(missing_ok=True)
        pairs_of = prepared or (lambda question: as_files(prepare(question, workers=threads or 1)))
        teach: dict[str, Any] = {"device": device, "threads": threads, "progress": progress, "refusing": refusing}
        if trial.home is None:
            detector, home_p_e = train_detector(trial.question, out / RUN, prepared=pairs_of(trial.question), **teach), None
            scores_in, findings = out / RUN, kept(out / RUN)
        else:
            detector, home_p_e, findings = _transfer(trial, named, folder, pairs_of, **teach)
            scores_in = out
        if trial.kind == "retrained":
            keep_samples(out, pairs_of(trial.question), trial.question)
        result = judged(named.about, detector, scores_in, findings, home_p_e=home_p_e)
        run.finish(result.to_json())
        return result


def as_files(prepared: Prepared) -> Prepared:
    """Return the pairs with every image written as a PNG or a JPEG and read back, so that real files are judged."""
    parts = {
        part: replace(pairs, covers=_read_back(pairs.covers, pairs.table), stegos=_read_back(pairs.stegos, pairs.table))
        for part, pairs in prepared.parts.items()
    }
    return replace(prepared, parts=parts)


def _read_back(pictures: images.Images, table: Table | None) -> images.Images:
    if table is None:
        return images.to_images(np.stack([images.read(images.encode(picture.numpy())).samples for picture in pictures]))
    files = [encode_coefficients(gray_jpeg(plane, table)) for plane in pictures[:, 0].numpy()]
    return torch.from_numpy(np.stack([planes(read_coefficients(file).components[0].blocks) for file in files])[:, None])


def _transfer(
    trial: Trial,
    named: Trial,
    folder: Path,
    pairs_of: Prepare,
    *,
    device: str,
    threads: int | None,
    refusing: bool,
    **teach: Any,
) -> tuple[DetectorResult, float, list[Finding]]:
    """Score the test part of the other source by the detector of the home, unchanged.

    JPEGs may have another quantization table there: a mismatch that was asked for. Of the same source at another quality,
    pictures that the detector has learned from are left out.
    """
    assert trial.home is not None
    assert named.home is not None
    out = folder / TRIALS / named.name
    at_home = evaluate(Trial(trial.home), folder, device=device, threads=threads, prepared=pairs_of, refusing=refusing, **teach)
    learned = pairs_of(trial.home)
    train = learned.parts["train"]
    prepared = pairs_of(trial.question)
    if trial.home.covers == trial.question.covers:
        prepared = _unseen(prepared, learned)
    test = prepared.parts["test"]
    if train.covers.shape[1:] != test.covers.shape[1:]:
        raise InvalidSetting(
            f"the detector reads images of shape {tuple(train.covers.shape[1:])}, not {tuple(test.covers.shape[1:])}",
            hint="cut both sources to one size: --crop, --size, --geometry, --gray",
        )
    found = prepared.findings + leaks({"train": train, "test": test})  # the names of two sources may coincide by chance
    if train.table is not None and test.table is not None and not np.array_equal(train.table, test.table):
        tables = f"the detector learned from JPEGs of {table_name(train.table)}, and judges JPEGs of {table_name(test.table)}"
        found.append(Finding("note", tables, "expect false alarms: no measure of security"))
    keep(out, found)
    if refusing:
        refuse(found)
    run = folder / TRIALS / Trial(named.home).name / RUN
    detector = detectors.load(run / DETECTOR, device=device, threads=threads)
    scores: PairScores = pair_scores(detector, test, mismatch=True)
    keep_scores(out, prepared, {"test": scores})
    home = DetectorResult.read(run)
    pairs = (*home.pairs[:2], len(test))
    asked = replace(home, pairs=pairs, change_rate=prepared.change_rate, raised=prepared.raised)
    return asked, at_home.measures.p_e, found


def _unseen(prepared: Prepared, learned: Prepared) -> Prepared:
    """Return the test part without groups that are in the training or the validation part of `learned`."""
    known = {*learned.groups["train"], *learned.groups["validate"]}
    kept = np.array([i for i, group in enumerate(prepared.groups["test"]) if group not in known], dtype=np.int64)
    if not len(kept):
        raise InvalidSetting(
            "the detector has learned from every picture that it is to judge", hint="give more covers, of more pictures"
        )
    names, groups = ([some["test"][i] for i in kept] for some in (prepared.names, prepared.groups))
    return replace(
        prepared,
        parts={**prepared.parts, "test": prepared.parts["test"][kept]},
        names={**prepared.names, "test": names},
        groups={**prepared.groups, "test": groups},
    )


def _pictures(trial: Trial, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return (name of each source → digest of its pictures, path → name); the name is the path when this folder was begun.

    So a trial can be resumed after the pictures have moved. Raises InvalidSetting where those at a known path are others.
    """
    questions = [question for question in (trial.question, trial.home) if question is not None]
    paths = {path for question in questions for path in (question.covers, question.against) if path is not None}
    known: dict[str, str] = {}
    for config in sorted((folder / TRIALS).glob(f"*/{CONFIG}")):
        if not is_bare(config.parent):
            known |= Run.manifest(config.parent)["config"].get("pictures", {})
    pictures, called = {}, {}
    for path in sorted(paths):
        digest = digest_of(path)
        name = next((name for name, of in known.items() if of == digest), str(path))
        if known.get(name, digest) != digest:
            raise InvalidSetting(
                f"the pictures of {path} have changed since this folder was begun",
                hint="choose another folder",
            )
        pictures[name], called[str(path)] = digest, name
    return pictures, called
