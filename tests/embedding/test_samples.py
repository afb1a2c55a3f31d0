"""Samples that are no pixels: a toy maker of quantized coefficients goes through the wet rule, `bound` and `plain`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.compute import seeds
from ssgan.embedding.coders import bound, plain
from ssgan.embedding.costs import Costs, apply_wet_rule, keep_within
from ssgan.errors import InvalidSetting
from ssgan.images.samples import PEAK, Samples, pixels


def coefficients(seed: int = 1) -> Samples:
    """A maker of samples -1023...1023 in which zeros may not change, as in a JPEG file; both ends are met."""
    drawn = np.random.default_rng(seed).laplace(scale=4, size=(3, 1, 40, 40)).round().astype(np.int16)
    drawn[:, :, 0, ::2], drawn[:, :, 0, 1::2] = -1023, 1023
    values = torch.from_numpy(drawn)
    return Samples(values, -1023, 1023, usable=values != 0, unit="quantization step")


def flat(samples: Samples) -> Costs:
    ones = torch.ones(samples.values.shape, dtype=torch.float64)
    return keep_within(Costs(ones, ones), samples)


def test_ends_and_unusable_samples_are_wet_whatever_the_range() -> None:
    samples = coefficients()
    costs = flat(samples)
    assert samples.usable is not None
    torch.testing.assert_close(costs.plus.isinf(), ~samples.usable | (samples.values == 1023))
    torch.testing.assert_close(costs.minus.isinf(), ~samples.usable | (samples.values == -1023))


@pytest.mark.parametrize("coder", ["bound", "plain"])
def test_coefficients_are_changed_by_one_within_their_range_and_only_where_usable(coder: str) -> None:
    samples = coefficients()
    own = seeds.image_seeds(seeds.generator(1, "coefficients"), len(samples.values))
    costs, values = flat(samples), samples.values
    assert samples.usable is not None
    if coder == "bound":
        stegos = bound.simulate(values, costs, 0.3, own)
    else:
        places = [torch.from_numpy(np.flatnonzero(row)[:800]) for row in samples.usable.numpy()]
        visited = torch.stack(places)
        bits = plain.random_bits(visited, own)
        stegos = plain.embed(values, costs, bits, visited, own)
        assert torch.equal(plain.extract(stegos, visited), bits)
    change = stegos.int() - values.int()
    assert stegos.dtype == torch.int16
    assert set(change.unique().tolist()) == {-1, 0, 1}
    assert bool((change[~samples.usable] == 0).all())
    assert int(stegos.min()) >= -1023
    assert int(stegos.max()) <= 1023


def test_pixels_are_one_maker_of_samples() -> None:
    covers = torch.tensor([[[[0, 7, 254, PEAK]]]], dtype=torch.uint8)
    ones = torch.ones(covers.shape, dtype=torch.float64)
    for rule in (keep_within(Costs(ones, ones), pixels(covers)), apply_wet_rule(Costs(ones, ones), covers)):
        assert rule.plus.isinf().flatten().tolist() == [False, False, False, True]
        assert rule.minus.isinf().flatten().tolist() == [True, False, False, False]


def test_samples_out_of_their_type_or_with_another_mask_are_refused() -> None:
    values = torch.zeros(1, 1, 2, 2, dtype=torch.int8)
    with pytest.raises(InvalidSetting, match="cannot lie within"):
        Samples(values, -1023, 1023)
    with pytest.raises(InvalidSetting, match="expected bool"):
        Samples(values, -100, 100, usable=torch.ones(2, 2, dtype=torch.bool))
    with pytest.raises(InvalidSetting, match="whole numbers"):
        Samples(values.float(), 0, 255)
