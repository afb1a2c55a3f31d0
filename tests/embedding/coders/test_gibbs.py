from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.embedding.coders import bound
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.costs import Costs
from ssgan.images.samples import pixels

profiles = st.sampled_from(["constant", "linear", "heavy", "partly free", "free"])


def draw(seed: int, samples: int, profile: str, wet: float, one_price: bool) -> tuple[np.ndarray, np.ndarray]:
    """float64 (1, samples): costs of +1 and of -1 with wet samples, both ways or one way."""
    rng = np.random.default_rng(seed)
    linear = rng.random(samples)
    costs = {
        "constant": np.ones(samples),
        "linear": linear,
        "heavy": np.exp(rng.normal(0, 8, samples)),
        "partly free": np.where(linear < 0.3, 0, linear),
        "free": np.zeros(samples),
    }[profile] * 10.0 ** rng.uniform(-40, 40)
    other = costs if one_price else costs * rng.uniform(0.5, 2, samples)
    return np.where(rng.random(samples) < wet, np.inf, costs)[None], np.where(rng.random(samples) < wet, np.inf, other)[None]


def entropy_bits(plus: np.ndarray, minus: np.ndarray, lam: float) -> float:
    """By definition: -sum p log2 p over the three values of each sample."""
    weights = np.exp(-lam * np.concatenate([plus, minus, np.zeros_like(plus)]))  # (3, n)
    p = weights / weights.sum(0)
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum())


@given(st.integers(0, 2**32), st.integers(20, 5000), profiles, st.floats(0, 0.9), st.booleans(), st.floats(1e-3, 1))
def test_the_payload_is_met(seed: int, samples: int, profile: str, wet: float, one_price: bool, share: float) -> None:
    plus, minus = draw(seed, samples, profile, wet, one_price)
    sender = Sender(plus, minus)
    payload = share * sender.largest_payload
    if payload[0] == 0:
        return
    lam = sender.lambdas_for_payload(payload)
    free = sender.free[0]
    assert entropy_bits(np.maximum(plus, free), np.maximum(minus, free), lam[0]) == pytest.approx(payload[0], rel=3e-6)
    assert sender.payload(np.log(lam))[0][0] == pytest.approx(payload[0], rel=3e-6)


@given(st.integers(0, 2**32), profiles, st.floats(0, 0.5), st.booleans(), st.floats(1e-3, 0.9))
def test_a_distortion_leads_back_to_its_payload(seed: int, profile: str, wet: float, one_price: bool, share: float) -> None:
    sender = Sender(*draw(seed, 300, profile, wet, one_price))
    payload = share * sender.largest_payload
    distortion, _ = sender.distortion(np.log(sender.lambdas_for_payload(payload)))
    again = sender.lambdas_for_distortion(distortion)
    assert sender.payload(np.log(again))[0][0] == pytest.approx(payload[0], rel=1e-4)


@pytest.mark.parametrize(("payload", "rate"), [(0.1, 0.01122), (0.2, 0.02601), (0.4, 0.06254), (0.8, 0.16168), (1.0, 0.22709)])
def test_equal_costs_reach_the_ternary_bound(payload: float, rate: float) -> None:
    """The change rate beta with h(beta) + beta = payload, solved for in high precision apart from this code."""
    ones = np.ones((1, 1000))
    sender = Sender(ones, ones)
    distortion, _ = sender.distortion(np.log(sender.lambdas_for_payload(np.array([1000 * payload]))))
    assert distortion[0] / 1000 == pytest.approx(rate, abs=1e-5)


@given(st.integers(0, 2**32), st.sampled_from(["constant", "linear"]), st.booleans(), st.floats(0.01, 1))
def test_it_is_the_sender_that_is_simulated(seed: int, profile: str, one_price: bool, payload: float) -> None:
    """Coder `bound`, asked for its probabilities."""
    plus, minus = draw(seed, 400, profile, 0, one_price)
    sender = Sender(plus, minus)
    ours = sender.distortion(np.log(sender.lambdas_for_payload(np.array([400 * payload]), 1e-9)))[0][0]
    costs = Costs(*(torch.from_numpy(side).reshape(1, 1, 20, 20) for side in (plus, minus)))
    theirs = bound.expected_distortion(costs, bound.change_probabilities(costs, payload))
    assert ours == pytest.approx(float(theirs), rel=1e-3)


def test_covers_side_by_side_are_as_alone() -> None:
    rows = [draw(seed, 6000, "linear", 0.1 * seed, False) for seed in range(4)]
    together = Sender(np.concatenate([plus for plus, _ in rows]), np.concatenate([minus for _, minus in rows]))
    payload = np.array([100.0, 600, 1200, 2400])
    alone = [Sender(*row).lambdas_for_payload(payload[i : i + 1])[0] for i, row in enumerate(rows)]
    assert together.lambdas_for_payload(payload) == pytest.approx(alone, rel=1e-5)
    some = np.array([True, False, True, False])
    assert together.rows(some).largest_payload == pytest.approx(together.largest_payload[some])


def test_the_limits_are_those_of_changes_made_at_random() -> None:
    plus, minus = np.array([[1.0, 2.0, np.inf, np.inf]]), np.array([[3.0, np.inf, 5.0, np.inf]])
    sender = Sender(plus, minus)
    assert sender.largest_payload[0] == pytest.approx(np.log2(3) + 2)
    assert sender.largest_distortion[0] == pytest.approx((1 + 3) / 3 + 2 / 2 + 5 / 2)


@given(st.integers(0, 2**32), st.integers(1, 700), st.sampled_from([np.float64, np.float32]))
def test_one_array_for_both_ways_is_as_good_as_two(seed: int, samples: int, dtype: type) -> None:
    """With the covers at hand the ends of the range are wet of themselves, bit for bit as they would be by their costs."""
    rng = np.random.default_rng(seed)
    covers = rng.choice([0, 3, 255], (2, samples)).astype(np.uint8)
    rho: np.ndarray = np.exp(rng.normal(0, 2, (2, samples))).astype(dtype)
    explicit = Sender(np.where(covers == 255, np.inf, rho).astype(dtype), np.where(covers == 0, np.inf, rho).astype(dtype))
    one = Sender(rho, rho, pixels(covers))
    assert np.array_equal(one.largest_payload, explicit.largest_payload)
    assert np.array_equal(one.free, explicit.free)
    bits = 0.3 * explicit.largest_payload
    assert np.array_equal(one.lambdas_for_payload(bits), explicit.lambdas_for_payload(bits))
