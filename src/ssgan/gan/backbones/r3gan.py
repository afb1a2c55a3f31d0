"""The modern baseline: residual blocks of grouped convolutions without any norm, bilinear resampling, scaled initial weights.

Y. Huang, A. Gokaslan, V. Kuleshov, J. Tompkin, "The GAN is dead; long live the GAN! A modern GAN baseline", NeurIPS 2024. Its
block is 1 x 1, grouped 3 x 3, 1 x 1 with an inverted bottleneck; weights begin as in Fix-up (H. Zhang, Y. Dauphin, T. Ma, ICLR
2019), the last of each block at zero. It is trained with the relativistic objective, R1 and R2.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.gan.backbone import Backbone
from ssgan.gan.backbones.colors import colors_of
from ssgan.gan.backbones.layers import base_size, center_crop, num_doublings

BLOCKS = 2  # a stage, i.e. a side
EXPANSION = 2  # of the bottleneck
GROUP = 16  # channels a group of the 3 x 3 convolution
MOST = 4  # times `width`: the widest stage
SLOPE = 0.2


class Generator(nn.Module):
    """A network from latents float32 (N, L) to Floats (N, C, H, W), H = W = image_size; tanh keeps them in (-1, 1)."""

    def __init__(
        self, image_size: int = 64, channels: int = 3, *, latent: int = 64, width: int = 64, colors: str = "rgb"
    ) -> None:
        super().__init__()
        self.colors = colors_of(colors)
        widths = _widths(image_size, width)[::-1]
        self.image_size, side = image_size, base_size(image_size)
        self.start = nn.Parameter(torch.randn(widths[0], side, side))
        self.dense = nn.Linear(latent, widths[0], bias=False)
        nn.init.kaiming_normal_(self.dense.weight, nonlinearity="linear")
        count = BLOCKS * len(widths)
        self.stages = nn.ModuleList(
            nn.Sequential(_Resample(before, after, 2.0 if i else 1.0), *(_Block(after, count) for _ in range(BLOCKS)))
            for i, (before, after) in enumerate(zip([widths[0], *widths], widths, strict=False))
        )
        self.last = nn.Conv2d(widths[-1], channels, 1)
        nn.init.kaiming_normal_(self.last.weight, nonlinearity="linear")
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return one image a latent."""
        x = self.start * self.dense(latents)[:, :, None, None]  # (N, widest, side, side)
        for stage in self.stages:
            x = stage(x)
        return center_crop(self.colors(self.last(x).tanh()), self.image_size)


class Critic(nn.Module):
    """A network from Floats (N, C, H, W) to critic values (N,), higher = rather real. There is no norm, for any `norm`."""

    def __init__(self, image_size: int = 64, channels: int = 3, *, width: int = 64, norm: str = "none") -> None:
        super().__init__()
        widths = _widths(image_size, width)
        count = BLOCKS * len(widths)
        self.first = nn.Conv2d(channels, widths[0], 1)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="linear")
        nn.init.zeros_(self.first.bias)  # type: ignore[arg-type]
        self.stages = nn.ModuleList(
            nn.Sequential(*(_Block(before, count) for _ in range(BLOCKS)), _Resample(before, after, factor))
            for before, after, factor in zip(widths, [*widths[1:], widths[-1]], [0.5] * (len(widths) - 1) + [1.0], strict=True)
        )
        self.weigh = nn.Conv2d(widths[-1], widths[-1], 4, groups=widths[-1], bias=False)  # each map's place to a number
        nn.init.kaiming_normal_(self.weigh.weight, nonlinearity="linear")
        self.dense = nn.Linear(widths[-1], 1, bias=False)
        nn.init.kaiming_normal_(self.dense.weight, nonlinearity="linear")

    def forward(self, floats: torch.Tensor) -> torch.Tensor:
        """Return one value an image, independent of the others."""
        x = self.first(floats)
        for stage in self.stages:
            x = stage(x)
        x = self.weigh(nn.functional.adaptive_avg_pool2d(x, 4)).flatten(1)  # the identity where the last side is 4
        value: torch.Tensor = self.dense(x).squeeze(1)
        return value


class _Block(nn.Module):
    """The block x + W3 act(W2 act(W1 x)), W2 grouped; W3 begins at zero, W1 and W2 are smaller in deeper nets."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        inner = width * EXPANSION
        self.first = nn.Conv2d(width, inner, 1, bias=False)
        self.grouped = nn.Conv2d(inner, inner, 3, padding=1, groups=max(1, inner // GROUP), bias=False)
        self.last = nn.Conv2d(inner, width, 1, bias=False)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(inner, 1, 1)) for _ in range(2))
        for layer in (self.first, self.grouped):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE)
            with torch.no_grad():
                layer.weight.mul_(blocks**-0.25)  # Fix-up: L^(-1 / (2 m - 2)) with m = 3 layers a block
        nn.init.zeros_(self.last.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.leaky_relu(self.first(x) + self.biases[0], SLOPE)
        y = nn.functional.leaky_relu(_by_groups(self.grouped, y) + self.biases[1], SLOPE)
        moved: torch.Tensor = x + self.last(y)
        return moved


def _by_groups(layer: nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """Return the grouped convolution; on a graphics card as a full one with zeros between the groups.

    With the second derivatives of a penalty, a batch of 64 takes an H200 11 ms in groups and 3.8 ms in full (128 channels,
    64 x 64, bfloat16; in float32 65 and 11), and 5.2 and 2.1 ms at 512 channels, 16 x 16.
    """
    if not x.is_cuda or layer.groups == 1:
        made: torch.Tensor = layer(x)
        return made
    return nn.functional.conv2d(x, filled(layer.weight, layer.groups), layer.bias, padding=1)


def filled(weight: torch.Tensor, groups: int) -> torch.Tensor:
    """Return weights (C', C / groups, k, k) -> (C', C, k, k), zero where one group would read another's channels."""
    after, own, *kernel = weight.shape
    apart = torch.eye(groups, dtype=weight.dtype, device=weight.device).view(groups, 1, groups, 1, 1, 1)
    return (weight.view(groups, after // groups, 1, own, *kernel) * apart).reshape(after, groups * own, *kernel)


class _Resample(nn.Module):
    """Bilinear resampling by the factor 2, 1/2 or 1, and a 1 x 1 convolution where the width changes."""

    def __init__(self, before: int, after: int, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.change = nn.Conv2d(before, after, 1, bias=False) if before != after else None
        if self.change is not None:
            nn.init.kaiming_normal_(self.change.weight, nonlinearity="linear")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.factor < 1:
            x = nn.functional.avg_pool2d(x, 2)  # bilinear halving of even sides
        if self.change is not None:
            x = self.change(x)
        return nn.functional.interpolate(x, scale_factor=2, mode="bilinear") if self.factor > 1 else x


def _widths(image_size: int, width: int) -> list[int]:
    """Return the widths from the image's side to the first maps': `width`, twice that, then MOST times."""
    return [width * min(2**i, MOST) for i in range(num_doublings(image_size) + 1)]


ROWS = {
    "r3gan": Backbone(
        Generator, Critic, "the modern baseline: grouped residual blocks, no norm", "Y. Huang et al., NeurIPS 2024"
    ),
}
