"""HILL: a change is cheap where texture is rich, and cheapness is spread so that no sample stands alone.

B. Li, M. Wang, J. Huang, X. Li, "A new cost function for spatial image steganography", ICIP 2014.
"""

from __future__ import annotations

import torch

from ssgan import filters
from ssgan.embedding.costs import Costs

EPSILON = 1e-10  # of the authors' code: keeps flat neighborhoods finite


def costs(covers: torch.Tensor, payload: float) -> Costs:
    """High-pass, low-pass, low-pass; the payload plays no part."""
    # The authors lay a border of three around the image once, and cut it off after the first mean.
    residual = filters.correlate(filters.mirror(covers, 2), filters.KB)  # (N, C, H + 2, W + 2)
    texture = filters.correlate(residual.abs(), MEAN3)  # what the neighbors cannot predict, around here
    rho = filters.average(1 / (texture + EPSILON), size=15)  # no lone cheap samples
    return Costs(plus=rho, minus=rho)


MEAN3 = filters.Separable((1 / 3,) * 3, (1 / 3,) * 3)
