"""Inspect one JPEG: its tables and coefficients, where schemes find changes cheap, and what an embedder changes.

The maps are planes of coefficients, each block of 8 x 8 in its place of the image, and one square a block for sums over blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.embedding.catalog import COEFFICIENT_SCHEMES, fitting_coder
from ssgan.embedding.coefficient_costs import by_component, coefficient_costs, num_nonzero_ac
from ssgan.embedding.coefficient_embedder import change_probabilities, simulate_seeded
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.entry import Prices
from ssgan.errors import DoesNotFit
from ssgan.evaluation.inspection import PricedCover
from ssgan.images.coefficients import SIDE, Coefficients, planes
from ssgan.images.idct import component_pixels
from ssgan.views import maps as pictures

NAMES = ("luma", "Cb", "Cr")
SHOWN_VALUES = 8  # coefficients up to this magnitude have a bar of their own
_BAR_WIDTH, _BAR_HEIGHT = 14, 120


@dataclass(frozen=True)
class CoefficientInspection:
    """A JPEG and its simulated stego, with flat costs and change probabilities of its samples, float64 (n,).

    `options` are those of the costs: with `luma` the samples are those of luma alone.
    """

    cover: Coefficients
    stego: Coefficients
    costs: Prices
    probabilities: Prices
    options: tuple[str, ...] = ()

    @cached_property
    def changes(self) -> int:
        """The number of coefficients that differ."""
        pairs = zip(self.cover.components, self.stego.components, strict=True)
        return sum(int(np.count_nonzero(before.blocks != after.blocks)) for before, after in pairs)

    @property
    def expected_changes(self) -> float:
        """The number of changes expected from the probabilities."""
        return float(self.probabilities.plus.sum() + self.probabilities.minus.sum())

    @property
    def samples(self) -> int:
        """The number of coefficients that may carry something."""
        return len(self.costs.plus)

    @property
    def num_nonzero_ac(self) -> int:
        """How many AC coefficients of the samples are not zero."""
        return num_nonzero_ac(self.cover, options=self.options)

    @property
    def wet_share(self) -> float:
        """The fraction of samples that may be changed neither up nor down."""
        return float((np.isinf(self.costs.plus) & np.isinf(self.costs.minus)).mean())

    @property
    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Name → uint8 (1 or 3, H, W): the maps of each component with samples, and the histogram of its coefficients."""
        maps: dict[str, NDArray[np.uint8]] = {}
        plus, minus = (by_component(self.cover, rho, options=self.options) for rho in self.costs)
        raised, lowered = (by_component(self.cover, beta, options=self.options) for beta in self.probabilities)
        for number in range(len(plus)):
            before, after = self.cover.components[number], self.stego.components[number]
            end = "" if number == 0 else f"_{NAMES[number]}"
            moved = after.carriers.astype(np.int16) - before.carriers
            maps[f"pixels{end}"] = component_pixels(before)[None]
            maps[f"histogram{end}"] = histogram_picture(histogram(before.carriers))
            maps[f"costs{end}"] = pictures.cost_map(planes(plus[number])[None], planes(minus[number])[None])
            maps[f"block_costs{end}"] = pictures.cost_map(*2 * [_squares(cheapness(plus[number], minus[number]))])
            maps[f"change_probabilities{end}"] = pictures.probability_map(
                planes(raised[number])[None], planes(lowered[number])[None]
            )
            maps[f"changes{end}"] = pictures.change_map(planes(before.carriers)[None], planes(after.carriers)[None])
            counts = np.count_nonzero(moved, axis=(2, 3))
            maps[f"block_changes{end}"] = pictures.heat(_squares(counts / max(1, counts.max(initial=0)))[0])
        return maps


def inspect_coefficients(cover: Coefficients, embedder: Embedder, *, seed: int, name: str = "") -> CoefficientInspection:
    """Inspect a JPEG; the stego is the one that `ssgan simulate` gives a file `name`.

    Raises DoesNotFit where the cover cannot carry the payload, InvalidSetting for a scheme that is made for pixels.
    """
    stego = simulate_seeded(cover, embedder, np.uint64(seeds.derive(seed, name)))
    costs = coefficient_costs(cover, embedder.scheme, embedder.payload, options=embedder.cost_options)
    return CoefficientInspection(cover, stego, costs, change_probabilities(cover, embedder, costs), embedder.cost_options)


def every_scheme(cover: Coefficients, payload: float, *, seed: int, name: str = "") -> list[PricedCover]:
    """Return a JPEG priced by each scheme for coefficients, with the maps of luma; those that cannot carry it are left out.

    Side-informed schemes are left out, too: what rounding took from this JPEG is not known.
    """
    priced = []
    for scheme, row in COEFFICIENT_SCHEMES.items():
        if row.needs_errors:
            continue
        embedder = Embedder(scheme, payload, fitting_coder(scheme))
        try:
            costs = inspect_coefficients(cover, embedder, seed=seed, name=name).pictures["costs"]
        except DoesNotFit:
            continue
        priced.append(PricedCover(str(embedder), row.title, row.summary, costs, None))
    return priced


def histogram(values: NDArray[Any]) -> dict[int, int]:
    """Return how many coefficients of blocks (r, c, 8, 8) have each value from -8 to 8, DC left out."""
    ac = values.reshape(-1, SIDE * SIDE)[:, 1:]
    return {value: int(np.count_nonzero(ac == value)) for value in range(-SHOWN_VALUES, SHOWN_VALUES + 1)}


def histogram_picture(counts: dict[int, int]) -> NDArray[np.uint8]:
    """Return bars uint8 (3, H, W) for the values from left to right, by the logarithm of their counts."""
    heights = np.log1p(list(counts.values()))
    filled = np.rint(heights / max(heights.max(), 1e-9) * _BAR_HEIGHT).astype(int)
    rows = np.arange(_BAR_HEIGHT)[::-1, None]
    bars = (rows < filled[None]).astype(float) * 0.8  # (height, values)
    return pictures.heat(np.repeat(bars, _BAR_WIDTH, axis=1) * (np.arange(len(counts) * _BAR_WIDTH) % _BAR_WIDTH > 1))


def cheapness(plus: NDArray[np.float64], minus: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (r, c): the median of each block's cheaper costs, infinite where most of them are."""
    return np.asarray(np.median(np.minimum(plus, minus), axis=(2, 3)))


def _squares(values: NDArray[Any]) -> NDArray[Any]:
    """Return values (r, c) of blocks as squares (1, 8 r, 8 c)."""
    return values.repeat(SIDE, axis=0).repeat(SIDE, axis=1)[None]
