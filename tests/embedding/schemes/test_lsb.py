from __future__ import annotations

import torch

from ssgan.embedding.costs import apply_wet_rule
from ssgan.embedding.schemes import lsb, lsbr
from ssgan.images.samples import pixels


def test_matching_asks_the_same_of_every_sample() -> None:
    costs = lsb.costs(torch.rand(2, 3, 5, 7) * 255, 0.4)
    assert bool((costs.plus == 1).all())
    assert bool((costs.minus == 1).all())


def test_replacement_can_only_flip_the_last_bit() -> None:
    covers = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    costs = apply_wet_rule(lsbr.costs(covers.float(), 0.4), pixels(covers))
    even = covers % 2 == 0
    assert torch.equal(costs.plus.isfinite(), even)
    assert torch.equal(costs.minus.isfinite(), ~even)
