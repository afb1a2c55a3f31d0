from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.evaluation.roc import measures
from ssgan.steganalysis.error_rate import Scores, error_interval, least_error, p_e, redrawn

SCORES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=30).map(np.array)


def by_hand(covers: np.ndarray, stegos: np.ndarray, threshold: float) -> float:
    return float(((covers > threshold).mean() + (stegos <= threshold).mean()) / 2)


@given(SCORES, SCORES)
def test_no_threshold_does_better_and_the_one_given_does_as_well(covers: np.ndarray, stegos: np.ndarray) -> None:
    error, threshold = p_e(covers, stegos)
    assert by_hand(covers, stegos, threshold) == pytest.approx(error, abs=1e-12)
    for other in (-np.inf, *covers, *stegos):
        assert by_hand(covers, stegos, other) >= error - 1e-12


@given(SCORES, SCORES)
def test_it_is_that_of_the_curve_to_the_last_digit(covers: np.ndarray, stegos: np.ndarray) -> None:
    assert p_e(covers, stegos)[0] == measures(covers, stegos).p_e


def test_a_perfect_detector_errs_never_and_a_blind_one_half_the_time() -> None:
    assert p_e(np.array([0.0, 1.0]), np.array([2.0, 3.0]))[0] == 0
    assert p_e(np.ones(5), np.ones(7))[0] == 0.5
    assert p_e(np.array([2.0, 3.0]), np.array([0.0, 1.0]))[0] == 0.5  # upside down is not a detector


@pytest.mark.parametrize(("error", "count"), [(0.0, 100), (0.2, 500), (0.5, 300)])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(error: float, count: int) -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(40):
        wrong = rng.random((2, count)) < error
        scores = Scores(wrong[0].astype(float), 1 - wrong[1].astype(float), np.arange(count))
        drawn = np.array([least_error(p_fa, 1 - p_d)[0] for p_fa, p_d in redrawn(scores, times=50)])
        low, high = error_interval([scores], [drawn])
        held += low <= error <= high
    assert held >= 0.93 * 40
