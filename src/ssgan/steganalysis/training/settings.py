"""Define the settings of a network detector: the network, its inputs, its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ssgan.errors import InvalidSetting, unknown
from ssgan.images.quantization import Steps, settings_to_json, steps_of
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.network import Recipe


@dataclass(frozen=True)
class NetworkSettings:
    """All that decides a trained network: its name, its inputs, the recipe and the seed.

    With `probabilities` it gets the change probabilities of every image, in training and when it scores. `table` is the
    quantization table of the JPEGs whose decompressed luma it learns from; None: pixels.
    """

    network: str
    image_size: int
    channels: int
    recipe: Recipe
    seed: int = 0
    probabilities: bool = False
    table: Steps | None = None

    def __post_init__(self) -> None:
        used = uses_probabilities(self.network)
        if self.probabilities and not used:
            raise InvalidSetting(
                f"{self.network} has no use for change probabilities",
                hint=f"leave them out, or choose from {', '.join(name for name in NETWORKS if uses_probabilities(name))}",
            )

    def to_json(self) -> dict[str, Any]:
        """Return plain values; a table only where there is one."""
        return settings_to_json(self)

    @classmethod
    def of(cls, network: str, pairs: Pairs, *, seed: int = 0, recipe: Recipe | None = None) -> NetworkSettings:
        """Return settings for pairs like these, by the network's own recipe; with probabilities where it uses them."""
        height, width = pairs.covers.shape[2:]
        if height != width:
            raise InvalidSetting(f"networks are trained on square images, not {height} x {width}", hint="crop them first")
        with_probabilities = uses_probabilities(network) and pairs.cover_probabilities is not None
        table = None if pairs.table is None else steps_of(pairs.table)
        recipe = recipe or NETWORKS[network].recipe
        return cls(network, height, pairs.covers.shape[1], recipe, seed, with_probabilities, table)


def uses_probabilities(network: str) -> bool:
    """Return whether the forward of a network takes change probabilities beside the images. Raises InvalidSetting for no
    network.
    """
    if network not in NETWORKS:
        raise unknown("network", network, NETWORKS)
    return bool(getattr(NETWORKS[network].make, "uses_probabilities", False))
