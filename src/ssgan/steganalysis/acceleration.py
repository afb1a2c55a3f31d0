"""The forward pass of training, made fast: same parameters, same buffers, same numbers up to rounding.

A network of the catalog stays the plain definition that it is; `accelerated` only chooses how its batches are computed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from ssgan.errors import InvalidSetting
from ssgan.memory import keep_freed

PRECISIONS = ("float32", "bf16")

Forward = Callable[[torch.Tensor], torch.Tensor]


def accelerated(network: nn.Module, *, device: torch.device, images: int, precision: str = "float32") -> Forward:
    """Maps pixels 0...255 float (N, C, H, W) on `device` to logits float32 (N,), for training `network`.

    Gradients go to the network's own parameters, statistics to its own buffers; its keys stay as they are. `images` is how many
    images the training will see. "bf16" computes convolutions and products in bfloat16, the weights stay float32. Raises
    InvalidSetting for another precision.
    """
    if precision not in PRECISIONS:
        raise InvalidSetting(f"there is no precision '{precision}'", hint=f"one of {', '.join(PRECISIONS)}")
    keep_freed()

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
            return network(_channels_last(pixels)).float()

    return forward


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """The same values with the channels of a place side by side, which every later layer then keeps.

    Spelled out by strides: torch takes one channel in either order for both, and would go on in the other.
    """
    count, channels, height, width = images.shape
    side_by_side = images.permute(0, 2, 3, 1).contiguous()
    return side_by_side.as_strided((count, channels, height, width), (height * width * channels, 1, width * channels, channels))
