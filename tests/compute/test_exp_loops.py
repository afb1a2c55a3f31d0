from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.compute.exp_loops import exp_of_negative, rough_log, single_exp_of_negative, single_tanh


@given(st.floats(-707.9, 0))
def test_the_exponential_is_the_librarys_to_a_few_units_in_the_last_place(x: float) -> None:
    assert exp_of_negative(x) == pytest.approx(math.exp(x), rel=1e-15)


@pytest.mark.parametrize("x", [-708.0, -1e4, -math.inf])
def test_far_below_it_is_zero(x: float) -> None:
    assert exp_of_negative(x) == 0


@given(st.floats(1e-300, 1e300))
def test_the_rough_logarithm_is_rough(x: float) -> None:
    assert rough_log(x) == pytest.approx(math.log(x), abs=0.0601)


@given(st.floats(-86, 0, width=32))
def test_so_is_the_one_in_single_precision(x: float) -> None:
    assert single_exp_of_negative(np.float32(x)) == pytest.approx(math.exp(x), rel=3e-7)


@given(st.floats(max_value=-87, width=32, allow_nan=False))
def test_in_single_precision_it_is_zero_before_numbers_lose_digits(x: float) -> None:
    assert single_exp_of_negative(np.float32(x)) == 0


@given(st.floats(-100, 100, width=32, allow_subnormal=False))
def test_the_hyperbolic_tangent_is_right_near_zero_too(x: float) -> None:
    assert single_tanh(np.float32(x)) == pytest.approx(math.tanh(x), rel=4e-7, abs=1e-44)
