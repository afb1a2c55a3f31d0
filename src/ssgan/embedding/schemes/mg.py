"""MG: the forerunner of MiPOD, with the local variance of the image for that of its noise.

J. Fridrich, J. Kodovsky, "Multivariate Gaussian model for designing additive distortion for steganography", ICASSP 2013, in the
ternary form of the authors' code of 2015.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.large_arrays import give_back, large_empty
from ssgan.compute.lazy_torch import Values, is_tensor
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.rows import row_bands
from ssgan.embedding.schemes.deflection import least_detectable
from ssgan.images import filters

VARIANCE_FLOOR = 1.0
BLOCK = filters.Separable((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return the costs at which the optimal sender of this payload changes with MG's probabilities."""
    rho = least_detectable(fisher_information(covers), payload)
    return Costs(plus=rho, minus=rho)


def image_costs(image: NDArray[np.uint8], payload: float) -> Costs[NDArray[Any]]:
    """Return the same for one image (C, H, W), in bands of rows."""
    fisher = large_empty(image.size, np.float64).reshape(1, *image.shape)
    for rows in row_bands(image.shape, 1):
        fisher[0, *rows.place] = fisher_information(rows.images(image).astype(np.float64))[0, 0, rows.own]
    give_back(image.size)
    rho = least_detectable(fisher, payload)
    return Costs(plus=rho, minus=rho)


def fisher_information(covers: Values) -> Values:
    """Return 1 / sigma^4 from the variance over 3 x 3 samples, of which those outside the image are left out."""
    count = _sum(0 * covers[:1, :1] + 1)
    # Over whole numbers this difference is exact even in single precision; that of the means is not.
    total = _sum(covers)
    spread = (count * _sum(covers * covers) - total * total) / (count * count)
    variance: Any = spread.clamp(min=VARIANCE_FLOOR) if is_tensor(spread) else np.maximum(spread, VARIANCE_FLOOR)
    fisher: Any = 1 / (variance * variance)
    return fisher


def _sum(x: Values) -> Values:
    return filters.correlate(filters.zero_bordered(x, before=1, behind=1), BLOCK)


ROW = SchemeEntry(
    costs, "MG", "MiPOD's forerunner: the same model with the plain variance of 3 x 3 samples",
    "rho = ln(1 / beta - 2), beta lambda I = ln(1 / beta - 2), I = 1 / max(1, var3(X))^2",
    "J. Fridrich, J. Kodovsky, Multivariate Gaussian model for designing additive distortion for steganography, "
    "ICASSP 2013",
    image_costs=image_costs, takes_arrays=True,
)  # fmt: skip
