"""UERD: a step of a coefficient against the energy of its block and of the blocks around it.

L. Guo, J. Ni, W. Su, C. Tang, Y.-Q. Shi, "Using statistical image model for JPEG steganography: uniform embedding revisited",
IEEE TIFS 10(12), 2015, Eq. (3) and (4), with the border as in R. Cogranne's program, version 0.2: its blocks repeated outward.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ssgan.embedding.entry import CoefficientEntry, Prices
from ssgan.embedding.schemes import uerd_loops
from ssgan.images.coefficients import SIDE, Component


def costs(component: Component, options: Collection[str]) -> Prices:
    """Return rho = q / D, of DC (q[0, 1] + q[1, 0]) / 2 / D; D = E + the mean of two of the eight neighbors' E; wet where 0.

    E is the sum of |c| q over the AC coefficients of a block.
    """
    steps, blocks = component.table.astype(np.float64), np.ascontiguousarray(component.visible)
    energy = np.empty(blocks.shape[:2])
    uerd_loops.fill_energy(blocks, steps, energy)
    steps[0, 0] = (steps[0, 1] + steps[1, 0]) / 2
    rho = np.empty((*component.whole, SIDE, SIDE))
    uerd_loops.fill_costs(np.pad(energy, 1, mode="edge"), steps, rho)
    return Prices(rho, rho)


ROW = CoefficientEntry(
    costs, "UERD", "expensive where the step is large, cheap where the block and its neighbors have much energy",
    "rho = q / (E + sum of the 8 neighbors' E / 4), E = sum over AC of |c| q; of DC q = (q01 + q10) / 2",
    "L. Guo, J. Ni, W. Su, C. Tang, Y.-Q. Shi, Using statistical image model for JPEG steganography: uniform embedding "
    "revisited, IEEE TIFS 10(12), 2015",
)  # fmt: skip
