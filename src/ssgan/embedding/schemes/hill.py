"""HILL: a change is cheap in rich texture, and low costs are spread so that no sample is cheap by itself.

B. Li, M. Wang, J. Huang, X. Li, "A new cost function for spatial image steganography", ICIP 2014.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.lazy_torch import Values, torch
from ssgan.compute.threads import filled_by_rows
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.schemes import hill_loops
from ssgan.images import filters

EPSILON = 1e-10  # of the authors' code: keeps flat neighborhoods finite
NEAR = filters.Separable((1 / 3,) * 3, (1 / 3,) * 3)
FAR = filters.Separable((1 / 15,) * 15, (1 / 15,) * 15)


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return costs by a high-pass and two low-pass filters; the payload plays no part."""
    rho = filled_by_rows(covers, _fill, _formula)
    return Costs(plus=rho, minus=rho)


def _formula(covers: torch.Tensor) -> torch.Tensor:
    # All three kernels are symmetric, so the border mirrored once is mirrored at every stage.
    residual = filters.correlate(filters.mirror(covers, hill_loops.BORDER), filters.KB)
    texture = filters.correlate(residual.abs(), NEAR)  # what the neighbors cannot predict, around here
    return filters.correlate(1 / (texture + EPSILON), FAR)  # no lone cheap samples


def _fill(planes: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    high, near, far = (np.array(taps, planes.dtype) for taps in (filters.KB, NEAR.vertical, FAR.vertical))
    hill_loops.fill_costs(planes, high, near, far, planes.dtype.type(EPSILON), first, last, out)


ROW = SchemeEntry(
    costs, "HILL", "cheap where texture is rich, smoothed so that cheap samples form groups",
    "rho = mean15(1 / mean3(|KB * X|))",
    "B. Li, M. Wang, J. Huang, X. Li, A new cost function for spatial image steganography, ICIP 2014",
    reach=hill_loops.BORDER, takes_arrays=True,
)  # fmt: skip
