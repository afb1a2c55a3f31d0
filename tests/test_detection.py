from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.detection import Question, score_files, train_detector
from ssgan.errors import InvalidSetting


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
    assert sum(result["pairs"]) == 120
    assert result["change_rate"] == pytest.approx(0.5, abs=0.01)
    assert result["p_e"] < 0.25
    assert train_detector(question(covers), tmp_path / "run") == result  # done: nothing is trained again
    scores = score_files(tmp_path / "run", [covers / "000.png", covers / "001.png", tmp_path / "nothing.png"])
    assert [s.score is None for s in scores] == [False, False, True]
    assert scores[2].error
    every = score_files(tmp_path / "run", [covers])  # a folder
    assert [every[0].score, every[1].score] == pytest.approx([s.score for s in scores[:2]], abs=1e-4)
    assert len(every) == 120
    assert all(s.probability is not None and 0 <= s.probability <= 1 for s in every)
    low, high = result["p_e_interval"]
    assert low <= result["p_e"] <= high


@pytest.mark.parametrize("detector", ["spam", "spam/ridge"])
def test_features_do_it_too_and_leave_nothing_behind(detector: str, covers: Path, tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    asked = Question(covers, "lsb@1.0/plain", detector, seed=1)
    result = train_detector(asked, tmp_path / "run", report=lambda _, figures: told.append(figures))
    assert result["p_e"] < 0.25
    assert told[0]["images"] in (168, 192)  # covers and stegos of the training part, and of the validation part
    assert not (tmp_path / "run" / "training" / "features").exists()
    assert score_files(tmp_path / "run", [covers / "000.png"])[0].score is not None


def test_an_interrupted_extraction_goes_on(covers: Path, tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def stop(done: int, figures: dict[str, float]) -> None:
        raise Interrupted

    asked = Question(covers, "lsb@1.0/plain", "spam", seed=1)
    with pytest.raises(Interrupted):
        train_detector(asked, tmp_path / "cut", report=stop)
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


def test_the_commands_do_it(covers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "run")
    asked = [str(covers), "--embedder", "lsb@1.0/plain", "--detector", "xunet", "-o", folder, "--duration", "640", "--quiet"]
    assert run(["train-detector", *asked]) == 0
    assert "P_E 0." in capsys.readouterr().out
    assert run(["score", folder, str(covers / "000.png"), "--json"]) == 0
    assert '"stego": ' in capsys.readouterr().out
    assert run(["score", folder, str(tmp_path / "missing.png")]) == 9
    assert run(["score", str(tmp_path), str(covers / "000.png")]) == 2
