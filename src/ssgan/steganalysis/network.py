"""Define the row of a network: how it is built and trained, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from ssgan.errors import InvalidSetting, unknown
from ssgan.steganalysis.networks.fused.acceleration import PRECISIONS


@dataclass(frozen=True)
class Recipe:
    """Settings of one training. The learning rate falls to zero along a half cosine.

    A network's own recipe is after its paper where that works at small sizes, else after what did: published schedules are for
    hundreds of thousands of steps on an accelerator, these for thousands of pairs of 64 x 64 images on a processor.
    """

    optimizer: str  # one of `ssgan.compute.optimizers`
    learning_rate: float
    weight_decay: float = 0.0
    batch_pairs: int = 32
    duration_images: int = 400_000  # images seen, covers and stegos together
    evaluate_images: int = 20_000  # images seen between two validations
    patience: int = 10  # evaluations without a better one that end the training
    lesson_share: float = 0.2  # of the duration, for each of the easier lessons that a curriculum gives first
    precision: str = "float32"  # or bf16: layers in half the bits where torch's autocast chooses, weights and loss in float32

    def __post_init__(self) -> None:
        for name in ("batch_pairs", "duration_images", "evaluate_images", "patience"):
            if getattr(self, name) < 1:
                raise InvalidSetting(
                    f"{name} is {getattr(self, name)}; it must be at least 1",
                    hint="take the network's own recipe, or a number from 1 on",
                )
        if not 0 < self.lesson_share < 1:
            raise InvalidSetting(
                f"lesson_share is {self.lesson_share}; it must lie between 0 and 1", hint="give a number such as 0.2"
            )
        if self.precision not in PRECISIONS:
            raise unknown("precision", self.precision, PRECISIONS)

    def with_(self, **changes: Any) -> Recipe:
        """Return the recipe with some settings changed; None leaves one unchanged."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@dataclass(frozen=True)
class Network:
    """One network: `make(image_size, channels)` builds it.

    `layers` describes its parts, `color` its use of three channels, `published` a published error with its source, where there
    is one; the sources use other images than ours. After `begins_images` images the loss can
    be expected to have left that of a coin: most networks begin within a few hundred steps on gross changes, else later.
    """

    make: Callable[[int, int], nn.Module]
    title: str
    summary: str
    paper: str
    layers: str
    color: str
    recipe: Recipe
    begins_images: int = 40_000
    published: str = ""
    channels: tuple[int, ...] = (1, 3)
