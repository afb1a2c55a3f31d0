"""Compute the costs of one large picture a band of rows at a time, for senders that store them elsewhere at once.

A band is computed with as many rows around it as the scheme's filters reach, and these are cut off again; so every cost is that
of the whole picture, bit for bit. Schemes whose costs depend on the whole picture (MiPOD, MG) are computed whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.costs import WET, Costs, apply_wet_rule
from ssgan.images.samples import pixels

SAMPLES = 1 << 19  # of a band


class Band(NamedTuple):
    """Rows `first`... of a plane: the costs of +1 and -1, float64 (rows, W).

    One array is both where a scheme makes no difference; then the ends of the range are left for the reader to make wet.
    """

    plane: int
    first: int
    plus: NDArray[np.float64]
    minus: NDArray[np.float64]


def bands(image: NDArray[np.uint8], scheme: str, payload: float) -> Iterator[Band]:
    """Yield all bands of an image uint8 (C, H, W), from plane to plane; `payload` counts bits per sample."""
    entry, (_, height, width) = SCHEMES[scheme], image.shape
    if entry.reach is None:
        whole = _costs(image, scheme, payload)
        for plane, (plus, minus) in enumerate(zip(*(rho[0].numpy() for rho in whole), strict=True)):
            yield Band(plane, 0, plus, plus if whole.minus is whole.plus else minus)
        return
    rows = max(1, SAMPLES // width)
    for plane in range(len(image)):
        for first in range(0, height, rows):
            top, last = max(0, first - entry.reach), min(height, first + rows)
            costs = _costs(image[plane : plane + 1, top : last + entry.reach], scheme, payload)
            plus, minus = (rho[0, 0, first - top : last - top].numpy() for rho in costs)
            yield Band(plane, first, plus, plus if costs.minus is costs.plus else minus)


def _costs(image: NDArray[np.uint8], scheme: str, payload: float) -> Costs:
    covers = torch.from_numpy(np.array(image[None]))
    plus, minus = SCHEMES[scheme].costs(covers.double(), payload)
    if minus is not plus:
        return apply_wet_rule(Costs(plus, minus), pixels(covers))
    if bool(plus.sum().isnan()):
        plus = plus.masked_fill(plus.isnan(), WET)
    return Costs(plus, plus)
