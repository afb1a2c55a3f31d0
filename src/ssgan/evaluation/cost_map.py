"""Compute what a change of each sample of one image costs, by a scheme's name, as a result that can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ssgan.embedding.bands import bands
from ssgan.embedding.costs import WET
from ssgan.images import AnyImage, Layout, accept
from ssgan.images.samples import pixels
from ssgan.views import maps
from ssgan.views.cards import card


@dataclass(frozen=True, eq=False)
class CostMap:
    """The costs of one image: `plus` and `minus`, of raising and lowering each sample by one; unpack it to get both.

    plus, minus  float64 with the axes of the image, >= 0, infinite where a sample must not change
    scheme       a key of SCHEMES
    payload      bits per sample: the costs of some schemes depend on it
    picture      uint8 (3, H, W): cheap is bright, forbidden is dark red; channels side by side
    """

    plus: NDArray[np.float64] = field(repr=False)
    minus: NDArray[np.float64] = field(repr=False)
    scheme: str
    payload: float
    picture: NDArray[np.uint8] = field(repr=False)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        """Yield `plus` and `minus`."""
        return iter((self.plus, self.minus))

    @property
    def wet_share(self) -> float:
        """The fraction of samples that may be changed neither up nor down."""
        return float((np.isinf(self.plus) & np.isinf(self.minus)).mean())

    def _repr_html_(self) -> str:
        """Return the picture and the facts for a notebook."""
        facts = {"cheap": "bright", "must not change": f"{self.wet_share:.1%} of the samples"}
        return card(f"Costs by {self.scheme}", facts, self.picture)


def costs(image: AnyImage, scheme: str = "hill", *, payload: float = 0.4, layout: Layout | None = None) -> CostMap:
    """Return what it costs to change each sample of an image by one.

    image    one image, as `ssgan.as_image` takes it
    scheme   a key of `ssgan.SCHEMES`, such as "hill", "suniward", "wow" or "mipod"
    payload  bits per sample, for schemes whose costs depend on it
    layout   "chw" or "hwc", where the shape of a NumPy array leaves it open

    Raises InvalidSetting for an unknown scheme and for what is no image.

    >>> import numpy, ssgan
    >>> cover = numpy.random.default_rng(1).integers(0, 256, (32, 32))
    >>> plus, minus = ssgan.costs(cover, "hill")
    >>> plus.shape, bool((plus > 0).all())
    ((32, 32), True)
    """
    taken = accept(image, layout=layout)
    samples = np.ascontiguousarray(taken.samples)
    plus, minus = np.empty(samples.shape), np.empty(samples.shape)
    for band in bands(samples, scheme, payload):
        place = band.plane, slice(band.first, band.first + len(band.plus))
        plus[place], minus[place] = band.plus, band.minus
    may = pixels(samples)
    plus[~may.may_rise], minus[~may.may_fall] = WET, WET
    own = [rho if taken.axes == "chw" else rho.transpose(1, 2, 0) if taken.axes == "hwc" else rho[0] for rho in (plus, minus)]
    return CostMap(own[0], own[1], scheme, payload, maps.cost_map(plus, minus))
