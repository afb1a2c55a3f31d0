"""Inspect one image: where schemes find changes cheap, and what an embedder changes; or compare two images.

The maps are written as PNG files into a folder, or as one self-contained page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.compute import seeds
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.evaluation.predictability import easy_share
from ssgan.images import AnyImage, Layout
from ssgan.images.difference import Difference, difference
from ssgan.images.filters import KV
from ssgan.storage.folders import make_folder
from ssgan.views import maps as pictures
from ssgan.views import pages
from ssgan.views.cards import card

if TYPE_CHECKING:
    from ssgan.drawn.model import DrawnModel
    from ssgan.embedding.embedder import Embedder
    from ssgan.messages.keys import Key

TEMPLATE = "evaluation/inspection.html"
_COLUMNS = 3  # of the sheet of schemes, where a map is no wider than high


@dataclass(frozen=True)
class Inspection:
    """A cover and its simulated stego, uint8 (C, H, W), with costs and change probabilities, float64 (C, H, W).

    `deflection` is d^2 of `ssgan.embedding.detectability`: the less, the safer among covers of this size.
    """

    cover: NDArray[np.uint8] = field(repr=False)
    stego: NDArray[np.uint8] = field(repr=False)
    costs: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False)
    probabilities: tuple[NDArray[np.float64], NDArray[np.float64]] = field(repr=False)
    deflection: float

    @property
    def difference(self) -> Difference:
        """The changes of the simulation."""
        return difference(self.cover, self.stego, layout="chw")

    @property
    def expected_change_rate(self) -> float:
        """The change rate expected from the probabilities."""
        return float((self.probabilities[0] + self.probabilities[1]).mean())

    @property
    def wet_share(self) -> float:
        """The fraction of samples that may be changed neither up nor down."""
        return float((np.isinf(self.costs[0]) & np.isinf(self.costs[1])).mean())

    @property
    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Name → uint8 (3, H, W) or (C, H, W): all maps of this embedder."""
        return {
            "cover": self.cover,
            "stego": self.stego,
            "residual": pictures.residual_map(residual(self.cover)),
            "costs": pictures.cost_map(*self.costs),
            "change_probabilities": pictures.probability_map(*self.probabilities),
            "changes": pictures.change_map(self.cover, self.stego),
            "bit_planes": pictures.bit_planes(self.cover),
        }

    @property
    def picture(self) -> NDArray[np.uint8]:
        """uint8 (3, H, W): the image, its costs, its change probabilities and its changes."""
        named = self.pictures
        seen = [named[name] for name in ("costs", "change_probabilities", "changes")]
        return pictures.stacked(seen) if len(self.cover) > 1 else pictures.side_by_side([self.cover.repeat(3, axis=0), *seen])

    def _repr_html_(self) -> str:
        """Return pictures and facts for a notebook."""
        facts = {
            "shown": "costs (cheap is bright), change probabilities, changes (orange raised, blue lowered)",
            "samples changed": f"{self.difference.change_rate:.2%}, {self.expected_change_rate:.2%} expected",
            "must not change": f"{self.wet_share:.1%} of the samples",
            "PSNR": f"{self.difference.psnr:.1f} dB",
        }
        return card("Inspection", facts, self.picture)


@dataclass(frozen=True)
class PricedCover:
    """A cover priced by one scheme: the map of its costs and, where the payload fits, the changes."""

    name: str
    title: str
    summary: str
    costs: np.ndarray
    seen: Inspection | None

    @cached_property
    def easy_share(self) -> float:
        """Return the fraction of changes in the half of the samples that is easiest to predict."""
        return 0.0 if self.seen is None else easy_share(self.seen.cover, self.seen.stego)


@dataclass(frozen=True)
class DrawnInspection:
    """A drawn cover, uint8 (C, H, W), with the bits that each sample carries, float64 (C, H, W), and its model's name."""

    cover: np.ndarray
    bits: np.ndarray
    model: str

    @property
    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Name → uint8 (3, H, W) or (C, H, W): all maps of the cover."""
        return {
            "cover": self.cover,
            "bits": pictures.bits_map(self.bits),
            "residual": pictures.residual_map(residual(self.cover)),
            "bit_planes": pictures.bit_planes(self.cover),
        }


@dataclass(frozen=True)
class ImageComparison:
    """Two images of one shape, uint8 (C, H, W)."""

    first: np.ndarray
    second: np.ndarray

    @property
    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """Name → uint8 (3, H, W): all maps of the differences."""
        return {
            "changes": pictures.change_map(self.first, self.second),
            "difference": pictures.distance_map(self.first, self.second),
            "residual_first": pictures.residual_map(residual(self.first)),
            "residual_second": pictures.residual_map(residual(self.second)),
            "bit_planes_changed": pictures.bit_planes(self.first ^ self.second),
        }


def residual(samples: np.ndarray) -> np.ndarray:
    """Return float64 (C, H, W): the KV filter's residual of uint8 (C, H, W), the border mirrored."""
    x = np.pad(samples.astype(np.float64), ((0, 0), (2, 2), (2, 2)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(x, KV.shape, axis=(1, 2))
    return np.asarray(-np.einsum("chwij,ij->chw", windows, KV))  # so that a sample above its neighbors is positive


def inspect_cover(
    cover: AnyImage, embedder: Embedder, *, seed: int | np.random.Generator, name: str = "", layout: Layout | None = None
) -> Inspection:
    """Inspect an image, as `images.as_image` takes it; the stego is the one that `ssgan simulate` gives a file `name`.

    Raises DoesNotFit where the cover cannot carry the payload.
    """
    from ssgan.embedding.detectability import deflection

    cover, seed = images.as_image(cover, layout=layout), seeds.as_seed(seed)
    covers = cover[None]
    plus, minus = (cost[0].astype(np.float64) for cost in embedder.costs(covers))
    raise_probability, lower_probability = (beta[0].astype(np.float64) for beta in embedder.change_probabilities(covers))
    image_seeds = np.array([seeds.derive(seed, name)], dtype=np.uint64)
    stego = embedder.simulate_seeded(covers, image_seeds)[0]
    return Inspection(
        cover, stego, (plus, minus), (raise_probability, lower_probability), float(deflection(covers, embedder)[0])
    )


def inspect(
    image: AnyImage, embedder: Embedder | str = "hill@0.4", *, seed: int | np.random.Generator = 0, layout: Layout | None = None
) -> Inspection:
    """Return what an embedder does to an image: costs, change probabilities, a simulated stego, and maps to look at.

    image     one image, as `ssgan.as_image` takes it
    embedder  an `ssgan.Embedder` or its name, as in "hill@0.4": the scheme and the payload in bits per sample
    seed      a whole number, or a NumPy Generator: which changes are drawn
    layout    "chw" or "hwc", where the shape of a NumPy array leaves it open

    Raises InvalidSetting for what is no image or no embedder, DoesNotFit where the image cannot carry the payload.

    >>> import numpy, ssgan
    >>> image = numpy.random.default_rng(1).integers(90, 110, (64, 64))
    >>> seen = ssgan.inspect(image, "hill@0.4", seed=1)
    >>> seen.difference.change_rate < 0.15, sorted(seen.pictures)[:2]
    (True, ['bit_planes', 'change_probabilities'])
    """
    from ssgan.embedding.embedder import Embedder as Parsed

    return inspect_cover(image, Parsed.parse(embedder) if isinstance(embedder, str) else embedder, seed=seed, layout=layout)


def inspect_drawn(cover: np.ndarray, key: Key, models: Sequence[DrawnModel] = ()) -> DrawnInspection:
    """Inspect a drawn cover uint8 (C, H, W) with its key, by the bundled models that draw, and by `models` besides.

    The bits of a sample are -log2 of its probability. Raises NothingFound where this key finds no message that drew it.
    """
    from ssgan.drawn.drawing import self_information
    from ssgan.messages.reveal import find_drawn, nothing_found

    found = find_drawn(cover, key, models)
    if found is None:
        raise nothing_found()
    bits = self_information(found.model, np.ascontiguousarray(cover.transpose(1, 2, 0)), found.latent)
    return DrawnInspection(cover, np.ascontiguousarray(bits.transpose(2, 0, 1)), found.model.name)


def every_scheme(
    cover: AnyImage, payload: float, *, seed: int | np.random.Generator, name: str = "",
    schemes: Collection[str] | None = None, layout: Layout | None = None,
) -> list[PricedCover]:  # fmt: skip
    """Return a cover priced by each scheme of the catalog, or by some, and embedded into at `payload` bits per sample.

    The cover is an image as `images.as_image` takes it; the sender is optimal, or plain where all samples cost the same.
    """
    from ssgan.embedding.catalog import SCHEMES, fitting_coder
    from ssgan.embedding.embedder import Embedder

    cover, seed = images.as_image(cover, layout=layout), seeds.as_seed(seed)
    priced = []
    for scheme, entry in SCHEMES.items():
        if schemes is not None and scheme not in schemes:
            continue
        embedder = Embedder(scheme, payload, fitting_coder(scheme))
        try:
            seen = inspect_cover(cover, embedder, seed=seed, name=name, layout="chw")
            costs = seen.costs
        except (DoesNotFit, InvalidSetting):  # the maps exist in any case
            plus, minus = (cost[0].astype(np.float64) for cost in embedder.costs(cover[None]))
            seen, costs = None, (plus, minus)
        priced.append(PricedCover(str(embedder), entry.title, entry.summary, pictures.cost_map(*costs), seen))
    return priced


def sheet(priced: list[PricedCover]) -> np.ndarray:
    """Return the cost maps of all schemes on one sheet, uint8 (3, H, W), each under its title."""
    height, width = priced[0].costs.shape[1:]
    maps = [pictures.labeled(one.costs, one.title) for one in priced]
    return pictures.in_rows(maps, _COLUMNS if width < 2 * height else 1)


def page(title: str, facts: Mapping[str, str], seen: Mapping[str, np.ndarray], priced: list[PricedCover]) -> str:
    """Return the page as text: facts by name, pictures by name, and the schemes where there are any."""
    return pages.render(
        TEMPLATE,
        title=title,
        facts=facts,
        pictures={name: pages.inline(picture) for name, picture in seen.items()},
        wide=next(iter(seen.values())).shape[2] > 2 * next(iter(seen.values())).shape[1],
        schemes=[(one, pages.inline(one.costs)) for one in priced],
    )


def write_pictures(pictures_by_name: Mapping[str, np.ndarray], folder: Path, *, overwrite: bool = False) -> None:
    """Write each picture as NAME.png into `folder`, which is made. Raises StorageFailed, also where a file is in the way."""
    make_folder(folder)
    for name, picture in pictures_by_name.items():
        images.write(folder / f"{name}.png", picture, overwrite=overwrite)
