from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.detection.question import Question, prepare
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.evaluation.results import TrialResult, scores_of
from ssgan.evaluation.roc import measures
from ssgan.evaluation.trial import Trial, as_files, evaluate

WriteCovers = Callable[..., Path]


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory, write_covers: WriteCovers) -> Path:
    return write_covers(tmp_path_factory.mktemp("trial") / "quiet", count=60, noise=0.6, seed=1)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory, write_covers: WriteCovers) -> Path:
    return write_covers(tmp_path_factory.mktemp("trial") / "noisy", count=60, noise=4.0, seed=2)


def question(covers: Path) -> Question:
    return Question(covers, "lsb@1.0/plain", "spam/ridge", seed=1)


def test_a_trial_is_judged_on_its_own_source_and_read_again(covers: Path, tmp_path: Path) -> None:
    trial = Trial(question(covers))
    result = evaluate(trial, tmp_path)
    assert result.kind == "retrained"
    assert result.measures.p_e == result.home_p_e < 0.2
    assert result.change_rate == pytest.approx(0.5, abs=0.02)
    assert result.raised == pytest.approx(0.5, abs=0.02)
    folder = tmp_path / "trials" / trial.name
    scores = scores_of(folder)
    assert measures(scores.covers, scores.stegos) == result.measures
    assert len(scores.covers) == result.pairs[2]
    assert len(set(scores.groups)) == result.pairs[2]
    views = sorted(path.name for path in (folder / "samples").iterdir())
    assert views[:4] == ["0-changes.png", "0-costs.png", "0-cover.png", "0-stego.png"]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    assert evaluate(trial, tmp_path) == result == TrialResult.read(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_transfer_uses_the_detector_of_its_home(covers: Path, others: Path, tmp_path: Path) -> None:
    home = question(covers)
    away = evaluate(Trial(replace(home, covers=others), home=home), tmp_path)
    at_home = evaluate(Trial(home), tmp_path)
    assert away.kind == "transfer"
    assert (away.covers, away.trained_on) == (str(others), str(covers))
    assert away.home_p_e == at_home.measures.p_e
    assert away.accuracy < at_home.accuracy  # everything noisy is called stego, or nothing is
    assert away.p_fa + away.p_md == pytest.approx(2 * (1 - away.accuracy))
    assert away.pairs[:2] == at_home.pairs[:2]


def test_covers_of_another_kind_are_conspicuous_and_covers_of_the_same_are_not(
    covers: Path, others: Path, tmp_path: Path
) -> None:
    beside = evaluate(Trial(replace(question(covers), against=others)), tmp_path)
    assert beside.kind == "conspicuous"
    assert beside.measures.p_e < 0.05
    assert beside.embedder == ""
    assert beside.change_rate == 0
    null = evaluate(Trial(replace(question(covers), null=True)), tmp_path)
    assert null.kind == "null"
    assert null.measures.p_e > 0.2


def test_what_is_judged_went_through_files(covers: Path) -> None:
    prepared = prepare(question(covers))
    again = as_files(prepared)
    for part, pairs in prepared.parts.items():
        assert torch.equal(again.parts[part].covers, pairs.covers)
        assert torch.equal(again.parts[part].stegos, pairs.stegos)
    assert again.names == prepared.names


def test_trials_that_differ_have_folders_of_their_own(covers: Path, others: Path) -> None:
    asked = question(covers)
    made = [
        Trial(asked),
        Trial(asked, gross=True),
        Trial(replace(asked, seed=2)),
        Trial(replace(asked, limit=50)),
        Trial(replace(asked, null=True)),
        Trial(replace(asked, against=others)),
        Trial(replace(asked, covers=others), home=asked),
    ]
    assert len({trial.name for trial in made}) == len(made)
    assert all("/" not in trial.name for trial in made)


def test_a_transfer_needs_two_sources(covers: Path) -> None:
    with pytest.raises(InvalidSetting, match="a transfer needs two sources"):
        Trial(question(covers), home=question(covers))


def test_pictures_that_changed_since_are_another_evaluation(tmp_path: Path, write_covers: WriteCovers) -> None:
    folder = write_covers(tmp_path / "covers", count=40, noise=0.6, seed=1)
    evaluate(Trial(question(folder)), tmp_path / "out")
    images.write(folder / "999.png", np.full((1, 32, 32), 9, np.uint8))
    with pytest.raises(InvalidSetting, match="have changed since") as caught:
        evaluate(Trial(question(folder)), tmp_path / "out")
    assert caught.value.hint


def test_an_evaluation_goes_on_after_its_pictures_moved(tmp_path: Path, write_covers: WriteCovers) -> None:
    folder = write_covers(tmp_path / "covers", count=40, noise=0.6, seed=1)
    first = evaluate(Trial(question(folder)), tmp_path / "out")
    moved = folder.rename(tmp_path / "moved")
    before = sorted((tmp_path / "out").rglob("*"))
    assert evaluate(Trial(question(moved)), tmp_path / "out") == first
    assert sorted((tmp_path / "out").rglob("*")) == before


def test_worthless_pairs_are_refused_or_a_finding(tmp_path: Path, write_covers: WriteCovers) -> None:
    folder = write_covers(tmp_path / "covers", count=40, noise=0.6, seed=1)
    asked = Trial(replace(question(folder), embedder="hill@0"))
    with pytest.raises(InvalidSetting, match="sample for sample"):
        evaluate(asked, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    result = evaluate(asked, tmp_path / "out", refusing=False)
    assert [found.severity for found in result.findings][0] == "refuse"


def test_sources_of_other_sizes_do_not_go_together(covers: Path, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for i in range(40):
        images.write(folder / f"{i}.png", rng.integers(90, 110, (1, 16, 16), dtype=np.uint8), durable=False)
    home = question(covers)
    with pytest.raises(InvalidSetting, match="32 x 32"):
        evaluate(Trial(replace(home, against=folder)), tmp_path)
    with pytest.raises(InvalidSetting, match="the detector reads images of shape"):
        evaluate(Trial(replace(home, covers=folder), home=home), tmp_path)


def test_a_damaged_result_is_refused(covers: Path, tmp_path: Path) -> None:
    trial = Trial(question(covers))
    evaluate(trial, tmp_path)
    done = tmp_path / "trials" / trial.name / "done.json"
    done.write_text(json.dumps({"kind": "retrained"}))
    with pytest.raises(RefusedModel, match="not the result of a trial"):
        evaluate(trial, tmp_path)
    (tmp_path / "trials" / trial.name / "run" / "scores.csv").write_text("part,name\n")
    with pytest.raises(RefusedModel, match="holds no scores"):
        scores_of(tmp_path / "trials" / trial.name)
