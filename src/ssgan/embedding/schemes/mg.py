"""MG: the forerunner of MiPOD, with the local variance of the image for that of its noise.

J. Fridrich, J. Kodovsky, "Multivariate Gaussian model for designing additive distortion for steganography", ICASSP 2013, in the
ternary form of the authors' code of 2015.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.compute.large_arrays import give_back, large_empty
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.rows import row_bands
from ssgan.embedding.schemes.deflection import least_detectable
from ssgan.images import filters

VARIANCE_FLOOR = 1.0
BLOCK = filters.Separable((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))


def costs(covers: torch.Tensor, payload: float) -> Costs:
    """Return the costs at which the optimal sender of this payload changes with MG's probabilities."""
    rho = least_detectable(fisher_information(covers), payload)
    return Costs(plus=rho, minus=rho)


def image_costs(image: NDArray[np.uint8], payload: float) -> Costs:
    """Return the same for one image (C, H, W), in bands of rows."""
    fisher = torch.from_numpy(large_empty(image.size, np.float64)).view(1, *image.shape)
    for rows in row_bands(image.shape, 1):
        fisher[0, *rows.place] = fisher_information(rows.images(image).double())[0, 0, rows.own]
    give_back(image.size)
    rho = least_detectable(fisher, payload)
    return Costs(plus=rho, minus=rho)


def fisher_information(covers: torch.Tensor) -> torch.Tensor:
    """Return 1 / sigma^4 from the variance over 3 x 3 samples, of which those outside the image are left out."""
    count = _sum(torch.ones_like(covers[:1, :1]))
    # Over whole numbers this difference is exact even in single precision; that of the means is not.
    spread = count * _sum(covers.square()) - _sum(covers).square()
    variance = (spread / count.square()).clamp(min=VARIANCE_FLOOR)
    return 1 / variance.square()


def _sum(x: torch.Tensor) -> torch.Tensor:
    return filters.correlate(torch.nn.functional.pad(x, (1, 1, 1, 1)), BLOCK)


ROW = SchemeEntry(
    costs, "MG", "MiPOD's forerunner: the same model with the plain variance of 3 x 3 samples",
    "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = 1 / max(1, var3(X))^2",
    "J. Fridrich, J. Kodovsky, Multivariate Gaussian model for designing additive distortion for steganography, "
    "ICASSP 2013",
    image_costs=image_costs,
)  # fmt: skip
