"""Change the channels of a color pixel together: one change a pixel, the same in red, green and blue.

In photographs the grain of the channels goes together, so that a change in one of them shows in the difference to the others.
A change of all three by one is a change of luma alone. Pixels are the samples then: their value is that of green, their cost
the sum of the costs of the three changes, and the payload counts bits per pixel. A pixel with a channel at either end of the
range stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ssgan.compute.lazy_torch import Values, is_tensor
from ssgan.embedding.costs import Costs
from ssgan.images.samples import Samples

GREEN = 1


def joined_samples(samples: Samples[Values]) -> Samples[Values]:
    """Return the pixels (N, 1, H, W) of samples (N, 3, H, W): the values of green, usable where all channels may rise and
    fall.
    """
    usable = (samples.may_rise & samples.may_fall).all(**_over_channels(samples.values))
    return replace(samples, values=samples.values[:, GREEN : GREEN + 1], usable=usable)


def joined_costs(costs: Costs[Values]) -> Costs[Values]:
    """Return the costs (N, 1, H, W) of changing all channels of a pixel, from those of each (N, 3, H, W)."""
    over = _over_channels(costs.plus)
    plus = costs.plus.sum(**over)
    return Costs(plus, plus if costs.minus is costs.plus else costs.minus.sum(**over))


def spread_changes(values: Values, greens: Values) -> Values:
    """Return samples (N, 3, H, W), of the type of `values`, all moved as green was, from its new values (N, 1, H, W)."""
    return values + (greens - values[:, GREEN : GREEN + 1])  # a type without sign wraps, and wraps back


def _over_channels(values: object) -> dict[str, Any]:
    return {"dim": 1, "keepdim": True} if is_tensor(values) else {"axis": 1, "keepdims": True}
