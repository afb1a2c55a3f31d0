"""The steganalysers of SGAN: S, a strided stack behind the KV filter, and S*, in the form of the code and in that of the text.

D. Volkhonskiy, I. Nazarov, E. Burnaev, "Steganographic generative adversarial networks", arXiv 1703.05502. The code of the
authors squashes its outputs twice; here a logit is a logit.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe


class SganS(nn.Module):
    """S, from gray values 0...255 float (N, C, H, W) to logits (N,): BatchNorm before each of four 5 x 5 convolutions of stride
    2.
    """

    def __init__(self, image_size: int = 64, channels: int = 3) -> None:
        super().__init__()
        _register_kv(self, channels)
        layers: list[nn.Module] = []
        for before, after in ((channels, 64), (64, 128), (128, 256), (256, 512)):
            layers += [nn.BatchNorm2d(before), nn.Conv2d(before, after, 5, stride=2, padding=2), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        side = -(-image_size // 16)
        self.dense = nn.Linear(512 * side * side, 1)
        _initialize(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        logit: torch.Tensor = self.dense(self.layers(_filtered(self, images)).flatten(1)).squeeze(1)
        return logit


class SganStar(nn.Module):
    """S* of the code: convolutions of 10, 20, 30 and 40 maps, poolings of stride 1, so that the dense layer sees every
    pixel.
    """

    def __init__(self, image_size: int = 64, channels: int = 3) -> None:
        super().__init__()
        _register_kv(self, channels)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 10, 7, padding=3), nn.ReLU(), nn.Conv2d(10, 20, 5, padding=2), nn.ReLU(), _SamePool(4),
            nn.Conv2d(20, 30, 3, padding=1), nn.ReLU(), nn.Conv2d(30, 40, 3, padding=1), nn.ReLU(), _SamePool(2),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(40 * image_size**2, 100), nn.Tanh(), nn.Linear(100, 1))
        _initialize(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        logit: torch.Tensor = self.dense(self.layers(_filtered(self, images)).flatten(1)).squeeze(1)
        return logit


class SganStarText(nn.Module):
    """S* of the text: two convolutions and a pooling, twice, then 1024 units; the widths are the code's."""

    def __init__(self, image_size: int = 64, channels: int = 3) -> None:
        super().__init__()
        _register_kv(self, channels)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 10, 7, padding=3), nn.ReLU(), nn.Conv2d(10, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(20, 30, 3, padding=1), nn.ReLU(), nn.Conv2d(30, 40, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(40 * (image_size // 4) ** 2, 1024), nn.ReLU(), nn.Linear(1024, 1))
        _initialize(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        logit: torch.Tensor = self.dense(self.layers(_filtered(self, images)).flatten(1)).squeeze(1)
        return logit


class _SamePool(nn.Module):
    """Max pooling of stride 1 that keeps the size, as TensorFlow's SAME does: the odd sample of the border comes after."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before, after = (self.size - 1) // 2, self.size // 2
        bordered = nn.functional.pad(x, (before, after, before, after), value=-torch.inf)
        return nn.functional.max_pool2d(bordered, self.size, stride=1)


def _register_kv(network: nn.Module, channels: int) -> None:
    network.register_buffer("kv", torch.tensor(filters.KV, dtype=torch.float32).expand(channels, 1, 5, 5).clone())


def _filtered(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    kv = network.get_buffer("kv")
    return nn.functional.conv2d(images, kv, padding=2, groups=images.shape[1])


def _initialize(network: nn.Module) -> None:
    """Initialize by N(0, 0.02), as in the code."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


# The authors train S* with Adam at 5e-6, which is too slow for sets of thousands of images.
ROWS = {
    "sgan-s": Network(
        SganS, "SGAN's S", "KV filter, four strided 5 x 5 convolutions with BatchNorm before each",
        "D. Volkhonskiy, I. Nazarov, E. Burnaev, Steganographic generative adversarial networks, arXiv 1703.05502",
        "KV filter, fixed | BatchNorm, 5 x 5 / 2, leaky ReLU 0.2, four times: 64, 128, 256, 512 maps | dense 1",
        "each channel is filtered by itself, then all are mixed",
        recipe=Recipe("adam", 2e-4),
    ),
    "sgan-star": Network(
        SganStar, "SGAN's S* (code)", "four convolutions, poolings of stride 1, 100 dense units",
        "the same, after the authors' code",
        "KV filter, fixed | 7 x 7 x 10, 5 x 5 x 20, maximum 4 x 4 / 1 | 3 x 3 x 30, 3 x 3 x 40, maximum 2 x 2 / 1 | dense "
        "100, 1",
        "each channel is filtered by itself, then all are mixed",
        recipe=Recipe("adam", 2e-4),
    ),
    "sgan-star-text": Network(
        SganStarText, "SGAN's S* (text)", "two convolutions and a pooling, twice, 1024 dense units",
        "the same, after the text",
        "KV filter, fixed | two convolutions and a maximum, twice | dense 1024, 1",
        "each channel is filtered by itself, then all are mixed",
        recipe=Recipe("adam", 2e-4),
    ),
}  # fmt: skip
