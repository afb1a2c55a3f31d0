from __future__ import annotations

import torch

from ssgan.embedding.costs import Costs, apply_wet_rule, distortion
from ssgan.images.samples import pixels


def test_the_ends_of_the_range_are_wet_outward_and_nothing_else_is() -> None:
    covers = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    ones = torch.ones(1, 1, 16, 16, dtype=torch.float64)
    costs = apply_wet_rule(Costs(ones, ones), pixels(covers))
    assert torch.equal(costs.plus.isinf(), covers == 255)
    assert torch.equal(costs.minus.isinf(), covers == 0)


def test_what_is_not_a_number_is_wet() -> None:
    covers = torch.full((1, 1, 1, 2), 7, dtype=torch.uint8)
    nan = Costs(torch.tensor([[[[float("nan"), 1.0]]]]), torch.tensor([[[[1.0, float("nan")]]]]))
    costs = apply_wet_rule(nan, pixels(covers))
    assert costs.plus.isinf().flatten().tolist() == [True, False]
    assert costs.minus.isinf().flatten().tolist() == [False, True]


def test_the_distortion_counts_each_change_at_its_own_price() -> None:
    covers = torch.tensor([[[[10, 20, 30, 255]]]], dtype=torch.uint8)
    stegos = torch.tensor([[[[11, 19, 30, 254]]]], dtype=torch.uint8)
    plus, minus = torch.tensor([[[[1.0, 2.0, 4.0, float("inf")]]]]), torch.tensor([[[[8.0, 16.0, 32.0, 64.0]]]])
    assert distortion(Costs(plus, minus), covers, stegos).tolist() == [1 + 16 + 64]
