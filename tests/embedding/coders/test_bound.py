from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq

from ssgan.compute import seeds
from ssgan.embedding.coder import ChangeProbabilities
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import WET, Costs, distortion
from ssgan.errors import DoesNotFit, InvalidSetting

# Costs as schemes and saturated covers make them: over ten decades, some wet, the two directions alike or not.
COST = st.one_of(st.floats(1e-5, 1e5), st.just(1.0), st.just(WET), st.just(1e10))
MAPS = hnp.arrays(np.float64, (3, 1, 8, 8), elements=COST)


def largest_payload(costs: Costs) -> float:
    ways = 1 + torch.isfinite(costs.plus).double() + torch.isfinite(costs.minus).double()
    return float(ways.log2().mean(dim=(1, 2, 3)).min())


@given(MAPS, MAPS, st.floats(0.01, 0.99), st.booleans())
def test_the_payload_is_met_to_a_millionth(plus: np.ndarray, minus: np.ndarray, share: float, alike: bool) -> None:
    costs = Costs(torch.from_numpy(plus), torch.from_numpy(plus if alike else minus))
    payload = share * largest_payload(costs)
    if payload < 1e-3:
        return
    carried = bound.entropy_bits(bound.change_probabilities(costs, payload))
    torch.testing.assert_close(carried, torch.full((3,), payload * 64, dtype=torch.float64), rtol=1e-6, atol=0)


@given(MAPS, st.floats(0.05, 0.9), st.floats(1e-9, 1e9))
def test_the_scale_of_the_costs_does_not_matter(plus: np.ndarray, share: float, scale: float) -> None:
    costs, scaled = Costs(*(torch.from_numpy(plus),) * 2), Costs(*(torch.from_numpy(plus * scale),) * 2)
    payload = share * largest_payload(costs)
    if payload < 1e-3:
        return
    one, other = bound.change_probabilities(costs, payload), bound.change_probabilities(scaled, payload)
    torch.testing.assert_close(one.plus, other.plus, rtol=1e-4, atol=1e-9)


def test_lambda_is_scipys_root() -> None:
    rng = np.random.default_rng(3)
    plus, minus = rng.lognormal(0, 2, (2, 1, 1, 16, 16))

    def excess(lam: float) -> float:
        p, q = np.exp(-lam * plus), np.exp(-lam * minus)
        z = 1 + p + q
        return float((np.log(z) + lam * (plus * p + minus * q) / z).sum() / math.log(2) - 0.4 * 256)

    lam = bound.lambdas(Costs(torch.from_numpy(plus), torch.from_numpy(minus)), payload=0.4)
    assert float(lam[0]) == pytest.approx(brentq(excess, 1e-3, 1e3, xtol=1e-13), rel=1e-7)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_distortion_is_met_as_a_payload_is(share: float) -> None:
    rng = np.random.default_rng(4)
    costs = Costs(*(torch.from_numpy(rng.lognormal(0, 2, (2, 1, 16, 16))) for _ in range(2)))
    limit = bound.expected_distortion(costs, bound.probabilities_at(costs, torch.zeros(2, dtype=torch.float64)))
    lam = bound.lambdas(costs, distortion=share * limit)
    reached = bound.expected_distortion(costs, bound.probabilities_at(costs, lam))
    torch.testing.assert_close(reached, share * limit, rtol=1e-6, atol=0)


def test_a_distortion_out_of_range_is_refused() -> None:
    costs = Costs(*(torch.ones(1, 1, 8, 8, dtype=torch.float64),) * 2)
    for asked in (0.0, -1.0, 64.0):
        with pytest.raises(InvalidSetting):
            bound.lambdas(costs, distortion=asked)


@given(st.floats(0.02, 1.5))
def test_flat_costs_give_the_published_change_rate(payload: float) -> None:
    """h(beta) + beta = payload: the ternary bound of LSB matching (Fridrich, Steganography in Digital Media, 2009, ch. 8)."""
    costs = Costs(*(torch.full((1, 1, 8, 8), 1e10, dtype=torch.float64),) * 2)
    beta = 2 * float(bound.change_probabilities(costs, payload).plus[0, 0, 0, 0])
    entropy = -beta * math.log2(beta) - (1 - beta) * math.log2(1 - beta) + beta
    assert entropy == pytest.approx(payload, rel=1e-6)


@pytest.mark.parametrize(("payload", "rate"), [(0.1, 0.01122), (0.4, 0.06254), (1.0, 0.22709)])
def test_the_change_rate_of_lsb_matching_is_the_tables(payload: float, rate: float) -> None:
    """Figures of the ternary bound, computed from h(beta) + beta = payload by a separate bisection."""
    costs = Costs(*(torch.ones(1, 1, 8, 8, dtype=torch.float64),) * 2)
    beta = bound.change_probabilities(costs, payload)
    assert float((beta.plus + beta.minus).mean()) == pytest.approx(rate, abs=1e-5)


def test_more_than_wet_samples_leave_is_refused_with_what_is_reachable() -> None:
    plus = torch.full((1, 1, 8, 8), WET, dtype=torch.float64)
    plus[..., :4] = 1.0  # half of the samples take one direction: 32 bits
    costs = Costs(plus, torch.full_like(plus, WET))
    with pytest.raises(DoesNotFit) as refusal:
        bound.change_probabilities(costs, 0.51)
    assert refusal.value.reachable == 32
    carried = bound.entropy_bits(bound.change_probabilities(costs, 0.5))
    assert float(carried) == pytest.approx(32, rel=1e-6)


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_costs_that_are_none_are_refused(bad: float) -> None:
    costs = Costs(*(torch.full((1, 1, 4, 4), bad, dtype=torch.float64),) * 2)
    with pytest.raises(InvalidSetting):
        bound.change_probabilities(costs, 0.1)


def test_where_changes_are_free_a_small_payload_still_has_its_lambda() -> None:
    plus = torch.zeros(1, 1, 8, 8, dtype=torch.float64)
    plus[..., 0] = 1.0
    carried = bound.entropy_bits(bound.change_probabilities(Costs(plus, plus), 0.2))
    assert float(carried) == pytest.approx(0.2 * 64, rel=1e-6)


def test_single_precision_meets_the_payload_to_a_millionth() -> None:
    rng = np.random.default_rng(5)
    costs = Costs(*(torch.from_numpy(rng.lognormal(0, 3, (4, 1, 64, 64)).astype(np.float32)),) * 2)
    carried = bound.entropy_bits(bound.change_probabilities(costs, 0.4))
    torch.testing.assert_close(carried, torch.full((4,), 0.4 * 4096, dtype=torch.float64), rtol=1e-6, atol=0)


def test_no_sender_of_the_same_payload_expects_less_distortion() -> None:
    """Moving a little probability between two samples at equal entropy never saves cost: the Gibbs law is optimal."""
    rng = np.random.default_rng(6)
    costs = Costs(*(torch.from_numpy(rng.lognormal(0, 1, (1, 1, 8, 8))),) * 2)
    best = bound.change_probabilities(costs, 0.5)
    least = float(bound.expected_distortion(costs, best))
    for _ in range(50):
        noise = torch.from_numpy(rng.normal(1, 0.05, (1, 1, 8, 8))).clamp(0.5, 1.5)
        other = Costs(costs.plus * noise, costs.minus * noise)
        rival = bound.change_probabilities(other, 0.5)
        assert float(bound.expected_distortion(costs, rival)) >= least * (1 - 1e-9)


def test_changes_come_as_probably_as_said() -> None:
    covers = torch.full((64, 1, 32, 32), 100, dtype=torch.uint8)
    plus, minus = torch.full((64, 1, 32, 32), 0.2), torch.full((64, 1, 32, 32), 0.1)
    change = bound.sample(covers, ChangeProbabilities(plus, minus), np.arange(64, dtype=np.uint64)).int() - covers.int()
    assert float((change == 1).double().mean()) == pytest.approx(0.2, abs=5 * math.sqrt(0.16 / covers.numel()))
    assert float((change == -1).double().mean()) == pytest.approx(0.1, abs=5 * math.sqrt(0.09 / covers.numel()))


def test_the_distortion_of_the_changes_is_the_expected_one() -> None:
    rng = np.random.default_rng(7)
    costs = Costs(*(torch.from_numpy(rng.lognormal(0, 1, (200, 1, 16, 16))) for _ in range(2)))
    covers = torch.full((200, 1, 16, 16), 100, dtype=torch.uint8)
    stegos = bound.simulate(covers, costs, 0.4, seeds.image_seeds(seeds.generator(1, "test"), 200))
    expected = bound.expected_distortion(costs, bound.change_probabilities(costs, 0.4))
    assert float(distortion(costs, covers, stegos).mean()) == pytest.approx(float(expected.mean()), rel=0.02)


def test_what_is_wet_is_never_changed() -> None:
    plus = torch.full((1, 1, 8, 8), WET, dtype=torch.float64)
    plus[..., ::2] = 1.0
    costs = Costs(plus, plus)
    beta = bound.change_probabilities(costs, 0.3)
    assert float(beta.plus[..., 1::2].max()) == 0
    assert math.isfinite(float(bound.expected_distortion(costs, beta)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.uint8, np.int16])
@pytest.mark.parametrize("alike", [True, False])
def test_one_pass_draws_what_probabilities_and_numbers_give(dtype: type, kind: type, alike: bool) -> None:
    """2,500 samples an image, so that blocks are whole and broken, and the tensor and the array agree."""
    rng = np.random.default_rng(1)
    covers: np.ndarray = rng.integers(1, 255, (2, 1, 50, 50)).astype(kind)
    plus: np.ndarray = np.exp(rng.normal(0, 2, covers.shape)).astype(dtype)
    plus[0, 0, 3:6] = WET
    costs = Costs(plus, plus if alike else np.flip(plus, 2).copy())
    image_seeds = np.array([3, 2**64 - 1], np.uint64)
    expected = bound.sample(covers, bound.change_probabilities(costs, 0.4), image_seeds)
    made = bound.simulate(covers, costs, 0.4, image_seeds)
    assert made.dtype == kind
    assert np.array_equal(made, expected)
    assert (made != covers).mean() > 0.02
    tensors = [torch.from_numpy(rho) for rho in costs]
    again = bound.simulate(torch.from_numpy(covers), Costs(tensors[0], tensors[0] if alike else tensors[1]), 0.4, image_seeds)
    assert np.array_equal(again.numpy(), expected)
