from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.elementary import exp_of_negative, rough_log


@given(st.floats(-707.9, 0))
def test_the_exponential_is_the_librarys_to_a_few_units_in_the_last_place(x: float) -> None:
    assert exp_of_negative(x) == pytest.approx(math.exp(x), rel=1e-15)


@pytest.mark.parametrize("x", [-708.0, -1e4, -math.inf])
def test_far_below_it_is_zero(x: float) -> None:
    assert exp_of_negative(x) == 0


@given(st.floats(1e-300, 1e300))
def test_the_rough_logarithm_is_rough(x: float) -> None:
    assert rough_log(x) == pytest.approx(math.log(x), abs=0.0601)
