"""Yedroudj-Net: the rich model's thirty filters fixed, then truncations, BatchNorm with its own scale, and wider layers.

M. Yedroudj, F. Comby, M. Chaumont, "Yedroudj-Net: an efficient CNN for spatial steganalysis", ICASSP 2018; the layers of the
authors' Caffe definition, not of their later PyTorch one.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe

FIRST_TRUNCATION, SECOND_TRUNCATION = 3.0, 2.0


class YedroudjNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W), any size from 32 on, to logits (N,). Color: thirty maps a
    channel.
    """

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        bank = torch.tensor(filters.srm_bank(), dtype=torch.float32)[:, None]
        self.register_buffer("bank", bank.repeat(channels, 1, 1, 1))  # (30 C, 1, 5, 5)
        self.bank: torch.Tensor
        self.first = nn.Conv2d(30 * channels, 30, 5, padding=2, bias=False)
        self.first_norm = nn.BatchNorm2d(30)
        self.second = nn.Conv2d(30, 30, 5, padding=2, bias=False)
        self.second_norm = nn.BatchNorm2d(30)
        self.groups = nn.Sequential(
            nn.AvgPool2d(5, stride=2, padding=2),
            nn.Conv2d(30, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(), nn.AvgPool2d(5, stride=2, padding=2),
            nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.AvgPool2d(5, stride=2, padding=2),
            nn.Conv2d(64, 128, 3, padding=1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        x = nn.functional.conv2d(images, self.bank, padding=2, groups=images.shape[1])  # (N, 30 C, H, W)
        x = self.first_norm(self.first(x).abs()).clamp(-FIRST_TRUNCATION, FIRST_TRUNCATION)
        x = self.second_norm(self.second(x)).clamp(-SECOND_TRUNCATION, SECOND_TRUNCATION)
        x = self.groups(x).mean(dim=(2, 3))  # (N, 128)
        logit: torch.Tensor = self.dense(x).squeeze(1)
        return logit


ROWS = {
    "yedroudj": Network(
        YedroudjNet, "Yedroudj-Net", "thirty fixed SRM filters, truncations, BatchNorm, wider dense layers",
        "M. Yedroudj, F. Comby, M. Chaumont, Yedroudj-Net: an efficient CNN for spatial steganalysis, ICASSP 2018",
        "thirty SRM filters 5 x 5, fixed | 5 x 5 x 30, magnitude, BatchNorm, clipped to -3...3 | 5 x 5 x 30, BatchNorm, "
        "clipped to "
        "-2...2 | 3 x 3 x 32, 64, 128, BatchNorm, ReLU | averages 5 x 5 / 2, global after the last | dense 256, 1024, 1",
        "thirty maps a channel, then all are mixed",
        recipe=Recipe("sgd", 1e-2, 1e-4, batch_pairs=16), begins_images=100_000,
    ),
}  # fmt: skip
