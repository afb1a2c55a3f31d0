"""J-MiPOD: MiPOD's least deflection for the coefficients of a JPEG, whose noise is that of the pixels, transformed.

R. Cogranne, Q. Giboulot, P. Bas, "Steganography by minimizing statistical detectability: the cases of JPEG and color images",
ACM IH&MMSec 2020. As in MiPOD the probabilities depend on the payload; as costs they read rho = ln(1/beta - 2).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.entry import CoefficientEntry, Prices
from ssgan.embedding.schemes import noise_model
from ssgan.embedding.schemes.deflection import least_detectable
from ssgan.images import cosines
from ssgan.images.coefficients import Component, as_blocks

BLOCK = DEGREE = 3  # the local model: cosines (i, j) with i + j < 3 of blocks of 3 x 3 samples
VARIANCE_FLOOR = 1e-5  # of a coefficient, in squared quantization steps
NEIGHBORS = ((1, 3, 1), (3, 4, 3), (1, 3, 1))  # weights of the Fisher information of the same mode in the blocks around


def fisher_information(component: Component, options: Collection[str]) -> Prices:
    """Return the Fisher information of each coefficient, summed over the blocks around it with their weights."""
    blocks, (rows, columns) = component.visible, component.whole
    samples = cosines.to_samples(blocks, component.table)[None, None]
    residual = samples - noise_model.wiener(samples)
    noise = as_blocks(noise_model.unmodeled_energy(residual, block=BLOCK, degree=DEGREE)[0, 0])  # (R, C, 8, 8)
    power = cosines.basis() ** 2
    variance = np.maximum(power @ noise @ power.T / component.table.astype(np.float64) ** 2, VARIANCE_FLOOR)
    bordered = np.pad(1 / variance**2, ((1, 1), (1, 1), (0, 0), (0, 0)), mode="edge")
    fisher = np.zeros_like(variance)
    for i, j in np.ndindex(3, 3):
        fisher += NEIGHBORS[i][j] * bordered[i : i + blocks.shape[0], j : j + blocks.shape[1]]
    own = np.ascontiguousarray(fisher[:rows, :columns])
    return Prices(own, own)


def costs_of(fisher: NDArray[np.float64], payload: float) -> NDArray[np.float64]:
    """Return rho (n,) at which the optimal sender changes with J-MiPOD's probabilities; `payload` counts bits per sample."""
    return least_detectable(fisher[None, None, None], payload).reshape(-1)


ROW = CoefficientEntry(
    fisher_information, "J-MiPOD", "least detectable under a Gaussian model of the pixels' noise, transformed to coefficients",
    "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = weighted sum of the 9 blocks' q^4 / sigma^4",
    "R. Cogranne, Q. Giboulot, P. Bas, Steganography by minimizing statistical detectability: the cases of JPEG and color "
    "images, ACM IH&MMSec 2020",
    of_payload=costs_of,
)  # fmt: skip
