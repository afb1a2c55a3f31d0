from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.datasets import Patches
from ssgan.detection.question import Question, prepare
from ssgan.errors import InvalidSetting
from ssgan.evaluation import tables
from ssgan.evaluation.grid import Grid, TrialProgress, run_grid, trials
from ssgan.evaluation.report import write_report
from ssgan.evaluation.results import TrialResult
from ssgan.evaluation.rows import control, of_kind, rows_of
from ssgan.evaluation.trial import Trial, as_files, evaluate
from ssgan.images.quantization import steps_of
from ssgan.steganalysis import detectors
from tests.jpegs import write_jpegs, write_pictures


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("grid") / "pictures", count=60)


@pytest.fixture(scope="module")
def evaluation(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An evaluation at two qualities, with a mismatch."""
    out = tmp_path_factory.mktemp("evaluation") / "out"
    run_grid(grid(pictures, jpeg=(75,), jpeg_judged=95), out, threads=1)
    return out


def grid(*covers: Path, **changes: object) -> Grid:
    return Grid(covers, **({"embedders": ("uerd@0.4",), "detectors": ("dctr/ridge",)} | changes))  # type: ignore[arg-type]


def test_every_quality_has_its_trials_and_controls(pictures: Path) -> None:
    found = trials(grid(pictures, embedders=("uerd@0.4", "nsf5@0.4"), detectors=("dctr", "spam"), seeds=(0, 1), jpeg=(75, 95)))
    assert Counter(trial.kind for trial in found) == {"retrained": 16, "gross": 4, "null": 4}
    assert Counter(trial.question.jpeg for trial in found) == {75: 12, 95: 12}
    assert {trial.question.embedder for trial in found if trial.kind == "gross"} == {"nsf5@1"}
    assert len({trial.name for trial in found}) == len(found)


def test_a_mismatch_goes_from_the_other_qualities_to_the_one_that_is_judged(pictures: Path) -> None:
    found = trials(grid(pictures, jpeg=(50, 75), jpeg_judged=95))
    away = [trial for trial in found if trial.kind == "transfer"]
    assert {(trial.home.jpeg, trial.question.jpeg) for trial in away if trial.home} == {(50, 95), (75, 95)}
    homes = [trial.question for trial in found if trial.kind == "retrained"]
    assert all(trial.home in homes and trial.question in homes for trial in away)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embedders": ("uerd@0.4", "hill@0.4"), "jpeg": (75,)}, "do not change the same covers"),
        ({"embedders": ("hill@0.4",), "detectors": ("spam",), "jpeg": (75,)}, "changes pixels"),
        ({"embedders": ("hill@0.4",)}, "DCTR looks at JPEG files"),
        ({"jpeg_judged": 95}, "no detector learns"),
        ({"jpeg": (95,), "jpeg_judged": 95}, "no detector learns"),
        ({"jpeg": (75, 0)}, "quality is 0"),
        ({"geometry": Patches(20)}, "cut blocks"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, object], message: str, pictures: Path) -> None:
    with pytest.raises(InvalidSetting, match=message):
        trials(grid(pictures, **changes))


def test_what_is_judged_went_through_jpeg_files(pictures: Path) -> None:
    prepared = prepare(Question(pictures, "uerd@0.4", "dctr", jpeg=75))
    files = as_files(prepared)
    for part, pairs in prepared.parts.items():
        assert torch.equal(files.parts[part].stegos, pairs.stegos)
        assert torch.equal(files.parts[part].covers, pairs.covers)
        assert np.array_equal(files.parts[part].table, pairs.table)  # type: ignore[arg-type]


def test_rows_keep_qualities_apart_and_name_them(evaluation: Path) -> None:
    rows = rows_of(evaluation)
    judged = of_kind(rows, "retrained")
    assert [row.covers for row in judged] == ["pictures at quality 75", "pictures at quality 95"]
    for row in judged:
        assert row.covers == row.trained_on
        null = control(rows, row, "null")
        assert null is not None
        assert null.first.quality == row.first.quality
    (away,) = of_kind(rows, "transfer")
    assert (away.covers, away.trained_on) == ("pictures at quality 95", "pictures at quality 75")
    sentences = [finding.sentence for finding in away.first.findings]
    assert "the detector learned from JPEGs of quality 75, and judges JPEGs of quality 95" in sentences
    for row in of_kind(rows, "gross"):
        assert row.figures["p_e"] < 0.05
    text = tables.as_csv(rows)
    assert "quality,trained_quality" in text.splitlines()[0]
    assert "## Controls: nsF5 in half of the AC coefficients" in tables.as_markdown(rows)
    assert "pictures at quality 95 (from pictures at quality 75)" in tables.as_latex(rows)


def test_pairs_are_shown_as_pixels(evaluation: Path) -> None:
    (row,) = [row for row in of_kind(rows_of(evaluation), "retrained") if row.first.quality == 75]
    for view in ("cover", "stego", "changes", "costs"):
        shown = images.read(row.folders[0] / "samples" / f"0-{view}.png").samples
        assert shown.shape[1:] == (32, 32)
    assert (evaluation / "report.html").exists() or write_report(evaluation, rows_of(evaluation))


def test_a_finished_evaluation_is_read_and_a_new_detector_added(pictures: Path, evaluation: Path) -> None:
    files = list((evaluation / "trials").glob("*/done.json"))
    before = {path: path.stat().st_mtime_ns for path in files}
    run_grid(grid(pictures, jpeg=(75,), jpeg_judged=95, detectors=("dctr/ridge", "spam/ridge")), evaluation, threads=1)
    assert {path: path.stat().st_mtime_ns for path in files} == before
    assert {row.first.detector for row in rows_of(evaluation)} == {"dctr/ridge", "spam/ridge"}
    for path in files:
        assert TrialResult.read(path.parent).quality in (75, 95)


def test_a_network_looks_at_pixels_bound_to_the_table_and_its_row_says_how_much_it_saw(pictures: Path, tmp_path: Path) -> None:
    asked = grid(pictures, embedders=("nsf5@1",), detectors=("xunet", "dctr/ridge"), jpeg=(75,), duration_images=128)
    run_grid(asked, tmp_path, threads=1)
    rows = rows_of(tmp_path)
    cells = {row["detector"]: row for row in csv.DictReader(tables.as_csv(rows).splitlines()) if row["kind"] == "retrained"}
    assert {name: row["images_seen"] for name, row in cells.items()} == {"xunet": "128", "dctr/ridge": ""}
    (row,) = [row for row in of_kind(rows, "retrained") if row.first.detector == "xunet"]
    bound = detectors.load(row.folders[0] / "run" / "detector")
    table = prepare(Question(pictures, "nsf5@1", "xunet", jpeg=75)).parts["test"].table
    assert table is not None
    assert bound.settings.table == steps_of(table)
    covers = torch.zeros(1, 1, 32, 32, dtype=torch.int16)
    bound.scores(covers, table=table)
    with pytest.raises(InvalidSetting, match="bound to the quantization table that it learned from, quality 75"):
        bound.scores(covers, table=np.ones((8, 8), np.uint16))


def test_a_mismatch_leaves_out_what_was_learned_from(pictures: Path, evaluation: Path, tmp_path: Path) -> None:
    home = Question(pictures, "uerd@0.4", "dctr/ridge", jpeg=75, judged_share=0.2)
    away = evaluate(Trial(replace(home, jpeg=95, seed=5), home=home), tmp_path)
    learned, judged = prepare(home), prepare(replace(home, jpeg=95, seed=5))
    known = {*learned.groups["train"], *learned.groups["validate"]}
    unseen = [group for group in judged.groups["test"] if group not in known]
    assert 0 < len(unseen) < len(judged.groups["test"])
    assert away.pairs[2] == len(unseen)


def test_a_transfer_needs_another_source_or_quality(pictures: Path) -> None:
    home = Question(pictures, "uerd@0.4", "dctr", jpeg=75)
    with pytest.raises(InvalidSetting, match="differ"):
        Trial(home, home=home)
    with pytest.raises(InvalidSetting, match="differ"):
        Trial(replace(home, jpeg=95), home=replace(home, jpeg=None, embedder="hill@0.4"))


def test_detectors_go_to_jpegs_of_another_table_where_it_is_asked(tmp_path: Path) -> None:
    coarse = write_jpegs(tmp_path / "coarse", count=40, quality=60)
    fine = write_jpegs(tmp_path / "fine", count=40, quality=90, seed=1)
    run_grid(grid(coarse, transfer_to=fine), tmp_path / "out", threads=1)
    (away,) = of_kind(rows_of(tmp_path / "out"), "transfer")
    assert "JPEGs of quality 60, and judges JPEGs of quality 90" in " ".join(one.sentence for one in away.first.findings)


def test_an_interrupted_evaluation_goes_on_to_the_same_figures(pictures: Path, tmp_path: Path) -> None:
    asked = grid(pictures, jpeg=(75,), jpeg_judged=95, embedders=("nsf5@0.4",))

    def stop(_: int, current: TrialProgress) -> None:
        if current.trial.question.jpeg == 95 and current.images:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_grid(asked, tmp_path / "broken", threads=1, progress=stop)
    resumed = run_grid(asked, tmp_path / "broken", threads=1)
    assert resumed == run_grid(asked, tmp_path / "whole", threads=1)
    first, second = (tables.as_csv(rows_of(tmp_path / name)) for name in ("broken", "whole"))
    assert first == second


def test_covers_are_looked_at_beside_another_source_of_the_same_quality(pictures: Path, tmp_path: Path) -> None:
    others = write_pictures(tmp_path / "others", count=60, seed=3)
    found = trials(grid(pictures, jpeg=(75,), against=others))
    (beside,) = [trial for trial in found if trial.kind == "conspicuous"]
    assert beside.question.jpeg == 75
    result = evaluate(beside, tmp_path / "out")
    assert (result.kind, result.embedder, result.quality) == ("conspicuous", "", 75)
