"""Define the costs of changing a sample by +1 and by -1, the wet rule of all schemes, and the distortion of changes.

Samples are whole numbers as float (N, C, H, W), of pixels 0...255; a cost is a float of the same shape and dtype, >= 0,
infinite where the change must not happen (wet). A scheme computes costs from values, without regard to the ends of their
range: which samples may rise and which may fall is in `Samples`, and the others are made wet here, once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from ssgan.images.samples import Samples

WET = math.inf


class Costs(NamedTuple):
    """rho+ and rho-: the costs of raising and lowering each sample by one; float (N, C, H, W), >= 0, infinite = wet."""

    plus: torch.Tensor
    minus: torch.Tensor


# A scheme: samples as float (N, C, H, W), pixels in 0...255, and the payload in bits per sample -> Costs in their dtype.
Scheme = Callable[[torch.Tensor, float], Costs]


def apply_wet_rule(costs: Costs, samples: Samples[torch.Tensor]) -> Costs:
    """Return `costs` with impossible changes wet: +1 at 255, -1 at 0, and NaN; unchanged where there are none.

    `costs` are returned as they come where nothing is impossible.
    """
    values = samples.values
    if values.device.type != "cpu":  # on CUDA, reading a value synchronizes, and a captured graph may not read one
        plus, minus = (
            rho.masked_fill(rho.isnan() | ~may, WET)
            for rho, may in zip(costs, (samples.may_rise, samples.may_fall), strict=True)
        )
        return Costs(plus, minus)
    plus, minus = (without_nan(rho) for rho in costs)
    least, greatest, masked = int(values.min()), int(values.max()), samples.usable is not None
    if masked or greatest >= samples.high or least < samples.low:  # most images never reach the ends
        plus = plus.masked_fill(~samples.may_rise, WET)
    if masked or least <= samples.low or greatest > samples.high:
        minus = minus.masked_fill(~samples.may_fall, WET)
    return Costs(plus, minus)


def without_nan(rho: torch.Tensor) -> torch.Tensor:
    """Return costs in which NaN is wet."""
    if bool(rho.detach().sum().isnan()):  # costs are >= 0, so only a NaN makes their sum one
        return rho.masked_fill(rho.isnan(), WET)
    return rho


def distortion(costs: Costs, covers: torch.Tensor, stegos: torch.Tensor) -> torch.Tensor:
    """Return float (N,): the sum of the costs of the changes made, from samples (N, C, H, W) of an integer type to others."""
    zero = torch.zeros((), dtype=costs.plus.dtype, device=costs.plus.device)
    paid = torch.where(stegos > covers, costs.plus, zero) + torch.where(stegos < covers, costs.minus, zero)
    return paid.flatten(1).sum(1)
