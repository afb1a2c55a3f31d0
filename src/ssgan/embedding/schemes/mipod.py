"""MiPOD: the change probabilities of the least deflection of a detector that knows the noise variance of every sample.

V. Sedighi, R. Cogranne, J. Fridrich, "Content-adaptive steganography by minimizing statistical detectability", IEEE TIFS 11(2),
2016. The probabilities depend on the payload; as costs they read rho = ln(1/beta - 2), which at lambda = 1 gives beta back.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.compute.large_arrays import give_back, large_empty
from ssgan.compute.threads import compiled_serves, filled_by_rows
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.rows import row_bands
from ssgan.embedding.schemes import mipod_loops, noise_model
from ssgan.embedding.schemes.deflection import least_detectable
from ssgan.images import filters

BLOCK = 9  # samples a side of the block that the local model is fitted to
DEGREE = 9  # the model keeps the block's DCT frequencies (i, j) with i + j < DEGREE
VARIANCE_FLOOR = 0.01  # Eq. (27)
SMOOTHING = 7  # samples a side of the mean over the Fisher information
REACH = SMOOTHING // 2 + BLOCK // 2 + 1  # rows, once the power of the noise is known; the last one is of the Wiener filter


def costs(covers: torch.Tensor, payload: float) -> Costs:
    """Return the costs at which the optimal sender of this payload changes with MiPOD's probabilities."""
    rho = least_detectable(fisher_information(covers), payload)
    return Costs(plus=rho, minus=rho)


def image_costs(image: NDArray[np.uint8], payload: float) -> Costs:
    """Return the same for one image (C, H, W), in bands of rows."""
    variance = torch.from_numpy(large_empty(image.size, np.float64)).view(1, *image.shape)
    for rows in row_bands(image.shape, 1):
        _, of_band = noise_model.mean_and_variance(rows.images(image).double())
        variance[0, *rows.place] = of_band[0, 0, rows.own]
    noise, fisher = noise_model.noise_power(variance), variance  # the one takes the place of the other
    for rows in row_bands(image.shape, REACH):
        of_band = fisher_information(rows.images(image).double(), noise[:, rows.plane : rows.plane + 1])
        fisher[0, *rows.place] = of_band[0, 0, rows.own]
    give_back(image.size)
    rho = least_detectable(fisher, payload)
    return Costs(plus=rho, minus=rho)


def fisher_information(covers: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
    """Return 1 / sigma^4 of every sample, averaged over its neighbors; pixels (N, C, H, W) -> the same, > 0.

    `noise` is that of `noise_model.wiener`.
    """
    variance = residual_variance(covers - noise_model.wiener(covers, noise)).clamp(min=VARIANCE_FLOOR)
    return filters.average(1 / variance.square(), size=SMOOTHING)


def residual_variance(residual: torch.Tensor) -> torch.Tensor:
    """Return the energy that a local cosine model leaves of each block, per degree of freedom: Eq. (24) to (26).

    The basis is orthonormal, so what the model leaves is the energy in the frequencies with i + j >= DEGREE: 36 separable
    correlations in place of an 81 x 81 projection of every block.
    """
    return filled_by_rows(residual, _fill) if compiled_serves(residual) else _formula(residual)


def _formula(residual: torch.Tensor) -> torch.Tensor:
    return noise_model.unmodeled_energy(residual, block=BLOCK, degree=DEGREE)


def _fill(planes: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    mipod_loops.fill_variance(planes, filters.cosine_bank(BLOCK).astype(planes.dtype), DEGREE, first, last, out)


ROW = SchemeEntry(
    costs, "MiPOD", "least detectable under a Gaussian model of the noise, block variances by local cosines",
    "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = mean7(1 / sigma^4)",
    "V. Sedighi, R. Cogranne, J. Fridrich, Content-adaptive steganography by minimizing statistical detectability, "
    "IEEE TIFS 11(2), 2016",
    image_costs=image_costs,
)  # fmt: skip
