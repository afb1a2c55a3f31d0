"""nsF5: an AC coefficient that is not zero loses one of its magnitude, the weak baseline of detectors.

J. Fridrich, T. Pevny, J. Kodovsky, "Statistically undetectable JPEG steganography: dead ends, challenges, and opportunities",
ACM MM&Sec 2007. Zeros and DC never change. A coefficient that becomes zero does no harm here: coders read all samples, and
zeros are merely wet.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ssgan.embedding.entry import CoefficientEntry, Prices
from ssgan.images.coefficients import Component


def costs(component: Component, options: Collection[str]) -> Prices:
    """Return 1 for a change toward zero of an AC coefficient that is not zero, else wet."""
    carriers = component.carriers
    plus, minus = np.where(carriers < 0, 1.0, np.inf), np.where(carriers > 0, 1.0, np.inf)
    plus[:, :, 0, 0] = minus[:, :, 0, 0] = np.inf
    return Prices(plus, minus)


ROW = CoefficientEntry(
    costs, "nsF5", "AC coefficients that are not zero lose one of their magnitude; all cost the same",
    "rho- = 1 where c > 0, rho+ = 1 where c < 0, else wet; DC wet",
    "J. Fridrich, T. Pevny, J. Kodovsky, Statistically undetectable JPEG steganography: dead ends, challenges, and "
    "opportunities, ACM MM&Sec 2007",
    adaptive=False,
)  # fmt: skip
