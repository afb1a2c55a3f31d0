"""Probabilities in other worlds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.detection.verdicts import at_base_rate, share_of_true_alarms
from ssgan.errors import InvalidSetting

rates = st.floats(1e-9, 1 - 1e-9)


@given(st.floats(0, 1))
def test_half_and_half_is_the_world_that_probabilities_are_given_for(probability: float) -> None:
    assert at_base_rate(probability, 0.5) == pytest.approx(probability)


@given(st.floats(0.001, 0.999), rates, rates)
def test_the_more_stegos_there_are_the_more_a_probability_means(probability: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert at_base_rate(probability, low) <= at_base_rate(probability, high) + 1e-12


def test_where_stegos_are_rare_alarms_are_false() -> None:
    assert share_of_true_alarms(0.001) == pytest.approx(1 / (1 + 0.05 * 999))
    assert share_of_true_alarms(0.001, found=0.5) == pytest.approx(0.5 / (0.5 + 0.05 * 999))
    assert at_base_rate(0.99, 0.001) == pytest.approx(99 / (99 + 999))


@pytest.mark.parametrize("rate", [0, 1, -0.1, 2])
def test_a_base_rate_is_a_share(rate: float) -> None:
    with pytest.raises(InvalidSetting):
        at_base_rate(0.5, rate)
    with pytest.raises(InvalidSetting):
        share_of_true_alarms(rate)
