"""Costs of changing a sample by +1 and by -1, the wet rule that all schemes share, and the distortion of a change.

Pixels are gray values 0...255 as float (N, C, H, W); a cost is a float of the same shape and dtype, >= 0, infinite where the
change must not happen (wet). A scheme computes costs from pixels and knows nothing of the range's ends: a sample at 255 cannot
be raised and one at 0 cannot be lowered, and that is said here, once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from ssgan.images import samples as ranges
from ssgan.images.samples import Samples

WET = math.inf


class Costs(NamedTuple):
    """rho+ and rho-: what raising and lowering each sample by one costs; float (N, C, H, W), >= 0, infinite = wet."""

    plus: torch.Tensor
    minus: torch.Tensor


# A scheme: float pixels (N, C, H, W) in 0...255 and the payload in bits per sample -> Costs in the pixels' dtype.
Scheme = Callable[[torch.Tensor, float], Costs]


def apply_wet_rule(costs: Costs, covers: torch.Tensor) -> Costs:
    """`costs` with the impossible made wet: +1 at 255, -1 at 0, and whatever is NaN; as they come where nothing is."""
    return keep_within(costs, ranges.pixels(covers))


def keep_within(costs: Costs, samples: Samples) -> Costs:
    """Return `costs` with the impossible made wet, for samples of any kind: +1 at `high`, -1 at `low`, both where not usable.

    NaN becomes wet, too. `costs` are returned as they come where nothing is impossible.
    """
    values = samples.values
    plus = _with_wet(costs.plus, values, samples.high, is_upper=True)
    minus = _with_wet(costs.minus, values, samples.low, is_upper=False)
    if samples.usable is not None:
        plus, minus = (rho.masked_fill(~samples.usable, WET) for rho in (plus, minus))
    return Costs(plus, minus)


def _with_wet(rho: torch.Tensor, covers: torch.Tensor, end: int, *, is_upper: bool) -> torch.Tensor:
    if covers.device.type != "cpu":  # there a look at a value is waited for, and nothing that is recorded may be looked at
        return rho.masked_fill(rho.isnan() | (covers == end), WET)
    if bool(rho.detach().sum().isnan()):  # costs are >= 0, so only a NaN makes their sum one
        rho = rho.masked_fill(rho.isnan(), WET)
    met = int(covers.max() if is_upper else covers.min()) == end  # most images never reach the ends
    return rho.masked_fill(covers == end, WET) if met else rho


def distortion(costs: Costs, covers: torch.Tensor, stegos: torch.Tensor) -> torch.Tensor:
    """float (N,): the sum of the costs of the changes made, from Images to Images."""
    change = stegos.to(torch.int16) - covers.to(torch.int16)
    zero = torch.zeros((), dtype=costs.plus.dtype, device=costs.plus.device)
    paid = torch.where(change > 0, costs.plus, zero) + torch.where(change < 0, costs.minus, zero)
    return paid.flatten(1).sum(1)
