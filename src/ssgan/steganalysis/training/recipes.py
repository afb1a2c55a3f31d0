"""How each network is trained: its row of the table, after its paper where that works at small sizes, else after what did.

The published schedules are for hundreds of thousands of steps on an accelerator. The rows are for thousands of pairs of 64 x 64
images on a processor; `duration_images` counts images seen, covers and stegos together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ssgan.errors import InvalidSetting
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.networks.fused.acceleration import PRECISIONS


@dataclass(frozen=True)
class Recipe:
    """Settings of one training. The learning rate falls to zero along a half cosine."""

    optimizer: str  # adam, adamax, sgd or adadelta
    learning_rate: float
    weight_decay: float = 0.0
    batch_pairs: int = 32
    duration_images: int = 400_000
    evaluate_images: int = 20_000  # the validation error is taken every so many images seen
    patience: int = 10  # so many evaluations without a better one end the training
    lesson_share: float = 0.2  # of the duration, for each of the easier lessons that a curriculum gives first
    precision: str = "float32"  # or bf16: layers in half the bits where torch's autocast says so, weights and loss in float32

    def __post_init__(self) -> None:
        for name in ("batch_pairs", "duration_images", "evaluate_images", "patience"):
            if getattr(self, name) < 1:
                raise InvalidSetting(
                    f"{name} must be at least 1, not {getattr(self, name)}",
                    hint="take the network's own recipe, or a number from 1 on",
                )
        if not 0 < self.lesson_share < 1:
            raise InvalidSetting(f"lesson_share must lie between 0 and 1, not {self.lesson_share}", hint="such as 0.2")
        if self.precision not in PRECISIONS:
            raise InvalidSetting(f"there is no precision '{self.precision}'", hint=f"known: {', '.join(PRECISIONS)}")

    def with_(self, **changes: Any) -> Recipe:
        """The recipe with some settings changed; None leaves one as it is."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


# SRNet's own optimizer is Adamax at 1e-3 (IEEE TIFS 14(5), 2019), Ye-Net's AdaDelta at 0.4 (TIFS 12(11), 2017), SGAN's Adam at
# 5e-6 for S*, which is too slow for sets this small. The SGD of Xu-Net and GNCNN stays at chance for long; Adamax does not.
# Zhu-Net takes SGD: Adamax moves all inputs of its wide dense layer one way at first, and in color the layer died of it.
RECIPES: dict[str, Recipe] = {
    "gncnn": Recipe("adamax", 2e-3, 1e-4),
    "sgan-s": Recipe("adam", 2e-4),
    "sgan-star": Recipe("adam", 2e-4),
    "sgan-star-text": Recipe("adam", 2e-4),
    "xunet": Recipe("adamax", 2e-3, 1e-4),
    "yenet": Recipe("adadelta", 0.4, 5e-4, batch_pairs=16),
    "yedroudj": Recipe("sgd", 1e-2, 1e-4, batch_pairs=16),
    "srnet": Recipe("adamax", 1e-3, 2e-4, batch_pairs=16),
    "zhunet": Recipe("sgd", 1e-2, 1e-4, batch_pairs=16),
    "effnet": Recipe("adamax", 4e-3, 1e-4, batch_pairs=16),
}


@dataclass(frozen=True)
class NetworkSettings:
    """What decides a trained network: its name, what it reads, the recipe and the seed.

    With `probabilities` it is told the change probabilities of every image, in training and when it is asked.
    """

    network: str
    image_size: int
    channels: int
    recipe: Recipe
    seed: int = 0
    probabilities: bool = False

    def __post_init__(self) -> None:
        used = uses_probabilities(self.network)
        if self.probabilities and not used:
            raise InvalidSetting(
                f"{self.network} has no use for change probabilities",
                hint=f"these have: {', '.join(name for name in NETWORKS if uses_probabilities(name))}",
            )

    @classmethod
    def of(cls, network: str, pairs: Pairs, *, seed: int = 0, recipe: Recipe | None = None) -> NetworkSettings:
        """For pairs like these, by the network's own recipe; with their probabilities where it has a use for them."""
        height, width = pairs.covers.shape[2:]
        if height != width:
            raise InvalidSetting(f"networks are trained on square images, not {height} x {width}", hint="crop them first")
        told = uses_probabilities(network) and pairs.cover_probabilities is not None
        return cls(network, height, pairs.covers.shape[1], recipe or RECIPES[network], seed, told)


def uses_probabilities(network: str) -> bool:
    """Whether the forward of a network takes change probabilities beside the images. Raises InvalidSetting for no network."""
    if network not in NETWORKS:
        raise InvalidSetting(f"there is no network '{network}'", hint=f"known: {', '.join(NETWORKS)}")
    return bool(getattr(NETWORKS[network].make, "uses_probabilities", False))
