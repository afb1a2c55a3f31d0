"""One cover looked at closely: where an embedder finds changes cheap, how likely it makes them, and what it then changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssgan import images, pictures, seeds
from ssgan.differences import Difference, difference
from ssgan.folders import make_folder

if TYPE_CHECKING:
    from ssgan.embedding.embedder import Embedder


@dataclass(frozen=True)
class Inspection:
    """A cover and its simulated stego, uint8 (C, H, W), with costs and change probabilities, float64 (C, H, W)."""

    cover: np.ndarray
    stego: np.ndarray
    costs: tuple[np.ndarray, np.ndarray]
    probabilities: tuple[np.ndarray, np.ndarray]

    @property
    def difference(self) -> Difference:
        """What the simulation changed."""
        return difference(self.cover, self.stego)

    @property
    def expected_change_rate(self) -> float:
        """The change rate that the probabilities promise."""
        return float((self.probabilities[0] + self.probabilities[1]).mean())

    @property
    def wet_share(self) -> float:
        """The fraction of samples that may be changed neither up nor down."""
        return float((np.isinf(self.costs[0]) & np.isinf(self.costs[1])).mean())

    @property
    def pictures(self) -> dict[str, np.ndarray]:
        """Name → uint8 (3, H, W) or (C, H, W): everything there is to see."""
        return {
            "cover": self.cover,
            "stego": self.stego,
            "costs": pictures.cost_map(*self.costs),
            "change_probabilities": pictures.probability_map(*self.probabilities),
            "changes": pictures.change_map(self.cover, self.stego),
            "bit_planes": pictures.bit_planes(self.cover),
        }


def inspect_cover(cover: np.ndarray, embedder: Embedder, *, seed: int, name: str = "") -> Inspection:
    """The Inspection of samples uint8 (C, H, W); the stego is the one that `ssgan simulate` gives a file called `name`.

    Raises DoesNotFit where the cover cannot carry the payload.
    """
    covers = images.to_images(cover)
    plus, minus = (cost[0].double().numpy() for cost in embedder.costs(covers))
    raise_probability, lower_probability = (beta[0].double().numpy() for beta in embedder.change_probabilities(covers))
    image_seeds = np.array([seeds.derive(seed, name)], dtype=np.uint64)
    stego = embedder.simulate_seeded(covers, image_seeds)[0].numpy()
    return Inspection(cover, stego, (plus, minus), (raise_probability, lower_probability))


def write_pictures(pictures_by_name: Mapping[str, np.ndarray], folder: Path, *, overwrite: bool = False) -> None:
    """Write each picture as NAME.png into `folder`, which is made. Raises StorageFailed, also where a file is in the way."""
    make_folder(folder)
    for name, picture in pictures_by_name.items():
        images.write(folder / f"{name}.png", picture, overwrite=overwrite)
