"""Jsteg: the last bit of an AC coefficient is replaced, save for 0 and 1, which every detector of JPEGs must find.

D. Upham's program of 1997, as A. Westfeld, A. Pfitzmann, "Attacks on steganographic systems", IH 1999, describe it. The program
goes through the file from its beginning, which the coder `plain:raster` does; spread over the file it is `plain`. DC is left
alone here, as analysts do.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ssgan.embedding.entry import CoefficientEntry, Prices
from ssgan.images.coefficients import Component


def costs(component: Component, options: Collection[str]) -> Prices:
    """Return 1 for the change of the last bit of an AC coefficient other than 0 and 1, else wet."""
    carriers = component.carriers
    usable, even = (carriers != 0) & (carriers != 1), carriers % 2 == 0
    usable[:, :, 0, 0] = False
    return Prices(np.where(usable & even, 1.0, np.inf), np.where(usable & ~even, 1.0, np.inf))


ROW = CoefficientEntry(
    costs, "Jsteg", "replaces the last bit of AC coefficients other than 0 and 1, for comparison",
    "rho+ = 1 where c is even, rho- = 1 where c is odd; c = 0, c = 1 and DC wet",
    "D. Upham, jpeg-jsteg, 1997; A. Westfeld, A. Pfitzmann, Attacks on steganographic systems, IH 1999",
    adaptive=False,
)  # fmt: skip
