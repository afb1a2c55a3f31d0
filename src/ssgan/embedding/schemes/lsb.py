"""LSB matching and LSB replacement: every sample costs the same, the image plays no part.

Matching: T. Sharp, "An implementation of key-based digital signal steganography", Information Hiding 2001; the +-1 embedding of
the SSGAN paper. Replacement flips the least significant bit: even samples can only rise, odd ones only fall, which is its flaw.
"""

from __future__ import annotations

import torch

from ssgan.embedding.costs import WET, Costs


def matching(covers: torch.Tensor, payload: float) -> Costs:
    """One everywhere, both ways."""
    rho = torch.ones_like(covers)
    return Costs(plus=rho, minus=rho)


def replacement(covers: torch.Tensor, payload: float) -> Costs:
    """One for the direction that flips the last bit, wet the other way."""
    odd, one = covers.detach().remainder(2) >= 1, torch.ones_like(covers)
    return Costs(plus=one.masked_fill(odd, WET), minus=one.masked_fill(~odd, WET))
