"""LSB matching: every sample costs the same, +1 or -1 at random, the image plays no part.

T. Sharp, "An implementation of key-based digital signal steganography", Information Hiding 2001; the +-1 embedding of the SSGAN
paper.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return 1 for each sample, both ways."""
    rho = torch.ones_like(covers) if is_tensor(covers) else np.ones_like(covers)
    return Costs(plus=rho, minus=rho)


ROW = SchemeEntry(
    costs, "LSB matching", "every sample costs the same; +1 or -1 at random",
    "rho = 1",
    "T. Sharp, An implementation of key-based digital signal steganography, Information Hiding 2001",
    adaptive=False, differentiable=False, reach=0, unit=None, takes_arrays=True,
)  # fmt: skip
