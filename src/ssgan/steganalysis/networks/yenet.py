"""Ye-Net: the rich model's thirty filters as a trainable first layer, clipped by a truncated linear unit; no BatchNorm.

J. Ye, J. Ni, Y. Yi, "Deep learning hierarchical representations for image steganalysis", IEEE TIFS 12(11), 2017. Padded, and
averaged to 3 x 3 in place of the last stride, so that any size from 32 on works.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe

THRESHOLD = 3.0  # of the truncated linear unit


class YeNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W) to logits (N,). Color: the filters see each channel, and are added.

    Change probabilities float (N, C, H, W), where given, pass through the filters' magnitudes and are added after the first
    layer: the selection-channel-aware form of the paper.
    """

    uses_probabilities: bool = True  # a second argument of forward

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        bank = torch.tensor(filters.srm_bank(), dtype=torch.float32)[:, None]  # (30, 1, 5, 5)
        self.first = nn.Conv2d(channels, 30, 5, padding=2)
        self.layers = nn.Sequential(
            nn.Conv2d(30, 30, 3, padding=1), nn.ReLU(),
            nn.Conv2d(30, 30, 3, padding=1), nn.ReLU(),
            nn.Conv2d(30, 30, 3, padding=1), nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(30, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, stride=2, padding=1),
            nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, stride=2, padding=1),
            nn.Conv2d(32, 32, 5, padding=2), nn.ReLU(), nn.AvgPool2d(3, stride=2, padding=1),
            nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.dense = nn.Linear(16 * 9, 1)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, 0.2)
        with torch.no_grad():
            self.first.weight.copy_(bank.expand(-1, channels, -1, -1) / channels)
            self.first.bias.zero_()  # type: ignore[union-attr]
        nn.init.normal_(self.dense.weight, std=0.01)
        nn.init.zeros_(self.dense.bias)

    def forward(self, images: torch.Tensor, change_probabilities: torch.Tensor | None = None) -> torch.Tensor:
        """Return one logit an image."""
        x = self.first(images).clamp(-THRESHOLD, THRESHOLD)  # (N, 30, H, W)
        if change_probabilities is not None:
            x = x + nn.functional.conv2d(change_probabilities, self.first.weight.abs(), padding=2)
        x = nn.functional.adaptive_avg_pool2d(self.layers(x), 3)  # (N, 16, 3, 3)
        logit: torch.Tensor = self.dense(x.flatten(1)).squeeze(1)
        return logit


# The optimizer is the paper's.
ROWS = {
    "yenet": Network(
        YeNet, "Ye-Net", "thirty SRM filters that learn on, truncated linear unit, no BatchNorm",
        "J. Ye, J. Ni, Y. Yi, Deep learning hierarchical representations for image steganalysis, IEEE TIFS 12(11), 2017",
        "thirty SRM filters 5 x 5, trained on, clipped to -3...3 | 3 x 3 x 30, ReLU, three times, average 2 x 2 | 5 x 5 x "
        "32, ReLU, "
        "average 3 x 3 / 2, three times | 3 x 3 x 16, ReLU, twice | average to 3 x 3 | dense 1",
        "the thirty filters see each channel, and are added up",
        recipe=Recipe("adadelta", 0.4, 5e-4, batch_pairs=16), begins_images=100_000,
    ),
}  # fmt: skip
