"""Residual generator and critic: each block doubles or halves the side, with a shortcut beside two 3 x 3 convolutions.

I. Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017, appendix F (nearest neighbors up, means of
four down).
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.gan.backbone import Backbone
from ssgan.gan.backbones.colors import colors_of
from ssgan.gan.backbones.layers import base_size, center_crop, num_doublings


class Generator(nn.Module):
    """A network from latents float32 (N, L) to Floats (N, C, H, W) in (-1, 1), H = W = image_size."""

    def __init__(
        self, image_size: int = 64, channels: int = 3, *, latent: int = 128, width: int = 64, colors: str = "rgb"
    ) -> None:
        super().__init__()
        self.colors = colors_of(colors)
        count = num_doublings(image_size)
        self.image_size, self.base_size = image_size, base_size(image_size)
        widths = [width * 2 ** min(3, count - i) for i in range(count + 1)]
        self.first_width = widths[0]
        self.dense = nn.Linear(latent, widths[0] * self.base_size**2)
        self.blocks = nn.Sequential(*(_Up(before, after) for before, after in zip(widths, widths[1:], strict=False)))
        self.last = nn.Sequential(nn.BatchNorm2d(widths[-1]), nn.ReLU(), nn.Conv2d(widths[-1], channels, 3, padding=1))
        _initialize(self)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Return one image a latent."""
        x = self.dense(latents).unflatten(1, (self.first_width, self.base_size, self.base_size))
        return center_crop(self.colors(self.last(self.blocks(x)).tanh()), self.image_size)


class Critic(nn.Module):
    """A network from Floats (N, C, H, W) to critic values (N,), higher = rather real; `norm` is `batch` or `none`."""

    def __init__(self, image_size: int = 64, channels: int = 3, *, width: int = 64, norm: str = "none") -> None:
        super().__init__()
        count = num_doublings(image_size)
        widths = [width * 2 ** min(3, i) for i in range(count + 1)]
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*(_Down(before, after, norm) for before, after in zip(widths, widths[1:], strict=False)))
        self.dense = nn.Linear(widths[-1], 1)
        _initialize(self)

    def forward(self, floats: torch.Tensor) -> torch.Tensor:
        """Return one value an image."""
        x = self.blocks(self.first(floats)).relu().mean(dim=(2, 3))
        value: torch.Tensor = self.dense(x).squeeze(1)
        return value


class _Up(nn.Module):
    """A block: BatchNorm, ReLU, nearest neighbors, convolution, BatchNorm, ReLU, convolution; the shortcut by 1 x 1."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.BatchNorm2d(before), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(before, after, 3, padding=1),
            nn.BatchNorm2d(after), nn.ReLU(), nn.Conv2d(after, after, 3, padding=1),
        )  # fmt: skip
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        doubled: torch.Tensor = self.branch(x) + nn.functional.interpolate(self.shortcut(x), scale_factor=2)
        return doubled


class _Down(nn.Module):
    """Downsampling block: two times ReLU and convolution, then 2 x 2 means; the shortcut is means and a 1 x 1 convolution."""

    def __init__(self, before: int, after: int, norm: str) -> None:
        super().__init__()
        normed = [nn.BatchNorm2d(before)] if norm == "batch" else []
        self.branch = nn.Sequential(
            *normed, nn.ReLU(), nn.Conv2d(before, before, 3, padding=1), nn.ReLU(), nn.Conv2d(before, after, 3, padding=1)
        )
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        halved: torch.Tensor = nn.functional.avg_pool2d(self.branch(x), 2) + self.shortcut(nn.functional.avg_pool2d(x, 2))
        return halved


def _initialize(network: nn.Module) -> None:
    """Initialize by He's law, which suits ReLU (K. He et al., ICCV 2015)."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


ROWS = {
    "resnet": Backbone(Generator, Critic, "residual, as in WGAN-GP's and SNGAN's code", "I. Gulrajani et al., NeurIPS 2017"),
}
