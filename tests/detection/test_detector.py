"""A detector on images in memory: it learns, scores, judges, and is the one that a run has trained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import ssgan
from ssgan.detection.score import score_files


@cache
def pairs(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    covers = np.random.default_rng(1).normal(128, 0.8, (count, 1, 32, 32)).round().astype(np.uint8)
    return covers, ssgan.simulate(covers, "lsb@1", seed=1)


def test_a_detector_learns_from_pairs_and_tells_new_ones_apart() -> None:
    covers, stegos = pairs()
    detector = ssgan.Detector("spam/ridge", seed=2, threads=1)
    assert repr(detector) == "Detector('spam/ridge', seed=2)"
    with pytest.raises(ssgan.InvalidSetting, match="learned nothing"):
        detector.scores(covers)
    assert detector.fit(covers[:40], stegos[:40]) is detector
    assert detector.score(covers[40:], stegos[40:]) > 0.75
    assert detector.p_e(covers[40:], stegos[40:]) < 0.25
    chances = detector.predict_proba(torch.from_numpy(stegos[40:]))
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert chances[:, 1].mean() > 0.6 > 0.4 > detector.predict_proba(list(covers[40:]))[:, 1].mean()
    assert set(detector.predict(stegos[40:]).tolist()) <= {0, 1}
    again = ssgan.Detector("spam/ridge", seed=2).fit(covers[:40], stegos[:40])
    np.testing.assert_array_equal(again.scores(covers), detector.scores(covers))


def test_a_network_is_trained_alike() -> None:
    covers, stegos = pairs()
    detector = ssgan.Detector("gncnn", duration_images=40).fit(covers[:40], stegos[:40])
    assert detector.predict_proba(covers[40:]).shape == (20, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"name": "spma"}, "no detector"), ({"validation": 1}, "validation is 1"), ({"seed": 1.5}, "seed is a whole number")],
)
def test_settings_are_checked_at_once(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ssgan.InvalidSetting, match=words):
        ssgan.Detector(**arguments)  # type: ignore[arg-type]


def test_what_are_no_pairs_is_refused_in_words() -> None:
    covers, stegos = pairs()
    for first, second, words in ((covers[:3], stegos[:3], "too few"), (covers, stegos[:9], "are no pairs")):
        with pytest.raises(ssgan.InvalidSetting, match=words):
            ssgan.Detector().fit(first, second)


def test_a_trained_run_is_loaded_and_scores_as_its_files_do(tmp_path: Path) -> None:
    covers, stegos = pairs()
    for number, cover in enumerate(covers):
        ssgan.write(tmp_path / "covers" / f"{number:02d}.png", cover) if number else (tmp_path / "covers").mkdir()
    ssgan.train_detector(ssgan.Question(tmp_path / "covers", "lsb@1", "spam/ridge", seed=1), tmp_path / "run", threads=1)
    detector = ssgan.Detector.load(tmp_path / "run", threads=1)
    assert detector.name == "spam/ridge"
    ssgan.write(tmp_path / "stego.png", stegos[7])
    (scored,) = score_files(tmp_path / "run", [tmp_path / "stego.png"], threads=1)
    assert detector.scores(tmp_path / "stego.png").tolist() == [scored.score]
    assert detector.predict_proba(stegos[7])[0, 1] == scored.probability
    assert bool(detector.predict(stegos[7])[0]) == scored.stego
    with pytest.raises(ssgan.SsganError):
        ssgan.Detector.load(tmp_path)
