"""Samples that are no pixels: a toy maker of quantized coefficients goes through all coders and the code."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.compute import seeds
from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.coders import plain, reference_formulas
from ssgan.embedding.coders import stc as stc_coder
from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.costs import Costs, apply_wet_rule
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.simulation import simulate
from ssgan.embedding.stc import embed
from ssgan.embedding.stc.trellis import Code
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import PEAK, Samples, low_bytes, pixels
from tests.coefficients import UNIT, as_torch, check, coefficients, flatten


def toy_costs(covers: torch.Tensor, payload: float) -> Costs:
    """Small coefficients are dear, and toward zero dearer."""
    rho = 1 / (1 + covers.abs())
    return Costs(rho * torch.where(covers < 0, 2, 1), rho * torch.where(covers > 0, 2, 1))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> str:
    row = SchemeEntry(toy_costs, "Toy", "small coefficients are dear", "rho = 1 / (1 + |x|)", "nobody", unit=UNIT)
    monkeypatch.setitem(SCHEMES, "toy", row)
    return "toy"


@pytest.mark.parametrize("coder", ["bound", "stc", "stc:h=8"])
@pytest.mark.parametrize("scheme", ["toy", "lsb"])
def test_adaptive_coders_simulate_in_coefficients(toy: str, scheme: str, coder: str) -> None:
    samples, embedder = coefficients(20), Embedder.parse(f"{scheme}@0.3/{coder}")
    assert len(embedder._shares(as_torch(samples))) > 1
    stegos = embedder.simulate(as_torch(samples), 5)
    rate = check(samples, stegos.numpy())
    expected = embedder.change_probabilities(as_torch(samples))
    assert rate == pytest.approx(float((expected.plus + expected.minus).mean()), rel=0.25)
    assert torch.equal(stegos, simulate(as_torch(samples), embedder, 5))


@pytest.mark.parametrize("embedder", ["lsb@0.4/plain", "lsb@0.4/plain:raster", "lsbr@0.4/plain"])
def test_plain_bits_are_read_again_from_coefficients(embedder: str) -> None:
    """LSB replacement would lower -1023, which is odd: that one is passed over, too."""
    samples = coefficients(4)
    own = seeds.image_seeds(seeds.generator(1, "coefficients"), 4)
    stegos = Embedder.parse(embedder).simulate_seeded(as_torch(samples), own)
    assert check(samples, stegos.numpy()) == pytest.approx(0.2, abs=0.02)
    within = plain.visitable(as_torch(samples), Embedder.parse(embedder).costs(as_torch(samples)))
    visited = plain.order(within, 0.4, own, path=plain.Path("raster" if "raster" in embedder else "keyed"))
    assert torch.equal(plain.extract(stegos, visited), plain.random_bits(visited, own))
    with pytest.raises(DoesNotFit) as refused:
        Embedder("lsb", 0.95, "plain").simulate(as_torch(samples), 1)
    assert samples.usable is not None
    assert refused.value.reachable == samples.usable.reshape(4, -1).sum(1).min()


def test_bits_of_the_coder_stc_are_read_again_from_coefficients(toy: str) -> None:
    samples, own = coefficients(3), seeds.image_seeds(seeds.generator(1, "stc"), 3)
    embedder = Embedder.parse("toy@0.3/stc:h=8")
    made = stc_coder.embed(as_torch(samples), embedder.costs(as_torch(samples)), 0.3, own, height=8)
    bits = (seeds.uniforms(own, round(0.3 * 4096), stream=stc_coder.BITS) < 0.5).numpy()
    for one, message in zip(made, bits, strict=True):
        assert np.array_equal(embed.extract(one.stego, one.first, one.second, Code(8)), message)


def test_the_authors_sender_keeps_to_any_range() -> None:
    values = np.arange(-8, 8, dtype=np.int16).repeat(16).reshape(16, 16)
    cover = Samples(values, -5, 5, values != 0, UNIT)
    free = np.ones((16, 16))
    for stego in (
        reference_formulas.stego(cover, free, free, 0.6, 9, scheme="hill"),
        reference_formulas.least_detectable_stego(Samples(values.clip(-5, 5), -5, 5, values != 0), free / 3, 4, inward=True),
    ):
        inside = np.abs(values) <= 5
        assert np.abs(stego[inside]).max() == 5
        assert np.array_equal(stego[values == 0], values[values == 0])
        assert (stego != values)[inside].any()


@pytest.mark.parametrize("layers", [1, 2])
def test_a_message_is_coded_into_coefficients_and_read_again(layers: int) -> None:
    samples, rng = flatten(coefficients(1)), np.random.default_rng(3)
    message = rng.integers(0, 2, 900, dtype=np.uint8)
    ones = rng.exponential(size=len(samples))
    plus, minus = np.where(samples.may_rise, ones, np.inf), np.where(samples.may_fall, ones, np.inf)
    made = embed.embed(samples, plus, minus, message, Code(9), layers=layers, rng=rng)
    check(samples, made.stego)
    assert np.array_equal(embed.extract(made.stego, made.first, made.second, Code(9)), message)
    assert np.array_equal(embed.extract(low_bytes(made.stego), made.first, made.second, Code(9)), message)
    with pytest.raises(InvalidSetting, match="`plus` is finite at samples that may not rise"):
        embed.embed(samples, ones, minus, message, Code(9))
    with pytest.raises(InvalidSetting, match="`minus` is finite at samples that may not fall"):
        embed.embed(samples, plus, ones, message, Code(9))


def test_one_array_for_both_ways_is_as_good_as_two() -> None:
    samples = flatten(coefficients(1)).part(None)
    rho = np.random.default_rng(1).exponential(size=samples.values.shape)
    explicit = Sender(np.where(samples.may_rise, rho, np.inf), np.where(samples.may_fall, rho, np.inf))
    one, bits = Sender(rho, rho, samples), np.array([800.0])
    assert np.array_equal(one.largest_payload, explicit.largest_payload)
    assert np.array_equal(one.lambdas_for_payload(bits), explicit.lambdas_for_payload(bits))


def test_what_belongs_to_another_kind_of_samples_is_refused(toy: str) -> None:
    samples, covers = as_torch(coefficients(1)), torch.full((1, 1, 64, 64), 7, dtype=torch.uint8)
    for name, given in (("hill@0.2", samples), ("toy@0.2", covers), ("lsb@0.4/message", samples), ("lsb@0.4", samples.part(0))):
        with pytest.raises(InvalidSetting) as refused:
            Embedder.parse(name).simulate(given, 1)
        assert refused.value.hint


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_pixels_are_one_maker_of_samples(kind: str) -> None:
    covers = np.array([[[[0, 7, 254, PEAK]]]], dtype=np.uint8)
    made = pixels(covers) if kind == "numpy" else pixels(torch.from_numpy(covers))
    assert made.may_rise.tolist() == [[[[True, True, True, False]]]]
    assert made.may_fall.tolist() == [[[[False, True, True, True]]]]


def test_the_wet_rule_is_that_of_the_samples() -> None:
    samples = as_torch(coefficients(2))
    ones = torch.ones(samples.values.shape, dtype=torch.float64)
    costs = apply_wet_rule(Costs(ones, ones), samples)
    assert torch.equal(costs.plus.isinf(), ~samples.may_rise)
    assert torch.equal(costs.minus.isinf(), ~samples.may_fall)
    beyond = Samples(torch.tensor([[[[-9, -5, 0, 5, 9]]]]), -5, 5)
    costs = apply_wet_rule(Costs(torch.ones(1, 1, 1, 5), torch.ones(1, 1, 1, 5)), beyond)
    assert costs.plus.isinf().flatten().tolist() == [True, False, False, True, True]
    assert costs.minus.isinf().flatten().tolist() == [True, True, False, False, True]


def test_samples_out_of_their_type_or_with_another_mask_are_refused() -> None:
    values = torch.zeros(1, 1, 2, 2, dtype=torch.int8)
    with pytest.raises(InvalidSetting, match="does not suit samples"):
        Samples(values, -1023, 1023)
    with pytest.raises(InvalidSetting, match="does not suit samples"):
        Samples(values.numpy(), -1023, 1023)
    with pytest.raises(InvalidSetting, match="expected bool"):
        Samples(values, -100, 100, usable=torch.ones(2, 2, dtype=torch.bool))
    with pytest.raises(InvalidSetting, match="expected bool"):
        Samples(values.numpy(), -100, 100, usable=np.ones((1, 1, 2, 2)))
    for wrong in (values.float(), values.bool()):
        with pytest.raises(InvalidSetting, match="whole numbers"):
            Samples(wrong, 0, 255)
    with pytest.raises(InvalidSetting, match="whole numbers"):
        Samples(values.float().numpy(), 0, 255)
