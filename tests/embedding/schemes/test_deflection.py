from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq

from ssgan.embedding.schemes.deflection import least_detectable
from ssgan.errors import DoesNotFit

FISHER = hnp.arrays(np.float64, (2, 1, 8, 8), elements=st.floats(1e-8, 1e4))


@given(FISHER, st.floats(0.01, 1.5))
def test_the_payload_is_met_and_every_sample_solves_the_equation_with_one_lambda(fisher: np.ndarray, payload: float) -> None:
    odds = least_detectable(
        torch.from_numpy(fisher), payload
    ).numpy()  # ln(1 / beta - 2): where beta is nearly 1/3, beta has lost it
    beta = 1 / (np.exp(odds) + 2)
    entropy = -(2 * beta * np.log2(beta) + (1 - 2 * beta) * np.log2(1 - 2 * beta))
    np.testing.assert_allclose(entropy.mean((1, 2, 3)), payload, rtol=1e-6)
    lam = odds / (beta * fisher)  # beta lambda I = ln(1 / beta - 2)
    np.testing.assert_allclose(lam, np.broadcast_to(np.median(lam, (1, 2, 3), keepdims=True), lam.shape), rtol=1e-4)


def test_it_is_what_scipy_finds() -> None:
    fisher = np.random.default_rng(8).lognormal(0, 3, 256)

    def rho(lam: float) -> np.ndarray:
        return np.array([brentq(lambda r, y=lam * i: r * (2 + math.exp(r)) - y, 0, 600, xtol=1e-14) for i in fisher])

    def excess(log_lam: float) -> float:
        beta = 1 / (np.exp(rho(math.exp(log_lam))) + 2)
        return float(-(2 * beta * np.log2(beta) + (1 - 2 * beta) * np.log2(1 - 2 * beta)).mean() - 0.4)

    expected = rho(math.exp(brentq(excess, -20, 20, xtol=1e-12)))
    ours = least_detectable(torch.from_numpy(fisher).reshape(1, 1, 16, 16), 0.4).flatten().numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-7)


def test_the_derivative_is_that_of_finite_differences() -> None:
    fisher = torch.from_numpy(np.random.default_rng(9).lognormal(0, 1, (1, 1, 5, 6))).requires_grad_()
    assert torch.autograd.gradcheck(lambda fisher: least_detectable(fisher, 0.4), (fisher,), eps=1e-6, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("payload", [1.585, 2.0, -0.1])
def test_a_payload_beyond_three_choices_is_refused(payload: float) -> None:
    with pytest.raises(DoesNotFit):
        least_detectable(torch.ones(1, 1, 4, 4, dtype=torch.float64), payload)


def test_no_payload_means_no_change() -> None:
    assert bool(least_detectable(torch.ones(1, 1, 4, 4), 0.0).isinf().all())
