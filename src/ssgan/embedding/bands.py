"""Compute the costs of one large picture a band of rows at a time, for senders that store them elsewhere at once.

A band is computed with as many rows around it as the scheme's filters reach, and these are cut off again; so every cost is that
of the whole picture, bit for bit. Schemes whose costs depend on the whole picture (MiPOD, MG) say how to compute them in
little memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.catalog import pixel_scheme
from ssgan.embedding.costs import Costs, apply_wet_rule, without_nan
from ssgan.embedding.rows import RowBand, row_bands
from ssgan.images.samples import pixels


class Band(NamedTuple):
    """Rows `first`... of a plane: the costs of +1 and -1, float64 (rows, W).

    One array is both where a scheme makes no difference; then the ends of the range are left for the reader to make wet.
    """

    plane: int
    first: int
    plus: NDArray[np.float64]
    minus: NDArray[np.float64]


def bands(image: NDArray[np.uint8], scheme: str, payload: float) -> Iterator[Band]:
    """Return all bands of an image uint8 (C, H, W), from plane to plane; `payload` counts bits per sample.

    Each is computed when it is asked for, but costs that depend on the whole picture are computed at once.
    """
    reach = pixel_scheme(scheme).reach
    whole = _whole_costs(image, scheme, payload) if reach is None else None
    return (_band(rows, image, scheme, payload, whole) for rows in row_bands(image.shape, reach or 0))


def _band(rows: RowBand, image: NDArray[np.uint8], scheme: str, payload: float, whole: Costs[NDArray[Any]] | None) -> Band:
    costs = _costs(rows.images(image), scheme, payload) if whole is None else whole
    plane, own = (0, rows.own) if whole is None else rows.place
    plus, minus = (rho[0, plane, own] for rho in costs)
    return Band(rows.plane, rows.first, plus, plus if costs.minus is costs.plus else minus)


def _whole_costs(image: NDArray[np.uint8], scheme: str, payload: float) -> Costs[NDArray[Any]]:
    in_bands = pixel_scheme(scheme).image_costs
    if in_bands is None:
        return _costs(image[None], scheme, payload)
    return in_bands(image, payload)


def _costs(covers: NDArray[np.uint8], scheme: str, payload: float) -> Costs[NDArray[Any]]:
    plus, minus = pixel_scheme(scheme).price(covers.astype(np.float64), payload)
    if minus is not plus:
        return apply_wet_rule(Costs(plus, minus), pixels(covers))
    plus = without_nan(plus)
    return Costs(plus, plus)
