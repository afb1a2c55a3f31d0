"""EBS: a step of a coefficient against the entropy of its block.

C. Wang, J. Ni, "An efficient JPEG steganographic scheme based on the block entropy of DCT coefficients", ICASSP 2012, as in
R. Cogranne's program: the entropy in nats, and DC, three modes whose halves meet and |c| > 1022 wet.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ssgan.embedding.entry import CoefficientEntry, Prices
from ssgan.embedding.schemes import ebs_loops
from ssgan.images.coefficients import MOST, SIDE, Component

FLOOR = 1e-4  # of every cost
WET_MODES = ((0, 0), (0, 4), (4, 0), (4, 4))


def costs(component: Component, options: Collection[str]) -> Prices:
    """Return rho = q^2 / H^2 + 1e-4, H the entropy of the values of the block's AC coefficients that are not zero.

    H = 0, of fewer than two different values, makes the block wet.
    """
    steps = component.table.astype(np.float64) ** 2
    for mode in WET_MODES:
        steps[mode] = np.inf
    rho = np.empty((*component.whole, SIDE, SIDE))
    ebs_loops.fill_costs(np.ascontiguousarray(component.carriers), steps, FLOOR, MOST, rho)
    return Prices(rho, rho)


ROW = CoefficientEntry(
    costs, "EBS", "expensive where the step is large, cheap where the block's coefficients have many different values",
    "rho = q^2 / H^2 + 1e-4, H the entropy of the block's AC coefficients that are not zero; DC and three modes wet",
    "C. Wang, J. Ni, An efficient JPEG steganographic scheme based on the block entropy of DCT coefficients, ICASSP 2012",
)  # fmt: skip
