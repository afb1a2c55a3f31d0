"""Choose the fastest forward pass in training: same parameters, same buffers, same numbers up to rounding.

A network of the catalog stays the plain definition that it is; `accelerated` only chooses how its batches are computed. On the
processor a network with a fused form, written for it, computes in that; the others keep the channels of a place side by side,
which on a graphics card makes SRNet 1.5 times as fast at 256 x 256, and no network slower (results/training-cuda.csv) but one
of wide poolings, which has a lean form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import nn

from ssgan.compute.allocator import keep_freed
from ssgan.compute.threads import Parts
from ssgan.errors import unknown

PRECISIONS = ("float32", "bf16")

Forward = Callable[[torch.Tensor], torch.Tensor]


@runtime_checkable
class Fusible(Protocol):
    """A network with another way to compute a training batch, on the processor, in float32."""

    def fused(self, images: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return logits (N,) with derivatives by the parameters, not by the images, and update running statistics as in
        training.
        """
        ...


@runtime_checkable
class Transparent(Fusible, Protocol):
    """A fusible network with derivatives by the images as well, once and not twice, for training a generator."""

    fused_by_images: bool


@runtime_checkable
class Lean(Protocol):
    """A network with another way to compute a training batch on a graphics card, in any precision; differentiable once."""

    def lean(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (N,)."""
        ...


def accelerated(network: nn.Module, *, device: torch.device, images: int, precision: str = "float32") -> Forward:
    """Return maps pixels 0...255 float (N, C, H, W) on `device` to logits float32 (N,), for training `network`.

    Gradients go to the network's own parameters, statistics to its own buffers; its keys stay as they are. `images` is how many
    images the training will see. "bf16" computes convolutions and products in bfloat16, the weights stay float32. For a fixed
    number of threads the numbers are the same in every run. Raises InvalidSetting for another precision.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    keep_freed()
    if device.type == "cpu" and precision == "float32" and isinstance(network, Fusible):
        return _fused(network)

    lean = network.lean if device.type == "cuda" and isinstance(network, Lean) else None

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits: torch.Tensor = network(_channels_last(pixels)) if lean is None else lean(pixels.contiguous())
        return logits.float()

    return forward


def _fused(network: nn.Module) -> Forward:
    assert isinstance(network, Fusible)
    parts, by_images = Parts(), isinstance(network, Transparent)

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        # Scores, and derivatives by the image where they are not fused, are what the plain definition is for.
        plain = not network.training or not torch.is_grad_enabled() or pixels.dtype != torch.float32
        plain = plain or (pixels.requires_grad and not by_images)
        return network(pixels) if plain else network.fused(_channels_last(pixels), parts)

    return forward


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """Return the same values with the channels of a pixel adjacent in memory, which every later layer keeps.

    Spelled out by strides: torch takes one channel in either order for both, and would continue in the other.
    """
    count, channels, height, width = images.shape
    side_by_side = images.permute(0, 2, 3, 1).contiguous()
    return side_by_side.as_strided((count, channels, height, width), (height * width * channels, 1, width * channels, channels))
