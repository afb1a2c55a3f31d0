"""Every scheme of the catalog is held to the same contract: a new one is tested by its row."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ssgan.compute import seeds
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.coders import bound
from ssgan.embedding.embedder import Embedder
from ssgan.errors import DoesNotFit

ADAPTIVE = [name for name, entry in SCHEMES.items() if entry.adaptive]
IMAGES = hnp.arrays("uint8", st.tuples(st.integers(1, 2), st.sampled_from([1, 3]), st.integers(3, 20), st.integers(3, 20)))


@pytest.mark.parametrize("scheme", SCHEMES)
@given(images=IMAGES)
def test_costs_have_the_covers_shape_and_are_not_negative(scheme: str, images: object) -> None:
    covers = torch.as_tensor(images)
    for dtype in (torch.float32, torch.float64):
        costs = Embedder(scheme, 0.4, dtype=dtype).costs(covers)
        for rho in costs:
            assert rho.shape == covers.shape
            assert rho.dtype == dtype
            assert bool((rho >= 0).all())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_ends_of_the_range_are_wet_outward(scheme: str) -> None:
    covers = torch.randint(0, 256, (2, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    covers[0, 0, :2], covers[0, 0, 2:4] = 0, 255
    costs = Embedder(scheme, 0.4).costs(covers)
    assert bool(costs.plus[covers == 255].isinf().all())
    assert bool(costs.minus[covers == 0].isinf().all())
    assert bool(costs.plus.isfinite().any())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_bound_meets_the_payload(scheme: str, textured: torch.Tensor) -> None:
    for payload in (0.05, 0.4, 0.8):
        carried = bound.entropy_bits(Embedder(scheme, payload).change_probabilities(textured))
        torch.testing.assert_close(carried, torch.full_like(carried, payload * textured[0].numel()), rtol=1e-6, atol=0)


@pytest.mark.parametrize("scheme", ADAPTIVE)
def test_an_adaptive_scheme_finds_a_flat_patch_dearer_than_a_textured_one(scheme: str) -> None:
    cover = torch.randint(90, 160, (1, 1, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    cover[..., 24:] = 128
    rho = torch.minimum(*Embedder(scheme, 0.1).costs(cover))[0, 0]
    assert float(rho[16:32, 36:44].median()) > 2 * float(rho[16:32, 4:12].median())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_batch_and_its_images_one_by_one_cost_the_same(scheme: str, textured: torch.Tensor) -> None:
    together = Embedder(scheme, 0.4).costs(textured)
    for i in range(len(textured)):
        alone = Embedder(scheme, 0.4).costs(textured[i : i + 1])
        torch.testing.assert_close(alone.plus, together.plus[i : i + 1], rtol=1e-9, atol=0)
        torch.testing.assert_close(alone.minus, together.minus[i : i + 1], rtol=1e-9, atol=0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_channels_are_planes_of_their_own(scheme: str, textured: torch.Tensor) -> None:
    if scheme in ("mipod", "mg"):
        pytest.skip("its payload is one for the whole image: the channels share lambda")
    color = textured[:3].permute(1, 0, 2, 3)
    together, planes = Embedder(scheme, 0.4).costs(color), Embedder(scheme, 0.4).costs(textured[:3])
    torch.testing.assert_close(together.plus[0], planes.plus[:, 0], rtol=1e-9, atol=0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_any_split_into_batches_gives_the_same_stegos(scheme: str, textured: torch.Tensor) -> None:
    embedder = Embedder(scheme, 0.4)
    whole = embedder.simulate(textured, seeds.generator(1, "split"))
    rng = seeds.generator(1, "split")
    parts = torch.cat([embedder.simulate(textured[a:b], rng) for a, b in ((0, 1), (1, 2), (2, 6))])
    assert torch.equal(whole, parts)
    assert not torch.equal(whole, embedder.simulate(textured, seeds.generator(2, "split")))


@pytest.mark.parametrize("scheme", SCHEMES)
@given(images=IMAGES, payload=st.sampled_from([0.05, 0.4, 1.0]))
def test_a_stego_differs_by_one_at_most_or_the_payload_is_refused(scheme: str, images: object, payload: float) -> None:
    covers = torch.as_tensor(images)
    rng, least = seeds.generator(1, "any"), float("inf")
    try:
        stegos = Embedder(scheme, payload).simulate(covers, rng)
    except DoesNotFit as refusal:
        stegos, least = covers, refusal.reachable
    assert int((stegos.int() - covers.int()).abs().max()) <= 1
    assert least == float("inf") or least < payload * covers[0].numel()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_single_precision_is_within_2e_5(scheme: str, textured: torch.Tensor) -> None:
    fast, exact = (Embedder(scheme, 0.4, dtype=dtype).costs(textured) for dtype in (torch.float32, torch.float64))
    torch.testing.assert_close(fast.plus.double(), exact.plus, rtol=2e-5, atol=0)
    torch.testing.assert_close(fast.minus.double(), exact.minus, rtol=2e-5, atol=0)


@pytest.mark.parametrize("scheme", [name for name, entry in SCHEMES.items() if entry.differentiable])
def test_the_gradient_of_the_costs_is_that_of_finite_differences(scheme: str) -> None:
    cover = (torch.rand(1, 1, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) * 90 + 80).requires_grad_()
    costs = SCHEMES[scheme].costs
    assert torch.autograd.gradcheck(lambda x: costs(x, 0.4).plus, (cover,), eps=1e-6, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_flat_ramp_step_and_saturated_covers_carry_the_payload_or_say_what_they_reach(scheme: str) -> None:
    ramp = torch.arange(32, dtype=torch.uint8).expand(32, 32) * 4 + 60
    step = torch.where(torch.arange(32) < 16, 50, 200).to(torch.uint8).expand(32, 32)
    half = torch.randint(1, 255, (32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(4))
    half[:16] = 0
    for cover in (torch.full((32, 32), 128, dtype=torch.uint8), ramp, step, half, torch.full((32, 32), 255, dtype=torch.uint8)):
        covers = cover[None, None].contiguous()
        expected = 0.4 * 1024
        try:
            carried = bound.entropy_bits(Embedder(scheme, 0.4).change_probabilities(covers))
        except DoesNotFit as refusal:
            expected = refusal.reachable
            carried = bound.entropy_bits(Embedder(scheme, expected / 1024).change_probabilities(covers))
        assert float(carried) == pytest.approx(expected, rel=1e-6)
