"""Define the row of a backbone: generator and critic of one design, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Backbone:
    """Generator and critic of one design.

    `generator(image_size, channels, *, latent, width, colors)` maps latents (N, L) to Floats, and ends in
    `ssgan.gan.backbones.colors.colors_of(colors)`; `critic(image_size, channels, *, width, norm)` maps Floats to values (N,).
    """

    generator: Callable[..., nn.Module]
    critic: Callable[..., nn.Module]
    title: str
    paper: str
