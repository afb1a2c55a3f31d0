"""Pairs are pairs, a detector is what has the contract's names, and a calibrated score is a probability."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images import Images
from ssgan.images.quantization import Table
from ssgan.steganalysis.detector import Calibration, PairDetector, Pairs, Probabilities
from ssgan.storage import weights


def images(count: int = 4, channels: int = 1, size: int = 8, *, seed: int = 1) -> torch.Tensor:
    return torch.randint(
        0, 256, (count, channels, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )


class Roughness:
    """A detector in ten lines, to hold the contract to: the mean difference of neighbors, up or down as it learned."""

    def __init__(self) -> None:
        self.sign = 1.0

    def fit(self, train: Pairs, validate: Pairs) -> None:
        self.sign = 1.0
        self.sign = float(np.sign(self.scores(train.stegos).mean() - self.scores(train.covers).mean()) or 1)

    def scores(
        self, images: Images, *, probabilities: Probabilities | None = None, table: Table | None = None, mismatch: bool = False
    ) -> np.ndarray:
        return self.sign * images.double().diff(dim=-1).abs().mean(dim=(1, 2, 3)).numpy()

    def save(self, folder: Path) -> None:
        weights.save(folder, {"sign": np.array(self.sign)}, {"kind": "roughness"})

    @classmethod
    def load(cls, folder: Path) -> Self:
        found = cls()
        found.sign = float(weights.take(weights.load(folder)[0], "sign", "float64", ()))
        return found


def test_a_class_with_the_names_is_a_detector(tmp_path: Path) -> None:
    detector: PairDetector = Roughness()
    assert isinstance(detector, PairDetector)
    assert not isinstance(object(), PairDetector)
    covers = torch.full((4, 1, 8, 8), 100, dtype=torch.uint8)
    pairs = Pairs(covers, covers + images() % 2)
    detector.fit(pairs, pairs)
    assert detector.scores(pairs.stegos).min() > detector.scores(pairs.covers).max()
    detector.save(tmp_path)
    np.testing.assert_array_equal(Roughness.load(tmp_path).scores(pairs.stegos), detector.scores(pairs.stegos))


@pytest.mark.parametrize("channels", [1, 3])
def test_pairs_stay_pairs_when_some_are_chosen(channels: int) -> None:
    covers = images(5, channels)
    maps = covers.float() / 255
    pairs = Pairs(covers, covers ^ 1, maps, maps / 2)
    assert len(pairs) == 5
    for chosen in (slice(1, 4), np.array([3, 0, 3]), torch.tensor([True, False, True, False, True])):
        some = pairs[chosen]
        assert torch.equal(some.stegos, some.covers ^ 1)
        assert some.cover_probabilities is not None
        assert some.stego_probabilities is not None
        assert torch.equal(some.cover_probabilities, some.covers.float() / 255)
        assert torch.equal(some.stego_probabilities, some.cover_probabilities / 2)
    assert pairs[:1].cover_probabilities is not None
    assert Pairs(covers, covers)[:1].cover_probabilities is None


@pytest.mark.parametrize(
    ("covers", "stegos"),
    [
        (images(4), images(3)),
        (images(4, 1), images(4, 3)),
        (images(4, size=8), images(4, size=9)),
        (images(4)[0], images(4)[0]),
        (images(4, 2), images(4, 2)),
        (images(0), images(0)),
        (images(4).float(), images(4)),
        (images(4), images(4).to(torch.int16)),
        (images(4), images(4).to("meta")),
    ],
    ids=["count", "channels", "size", "axes", "two channels", "none", "floats", "int16", "device"],
)
def test_what_cannot_be_pairs_is_refused(covers: torch.Tensor, stegos: torch.Tensor) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        Pairs(covers, stegos)
    assert refusal.value.hint


def test_probabilities_that_do_not_fit_are_refused() -> None:
    covers = images()
    right = torch.full(covers.shape, 0.1)
    for cover, stego in (
        (right, None),
        (right[:1], right),
        (right, right.long()),
        (right, right - 1),
        (right * torch.nan, right),
    ):
        with pytest.raises(InvalidSetting, match="probabilit"):
            Pairs(covers, covers, cover, stego)


def test_pairs_cannot_be_changed() -> None:
    pairs = Pairs(images(), images())
    with pytest.raises(AttributeError):
        pairs.covers = images()  # type: ignore[misc]


@given(st.floats(0.2, 3), st.floats(-5, 5), st.floats(0.1, 50))
def test_a_calibration_finds_the_odds_of_normal_scores(distance: float, middle: float, scale: float) -> None:
    """For two normal distributions of one width the true log odds are distance / width times the score, 0 in the middle."""
    rng = np.random.default_rng(1)
    covers, stegos = (middle + scale * (rng.normal(size=4000) + shift) for shift in (-distance / 2, distance / 2))
    found = Calibration.fit(covers, stegos)
    assert found.slope == pytest.approx(distance / scale, rel=0.2, abs=0.02 / scale)
    assert found.probabilities(np.array([middle]))[0] == pytest.approx(0.5, abs=0.05)


def test_a_calibration_is_the_most_likely_one() -> None:
    """SciPy minimizes the same loss from its formula."""
    rng = np.random.default_rng(2)
    covers, stegos = rng.normal(size=50), rng.normal(size=30) + 1

    def loss(beta: np.ndarray) -> float:
        parts = []
        for scores, target in ((covers, 1 / 52), (stegos, 31 / 32)):
            logit = beta[0] * scores + beta[1]
            parts.append(np.mean(np.logaddexp(0, logit) - target * logit))
        return float(np.mean(parts))

    expected = scipy.optimize.minimize(loss, np.zeros(2), tol=1e-12).x
    found = Calibration.fit(covers, stegos)
    np.testing.assert_allclose([found.slope, found.offset], expected, rtol=1e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_probabilities_rise_with_the_score_and_stay_in_range(covers: list[float], stegos: list[float]) -> None:
    found = Calibration.fit(np.array(covers), np.array(stegos))
    probabilities = found.probabilities(np.sort(covers + stegos))
    assert found.slope >= 0
    assert math.isfinite(found.slope)
    assert math.isfinite(found.offset)
    assert np.all(np.diff(probabilities) >= 0)
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1


def test_separable_scores_are_not_certain_and_reversed_ones_say_nothing() -> None:
    low, high = np.arange(10.0), np.arange(20.0, 30.0)
    assert 0.75 < Calibration.fit(low, high).probabilities(high).min() < 1
    np.testing.assert_array_equal(Calibration.fit(high, low).probabilities(high), 0.5)


def test_extreme_scores_do_not_overflow() -> None:
    np.testing.assert_array_equal(Calibration(1e300, 0).probabilities(np.array([-1e9, 0, 1e9])), [0, 0.5, 1])


def test_a_calibration_survives_its_manifest() -> None:
    made = Calibration(0.3, -1.7)
    assert Calibration.from_json(made.to_json()) == made
    for wrong in (
        {},
        {"slope": "1", "offset": 0},
        {"slope": True, "offset": 0},
        {"slope": 1.0},
        {"slope": -1.0, "offset": 0.0},
    ):
        with pytest.raises(RefusedModel):
            Calibration.from_json(wrong)
    with pytest.raises(RefusedModel):
        Calibration.from_json({"slope": math.inf, "offset": 0.0})


def test_no_scores_are_no_calibration() -> None:
    for covers, stegos in (([], [1.0]), ([1.0], []), ([math.nan], [1.0])):
        with pytest.raises(InvalidSetting):
            Calibration.fit(np.array(covers), np.array(stegos))
