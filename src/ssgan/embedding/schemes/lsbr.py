"""LSB replacement: flip the last bit, so that even samples only rise and odd ones only fall, which is its flaw."""

from __future__ import annotations

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.embedding.costs import WET, Costs
from ssgan.embedding.entry import SchemeEntry


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return 1 for the direction that flips the last bit, wet for the other."""
    if not is_tensor(covers):
        is_odd = covers % 2 >= 1
        return Costs(*(np.where(wet, WET, np.ones_like(covers)) for wet in (is_odd, ~is_odd)))
    odd, one = covers.detach().remainder(2) >= 1, torch.ones_like(covers)
    return Costs(plus=one.masked_fill(odd, WET), minus=one.masked_fill(~odd, WET))


ROW = SchemeEntry(
    costs, "LSB replacement", "flips the last bit: even samples only rise, odd ones only fall",
    "rho+ = 1 where x is even, rho- = 1 where x is odd, else wet",
    "the oldest of all; its flaw: J. Fridrich, M. Goljan, R. Du, Reliable detection of LSB steganography, ACM MM&Sec 2001",
    adaptive=False, differentiable=False, reach=0, unit=None, takes_arrays=True, joins_channels=False,
)  # fmt: skip
