"""Xu-Net: five groups after a fixed high-pass filter; magnitudes, TanH and 1 x 1 convolutions limit it to noise statistics.

G. Xu, H.-Z. Wu, Y.-Q. Shi, "Structural design of convolutional neural networks for steganalysis", IEEE SPL 23(5), 2016. The
order convolution, magnitude, BatchNorm in the first group is the paper's.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.compute.threads import Parts
from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe
from ssgan.steganalysis.networks.fused import xunet_fused


class XuNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W), any size, to logits (N,). Color: channels are filtered, then
    mixed.
    """

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.register_buffer("kv", torch.tensor(filters.KV, dtype=torch.float32).expand(channels, 1, 5, 5).clone())
        self.kv: torch.Tensor
        self.first = nn.Conv2d(channels, 8, 5, padding=2, bias=False)
        self.first_norm = nn.BatchNorm2d(8)
        self.groups = nn.Sequential(
            nn.Tanh(), _pool(),
            nn.Conv2d(8, 16, 5, padding=2, bias=False), nn.BatchNorm2d(16), nn.Tanh(), _pool(),
            nn.Conv2d(16, 32, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), _pool(),
            nn.Conv2d(32, 64, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), _pool(),
            nn.Conv2d(64, 128, 1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
        )  # fmt: skip
        self.dense = nn.Linear(128, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
        nn.init.xavier_uniform_(self.dense.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        x = nn.functional.conv2d(images, self.kv, padding=2, groups=images.shape[1])
        x = self.groups(self.first_norm(self.first(x).abs()))  # (N, 128, H / 16, W / 16)
        logit: torch.Tensor = self.dense(x.mean(dim=(2, 3))).squeeze(1)
        return logit

    def fused(self, images: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return the same in training, float32 on the processor, without a derivative by the images."""
        layers = [self.first, self.first_norm, *self.groups]
        if any(isinstance(layer, nn.BatchNorm2d) and type(layer) is not nn.BatchNorm2d for layer in layers):
            return self(images)  # statistics of several processes together
        logit: torch.Tensor = self.dense(xunet_fused.features(images, self.kv, layers, parts)).squeeze(1)
        return logit


def _pool() -> nn.Module:
    return nn.AvgPool2d(5, stride=2, padding=2)


# The paper's SGD stays at chance for long on thousands of images; Adamax does not.
ROWS = {
    "xunet": Network(
        XuNet, "Xu-Net", "KV filter, magnitudes, TanH, then 1 x 1 convolutions and a global average",
        "G. Xu, H.-Z. Wu, Y.-Q. Shi, Structural design of convolutional neural networks for steganalysis, IEEE SPL 23(5), 2016",
        "KV filter, fixed | 5 x 5 x 8, magnitude, BatchNorm, TanH | 5 x 5 x 16, BatchNorm, TanH | 1 x 1 x 32, 64, 128, "
        "BatchNorm, "
        "ReLU | an average 5 x 5 / 2 after each of the first four, global after the last | dense 1",
        "each channel is filtered by itself, then all are mixed",
        recipe=Recipe("adamax", 2e-3, 1e-4),
    ),
}  # fmt: skip
