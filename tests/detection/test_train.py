from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.detection.question import Question, prepare
from ssgan.detection.score import score_files
from ssgan.detection.train import null_error, train_detector
from ssgan.errors import InvalidSetting
from ssgan.steganalysis import detectors
from ssgan.storage import weights


@pytest.fixture(scope="module")
def covers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 120 smooth images of 32 x 32."""
    folder, rng = tmp_path_factory.mktemp("covers"), np.random.default_rng(1)
    for i in range(120):
        ramp = np.linspace(60, 180, 32)[None, :] + rng.normal(0, 20)
        samples = (ramp + rng.normal(0, 0.6, (32, 32))).round().clip(1, 254).astype(np.uint8)[None]
        images.write(folder / f"{i:03d}.png", samples, durable=False)
    return folder


def question(covers: Path) -> Question:
    return Question(covers, "lsb@1.0/plain", "xunet", seed=1, duration_images=2400)


def test_a_detector_is_trained_judged_and_used_on_files(covers: Path, tmp_path: Path) -> None:
    result = train_detector(question(covers), tmp_path / "run")
    assert sum(result.pairs) == 120
    assert result.change_rate == pytest.approx(0.5, abs=0.01)
    assert result.p_e < 0.25
    assert train_detector(question(covers), tmp_path / "run") == result  # done: nothing is trained again
    scores = score_files(tmp_path / "run", [covers / "000.png", covers / "001.png", tmp_path / "nothing.png"])
    assert [s.score is None for s in scores] == [False, False, True]
    assert scores[2].error
    every = score_files(tmp_path / "run", [covers])  # a folder
    assert [every[0].score, every[1].score] == pytest.approx([s.score for s in scores[:2]], abs=1e-4)
    assert len(every) == 120
    assert all(s.probability is not None and 0 <= s.probability <= 1 for s in every)
    low, high = result.p_e_interval
    assert low <= result.p_e <= high


@pytest.mark.parametrize("detector", ["spam", "spam/ridge"])
def test_features_do_it_too_and_leave_nothing_behind(detector: str, covers: Path, tmp_path: Path) -> None:
    metrics: list[dict[str, float]] = []
    asked = Question(covers, "lsb@1.0/plain", detector, seed=1)
    result = train_detector(asked, tmp_path / "run", progress=lambda _, figures: metrics.append(figures))
    assert result.p_e < 0.25
    assert metrics[0]["images"] in (168, 192)  # covers and stegos of the training part, and of the validation part
    assert not (tmp_path / "run" / "training" / "features").exists()
    assert score_files(tmp_path / "run", [covers / "000.png"])[0].score is not None


def test_an_interrupted_extraction_goes_on(covers: Path, tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def stop(done: int, figures: dict[str, float]) -> None:
        raise Interrupted

    asked = Question(covers, "lsb@1.0/plain", "spam", seed=1)
    with pytest.raises(Interrupted):
        train_detector(asked, tmp_path / "cut", progress=stop)
    assert list((tmp_path / "cut" / "training" / "features").rglob("*.npy"))
    assert train_detector(asked, tmp_path / "cut") == train_detector(asked, tmp_path / "whole")


def test_tiles_of_one_picture_stay_together(tmp_path: Path) -> None:
    folder, rng = tmp_path / "pictures", np.random.default_rng(2)
    folder.mkdir()
    for i in range(20):
        samples = rng.integers(100, 110, (1, 64, 64), dtype=np.uint8)
        images.write(folder / f"{i:02d}.png", samples, durable=False)
    asked = ["--embedder", "lsb@1.0/plain", "--detector", "spam", "--tile", "32", "--quiet", "-o", str(tmp_path / "run")]
    assert run(["train-detector", str(tmp_path / "pictures"), *asked]) == 0
    assert run(["train-detector", str(tmp_path / "pictures"), *asked, "--crop", "32"]) == 2


def test_a_detector_of_color_says_so(covers: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="color"):
        train_detector(Question(covers, "lsb@0.5/plain", "crm"), tmp_path / "run")


def test_other_settings_are_another_run(covers: Path, tmp_path: Path) -> None:
    train_detector(question(covers), tmp_path / "run")
    with pytest.raises(InvalidSetting, match="other settings"):
        train_detector(Question(covers, "lsb@0.5/plain", "xunet", seed=1), tmp_path / "run")


def test_too_few_covers_are_refused(covers: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="too few"):
        train_detector(Question(covers, "lsb@0.5/plain", "xunet", limit=10), tmp_path / "run")


def test_a_refusal_leaves_no_folder_and_the_next_comer_may_have_it(covers: Path, tmp_path: Path) -> None:
    asked = Question(covers, "lsb@0.8/plain", "spam/ridge", seed=1)
    for refused in (replace(asked, limit=12), replace(asked, embedder="hill@0")):
        with pytest.raises(InvalidSetting):
            train_detector(refused, tmp_path / "below" / "run")
        assert not (tmp_path / "below").exists()


def test_what_is_left_out_is_said_with_its_reason(covers: Path, tmp_path: Path) -> None:
    here = shutil.copytree(covers, tmp_path / "here")
    images.write(here / "000.png", np.zeros((3, 32, 32), np.uint8), overwrite=True)
    images.write(here / "zzz.png", np.zeros((1, 32, 30), np.uint8))
    said: list[str] = []
    asked = Question(here, "lsb@1.0/plain", "spam/ridge", seed=1, limit=40)
    result = train_detector(asked, tmp_path / "run", notify=lambda finding: said.append(finding.sentence))
    assert result.left_out == (("000.png", "it is 32 x 32, color, where most are 32 x 32, gray"),)
    assert any("1 of 41 pictures" in sentence and "000.png: it is 32 x 32, color" in sentence for sentence in said)
    assert sum(result.pairs) == 40


def test_pictures_decide_and_their_path_does_not(covers: Path, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for path in sorted(covers.iterdir())[:40]:
        shutil.copy(path, here)
    asked = Question(here, "lsb@1.0/plain", "spam/ridge", seed=1)
    result = train_detector(asked, tmp_path / "run")
    there = here.rename(tmp_path / "there")
    assert train_detector(replace(asked, covers=there), tmp_path / "run") == result
    shutil.make_archive(str(tmp_path / "packed"), "zip", there)
    assert train_detector(replace(asked, covers=tmp_path / "packed.zip"), tmp_path / "run") == result
    images.write(there / "000.png", np.zeros((1, 32, 32), np.uint8), overwrite=True)
    with pytest.raises(InvalidSetting, match="pictures"):
        train_detector(replace(asked, covers=there), tmp_path / "run")


def rough(folder: Path, count: int, seed: int) -> Path:
    """A folder of images of 32 x 32 with a quiet side and a rough one."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    scale = np.linspace(0.3, 9, 32)[None, :]
    for i in range(count):
        samples = (120 + rng.normal(0, 20) + scale * rng.normal(0, 1, (32, 32))).round().clip(1, 254).astype(np.uint8)[None]
        images.write(folder / f"{i:03d}.png", samples, durable=False)
    return folder


def test_a_warden_who_is_told_the_change_probabilities_is_told_them_when_asked_as_well(tmp_path: Path) -> None:
    covers = rough(tmp_path / "covers", 40, 1)
    asked = Question(covers, "hill@0.4", "yenet", seed=1, duration_images=96, selection_channel=True, fresh=True)
    result = train_detector(asked, tmp_path / "run")
    assert 0 <= result.p_e <= 0.5
    prepared = prepare(asked)
    parts = prepared.parts
    own = detectors.load(tmp_path / "run" / "detector").scores(
        parts["test"].covers[:1],
        probabilities=parts["test"].cover_probabilities[:1],  # type: ignore[index]
    )
    name = prepared.names["test"][0]
    assert score_files(tmp_path / "run", [covers / name])[0].score == pytest.approx(float(own[0]), abs=1e-5)


def test_an_image_that_does_not_take_the_payload_is_named_and_the_others_get_their_score(tmp_path: Path) -> None:
    covers = rough(tmp_path / "covers", 40, 1)
    train_detector(Question(covers, "hill@1.2", "yenet", seed=1, duration_images=64, selection_channel=True), tmp_path / "run")
    # Every sample is at an end of the range, and may change one way only: one bit at most.
    ends = np.random.default_rng(1).choice([0, 255], (1, 32, 32)).astype(np.uint8)
    images.write(tmp_path / "ends.png", ends)
    scores = score_files(tmp_path / "run", [covers / "000.png", tmp_path / "ends.png"])
    assert scores[0].score is not None
    assert scores[1].score is None
    assert "does not fit" in scores[1].error


def test_a_curriculum_is_learned_from_first_and_goes_on_where_it_was(tmp_path: Path) -> None:
    covers = rough(tmp_path / "covers", 60, 1)
    asked = Question(covers, "lsb@0.4/plain", "gncnn", seed=1, duration_images=640, curriculum=(1.0, 0.8), fresh=True)
    metrics: list[dict[str, float]] = []
    train_detector(asked, tmp_path / "run", progress=lambda _, figures: metrics.append(figures))
    assert {0.0, 1.0, 2.0} == {figures["lesson"] for figures in metrics}

    def stop(images_seen: int, figures: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_detector(asked, tmp_path / "cut", progress=stop)
    train_detector(asked, tmp_path / "cut")
    tensors = [weights.load(tmp_path / name / "detector")[0] for name in ("run", "cut")]
    for name, array in tensors[0].items():
        np.testing.assert_array_equal(array, tensors[1][name])


@pytest.mark.parametrize("detector", ["spam/ridge", "gncnn"])
def test_covers_cannot_be_told_from_covers(detector: str, tmp_path: Path) -> None:
    covers = rough(tmp_path / "covers", 400, 3)
    asked = Question(covers, "lsb@0.4/plain", detector, seed=2, duration_images=640 if detector == "gncnn" else None, null=True)
    result = train_detector(asked, tmp_path / "run")
    assert result.pairs == (140, 20, 40)
    assert result.null is not None
    assert result.null.passed
    low, high = result.null.interval
    assert low <= (result.p_fa + result.p_md) / 2 <= high
    assert result.p_e > 0.3


def test_a_null_run_that_finds_something_says_so() -> None:
    assert not null_error(0.3, 0.4, 200).passed
    assert not null_error(0.7, 0.6, 200).passed
    found = null_error(0.9, 0.12, 200)
    assert found.passed
    assert found.interval == pytest.approx([0.451, 0.549], abs=1e-4)


def test_pictures_that_stand_in_several_parts_are_refused_before_anything_is_learned(tmp_path: Path) -> None:
    covers = rough(tmp_path / "covers", 40, 1)
    for i in range(40):
        shutil.copy(covers / f"{i:03d}.png", covers / f"again {i:03d}.png")
    with pytest.raises(InvalidSetting, match="are in the part train as well"):
        train_detector(Question(covers, "lsb@0.4/plain", "spam", seed=1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name != "posix", reason="torchrun's processes")
def test_torchrun_trains_the_same_detector_and_speaks_once(covers: Path, tmp_path: Path) -> None:
    asked = [str(covers), "--embedder", "lsb@1.0/plain", "--detector", "gncnn", "--images", "256", "--json"]
    assert run(["train-detector", *asked, "-o", str(tmp_path / "one"), "--threads", "1"]) == 0
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "ssgan"]
    made = subprocess.run(
        [*torchrun, "train-detector", *asked, "-o", str(tmp_path / "two")], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    results = [json.loads(line) for line in made.stdout.splitlines() if '"detector"' in line]
    assert len(results) == 1
    tensors = [weights.load(tmp_path / name / "detector")[0] for name in ("one", "two")]
    for name, array in tensors[0].items():
        np.testing.assert_allclose(tensors[1][name], array, rtol=1e-4, atol=1e-4)


def test_the_commands_do_it(covers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "run")
    asked = [str(covers), "--embedder", "lsb@1.0/plain", "--detector", "xunet", "-o", folder, "--images", "640", "--quiet"]
    assert run(["train-detector", *asked]) == 0
    assert "P_E 0." in capsys.readouterr().out
    assert run(["score", folder, str(covers / "000.png"), "--json"]) == 0
    assert '"stego": ' in capsys.readouterr().out
    assert run(["score", folder, str(tmp_path / "missing.png")]) == 9
    assert run(["score", str(tmp_path), str(covers / "000.png")]) == 2
