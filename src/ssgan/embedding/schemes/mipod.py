"""MiPOD: the change probabilities of the least deflection of a detector that knows the noise variance of every sample.

V. Sedighi, R. Cogranne, J. Fridrich, "Content-adaptive steganography by minimizing statistical detectability", IEEE TIFS 11(2),
2016. The probabilities depend on the payload; as costs they read rho = ln(1/beta - 2), which at lambda = 1 gives beta back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.large_arrays import give_back, large_empty
from ssgan.compute.lazy_torch import Values, is_tensor, torch
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


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return the costs at which the optimal sender of this payload changes with MiPOD's probabilities."""
    made: Any
    if is_tensor(covers) and compiled_serves(covers):  # by one path, so that tensors and arrays agree in the last digits
        made = torch.from_numpy(least_detectable(fisher_information(covers.detach().numpy()), payload))
    else:
        made = least_detectable(fisher_information(covers), payload)
    return Costs(plus=made, minus=made)


def image_costs(image: NDArray[np.uint8], payload: float) -> Costs[NDArray[Any]]:
    """Return the same for one image (C, H, W), in bands of rows."""
    variance = large_empty(image.size, np.float64).reshape(1, *image.shape)
    for rows in row_bands(image.shape, 1):
        _, of_band = noise_model.mean_and_variance(rows.images(image).astype(np.float64))
        variance[0, *rows.place] = of_band[0, 0, rows.own]
    noise, fisher = noise_model.noise_power(variance), variance  # the one takes the place of the other
    for rows in row_bands(image.shape, REACH):
        of_band = fisher_information(rows.images(image).astype(np.float64), noise[:, rows.plane : rows.plane + 1])
        fisher[0, *rows.place] = of_band[0, 0, rows.own]
    give_back(image.size)
    rho = least_detectable(fisher, payload)
    return Costs(plus=rho, minus=rho)


def fisher_information(covers: Values, noise: Values | None = None) -> Values:
    """Return 1 / sigma^4 of every sample, averaged over its neighbors; pixels (N, C, H, W) -> the same, > 0.

    `noise` is that of `noise_model.wiener`.
    """
    left = residual_variance(covers - noise_model.wiener(covers, noise))
    variance: Any = left.clamp(min=VARIANCE_FLOOR) if is_tensor(left) else np.maximum(left, VARIANCE_FLOOR)
    fisher: Any = filters.average(1 / (variance * variance), size=SMOOTHING)
    return fisher


def residual_variance(residual: Values) -> Values:
    """Return the energy that a local cosine model leaves of each block, per degree of freedom: Eq. (24) to (26).

    The basis is orthonormal, so what the model leaves is the energy in the frequencies with i + j >= DEGREE: 36 separable
    correlations in place of an 81 x 81 projection of every block.
    """
    return filled_by_rows(residual, _fill, _formula)


def _formula(residual: torch.Tensor) -> torch.Tensor:
    return noise_model.unmodeled_energy(residual, block=BLOCK, degree=DEGREE)


def _fill(planes: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    mipod_loops.fill_variance(planes, filters.cosine_bank(BLOCK).astype(planes.dtype), DEGREE, first, last, out)


ROW = SchemeEntry(
    costs, "MiPOD", "least detectable under a Gaussian model of the noise, block variances by local cosines",
    "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = mean7(1 / sigma^4)",
    "V. Sedighi, R. Cogranne, J. Fridrich, Content-adaptive steganography by minimizing statistical detectability, "
    "IEEE TIFS 11(2), 2016",
    image_costs=image_costs, takes_arrays=True,
)  # fmt: skip
