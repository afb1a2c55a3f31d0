"""Map the colors of a generator's last layer: unchanged, or with chroma that varies slowly beside luma at full side.

In photographs the grain of red, green and blue goes together: the high-pass residuals of two channels correlate at 0.98. A last
layer that makes three channels by themselves gives three independent grains, which no camera makes, and which hide a message
from every detector that learns. `luma` keeps the luma of what the layer makes, and replaces the chroma by its means over 4 x 4
pixels, bilinearly doubled twice. It is linear, has no weights, and leaves gray images as they are.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.errors import unknown

SHRINK = 4  # pixels a side that share their chroma
LUMA = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601
NAMES = ("rgb", "luma")


def colors_of(name: str) -> nn.Module:
    """Return the map of this name, from Floats (N, C, H, W) to Floats; H and W are multiples of SHRINK. Raises
    InvalidSetting.
    """
    if name not in NAMES:
        raise unknown("map of colors", name, NAMES)
    return nn.Identity() if name == "rgb" else _SlowChroma()


class _SlowChroma(nn.Module):
    """The map `luma`. The chroma of a pixel is what its channels are above its luma, so that chroma itself has no luma."""

    def forward(self, floats: torch.Tensor) -> torch.Tensor:
        if floats.shape[1] != len(LUMA):
            return floats
        weights = floats.new_tensor(LUMA).view(1, -1, 1, 1)
        luma = (floats * weights).sum(1, keepdim=True)
        chroma = nn.functional.avg_pool2d(floats - luma, SHRINK)
        for _ in range(2):
            chroma = nn.functional.interpolate(chroma, scale_factor=2, mode="bilinear")
        return luma + chroma
