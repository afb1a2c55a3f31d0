"""Zhu-Net: the rich model's filters in 3 x 3 and 5 x 5, separable convolutions with a shortcut, pooling over a pyramid.

R. Zhang, F. Zhu, J. Liu, G. Liu, "Depth-wise separable convolutions and multi-level pooling for an efficient spatial CNN-based
steganalysis", IEEE TIFS 15, 2020. Layers, their order and the initial weights are those of the code that calls itself official
(github.com/1204BUPT/Zhu-Net-image-steganalysis). Two others that were read, github.com/niefengxxx/SepNet and
github.com/kevin2li/steganalysis_pl, do not rectify after the shortcut. The trainer of the first, unless told otherwise, leaves
the filters as they are; here they learn on, as the abstract says. How the pyramid is cut where a side is no multiple of 32,
what becomes of color, and how third differences fit into 3 x 3 is ours.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe

SMALL, LARGE = 25, 5  # filters of 3 x 3 and 5 x 5
PYRAMID = (1, 2, 4)  # parts of each side that the last maps are averaged over


class ZhuNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W), any size from 32 on, to logits (N,).

    Color: the thirty filters see each channel by itself, and the first separable convolution mixes the channels; the shortcut
    around it then needs a 1 x 1 convolution, which starts by handing on each filter from one channel, in turn: their mean would
    weaken a change to a third.
    """

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        residuals = (SMALL + LARGE) * channels
        self.small = nn.Conv2d(channels, SMALL * channels, 3, padding=1, groups=channels)
        self.large = nn.Conv2d(channels, LARGE * channels, 5, padding=2, groups=channels)
        self.shortcut = nn.Identity() if channels == 1 else nn.Conv2d(residuals, 30, 1, bias=False)
        self.depthwise = nn.Conv2d(residuals, 2 * residuals, 3, padding=1, groups=residuals)
        self.mixed = nn.Sequential(
            nn.Conv2d(2 * residuals, 30, 1), nn.BatchNorm2d(30), nn.ReLU(),
            nn.Conv2d(30, 60, 3, padding=1, groups=30), nn.Conv2d(60, 30, 1), nn.BatchNorm2d(30),
        )  # fmt: skip
        self.groups = nn.Sequential(
            nn.ReLU(),
            *_group(30, 32), nn.AvgPool2d(5, stride=2, padding=2),
            *_group(32, 32), nn.AvgPool2d(5, stride=2, padding=2),
            *_group(32, 64), nn.AvgPool2d(5, stride=2, padding=2),
            *_group(64, 128),
        )  # fmt: skip
        self.dense = nn.Sequential(nn.Linear(128 * sum(side**2 for side in PYRAMID), 1024), nn.ReLU(), nn.Linear(1024, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        self._start_from_the_filters(channels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        x = torch.cat([self.small(images), self.large(images)], dim=1)  # (N, 30 C, H, W)
        x = self.groups(self.shortcut(x) + self.mixed(self.depthwise(x).abs()))  # (N, 128, H / 8, W / 8)
        parts = [nn.functional.adaptive_avg_pool2d(x, side).flatten(1) for side in PYRAMID]
        logit: torch.Tensor = self.dense(torch.cat(parts, dim=1)).squeeze(1)  # of (N, 2688)
        return logit

    def _start_from_the_filters(self, channels: int) -> None:
        small, large = (torch.tensor(bank, dtype=torch.float32)[:, None] for bank in filter_banks())
        with torch.no_grad():
            for layer, bank in ((self.small, small), (self.large, large)):
                layer.weight.copy_(bank.repeat(channels, 1, 1, 1))
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            if isinstance(self.shortcut, nn.Conv2d):
                nn.init.zeros_(self.shortcut.weight)
                for i in range(SMALL + LARGE):  # the small filters' maps come first, channel by channel
                    first, count, which = (0, SMALL, i) if i < SMALL else (SMALL * channels, LARGE, i - SMALL)
                    self.shortcut.weight[i, first + i % channels * count + which] = 1


def filter_banks() -> tuple[np.ndarray, np.ndarray]:
    """Return the rich model's filters as float64 (25, 3, 3) and (5, 5, 5), the second being the 5 x 5 square and its edges.

    A third difference has four taps in a row, one more than fit into 3 x 3: the outermost goes to its neighbor, so that a flat
    image still leaves no residual. Merely cut off, as in another reading of the paper, it would let the brightness through.
    """
    bank = filters.srm_bank()
    small = np.zeros((SMALL, 3, 3))
    for kernel, row, column in np.argwhere(bank[:SMALL]):
        small[kernel, min(max(row - 1, 0), 2), min(max(column - 1, 0), 2)] += bank[kernel, row, column]
    return small, bank[SMALL:]


def _group(before: int, after: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()


# SGD: Adamax moves all inputs of the wide dense layer one way at first, and in color the layer died of it.
ROWS = {
    "zhunet": Network(
        ZhuNet, "Zhu-Net", "smaller SRM filters that learn on, separable convolutions, pooling over a pyramid",
        "R. Zhang, F. Zhu, J. Liu, G. Liu, Depth-wise separable convolutions and multi-level pooling for an efficient spatial "
        "CNN-based steganalysis, IEEE TIFS 15, 2020",
        "25 SRM filters 3 x 3 and 5 of 5 x 5, trained on | x + [depthwise 3 x 3 x 60, magnitude, 1 x 1 x 30, BatchNorm, ReLU, "
        "depthwise 3 x 3 x 60, 1 x 1 x 30, BatchNorm], ReLU | 3 x 3 x 32, 32, 64, 128, BatchNorm, ReLU | an average 5 x 5 / 2 "
        "after each of the first three, over 1 x 1, 2 x 2 and 4 x 4 parts after the last: 2688 | dense 1024, 1, ReLU",
        "thirty maps a channel, which the first separable convolution mixes",
        recipe=Recipe("sgd", 1e-2, 1e-4, batch_pairs=16),
    ),
}  # fmt: skip
