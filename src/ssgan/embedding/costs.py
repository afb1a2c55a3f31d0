"""Define the costs of changing a sample by +1 and by -1, the wet rule of all schemes, and the distortion of changes.

Samples are whole numbers as float (N, C, H, W), of pixels 0...255, in a tensor or an array; a cost is a float of the same
kind, shape and dtype, >= 0, infinite where the change must not happen (wet). A scheme computes costs from values, without
regard to the ends of their range: which samples may rise and which may fall is in `Samples`, and the others are made wet here,
once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.images.samples import Samples

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    Kind = TypeVar("Kind", NDArray[Any], torch.Tensor, default=torch.Tensor)
else:
    from typing import TypeVar

    Kind = TypeVar("Kind")

WET = math.inf


class Costs(NamedTuple, Generic[Kind]):
    """rho+ and rho-: the costs of raising and lowering each sample by one; float (N, C, H, W), >= 0, infinite = wet."""

    plus: Kind
    minus: Kind


# A scheme: samples as float (N, C, H, W), pixels in 0...255, and the payload in bits per sample -> Costs in their dtype.
Scheme: TypeAlias = "Callable[[torch.Tensor, float], Costs]"


def apply_wet_rule(costs: Costs[Values], samples: Samples[Values]) -> Costs[Values]:
    """Return `costs` with impossible changes wet: +1 at 255, -1 at 0, and NaN; unchanged where there are none.

    `costs` are returned as they come where nothing is impossible.
    """
    values = samples.values
    if (
        is_tensor(values) and values.device.type != "cpu"
    ):  # on CUDA, reading a value synchronizes, and a captured graph may not read one
        plus, minus = (
            rho.masked_fill(rho.isnan() | ~may, WET)
            for rho, may in zip(costs, (samples.may_rise, samples.may_fall), strict=True)
        )
        return Costs(plus, minus)
    plus, minus = (without_nan(rho) for rho in costs)
    least, greatest, masked = int(values.min()), int(values.max()), samples.usable is not None
    if masked or greatest >= samples.high or least < samples.low:  # most images never reach the ends
        plus = _wet_unless(samples.may_rise, plus)
    if masked or least <= samples.low or greatest > samples.high:
        minus = _wet_unless(samples.may_fall, minus)
    return Costs(plus, minus)


def without_nan(rho: Values) -> Values:
    """Return costs in which NaN is wet."""
    total = rho.detach().sum() if is_tensor(rho) else rho.sum()
    if math.isnan(float(total)):  # costs are >= 0, so only a NaN makes their sum one
        return _wet_unless(rho == rho, rho)
    return rho


def _wet_unless(may: Values, rho: Values) -> Values:
    return rho.masked_fill(~may, WET) if is_tensor(rho) else np.where(may, rho, WET)


def distortion(costs: Costs, covers: torch.Tensor, stegos: torch.Tensor) -> torch.Tensor:
    """Return float (N,): the sum of the costs of the changes made, from samples (N, C, H, W) of an integer type to others."""
    zero = torch.zeros((), dtype=costs.plus.dtype, device=costs.plus.device)
    paid = torch.where(stegos > covers, costs.plus, zero) + torch.where(stegos < covers, costs.minus, zero)
    return paid.flatten(1).sum(1)
