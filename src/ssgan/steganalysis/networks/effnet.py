"""A small EfficientNet without early strides, as the winners of ALASKA2 used them, for color and for a processor.

From EfficientNet-B0 (M. Tan, Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019): the
MBConv block (1 x 1 widens, depthwise, squeeze-and-excitation to a quarter of the block's input, 1 x 1 narrows, shortcut where
the shape stays), SiLU, BatchNorm, the kernels and nearly the maps of the first stages. From the surgery of Y. Yousfi, J.
Butora, E. Khvedchenya, J. Fridrich, "ImageNet pre-trained CNNs for JPEG steganalysis", WIFS 2020: no stride in the stem, so
that the first stage sees every pixel. Ours: fewer and narrower stages; a stem that starts from the rich model's filters, since
there is no pretraining to start from; nothing random in training (no dropout, no dropped blocks), so that it resumes exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.network import Network, Recipe


@dataclass(frozen=True)
class BlockStage:
    """A number of MBConv blocks, the first with a stride; `widening` is the growth of the maps inside."""

    maps: int
    blocks: int
    kernel: int
    stride: int
    widening: int


# B0 has 16 x 1, 24 x 2, 40 x 2, 80 x 3, 112 x 3, 192 x 4, 320 x 1 maps x blocks, of which the first stage does not widen.
STAGES = (
    BlockStage(24, 2, 3, 1, 1),
    BlockStage(24, 2, 3, 2, 4),
    BlockStage(40, 2, 5, 2, 4),
    BlockStage(80, 3, 3, 2, 4),
)
HEAD = 320
SQUEEZE = 4
# In the bank of thirty: the second differences, the two squares and the edges of the small one.
COLOR_FILTERS = (8, 9, 10, 11, 20, 21, 22, 23, 24, 25)


class EffNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W), any size from 32 on, to logits (N,).

    The stem makes thirty maps: of gray images by the thirty filters, of color ones by ten for each channel; the first stage
    mixes the channels.
    """

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 30, 5, padding=2, bias=False)
        blocks, before = [], 30
        for stage in STAGES:
            for i in range(stage.blocks):
                blocks.append(MbConv(before, stage, stride=stage.stride if i == 0 else 1))
                before = stage.maps
        self.layers = nn.Sequential(nn.BatchNorm2d(30), nn.SiLU(), *blocks, *_normed(before, HEAD, 1), nn.SiLU())
        self.dense = nn.Linear(HEAD, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        bank = torch.tensor(filters.srm_bank(), dtype=torch.float32)
        with torch.no_grad():
            if channels == 1:
                self.stem.weight.copy_(bank[:, None])
            else:
                self.stem.weight.zero_()
                for channel in range(channels):
                    self.stem.weight[channel * 10 : channel * 10 + 10, channel] = bank[list(COLOR_FILTERS)]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        x = self.layers(self.stem(images)).mean(dim=(2, 3))  # (N, 320)
        logit: torch.Tensor = self.dense(x).squeeze(1)
        return logit


class MbConv(nn.Module):
    """A block that widens, filters each map, weighs the maps and narrows, with a shortcut where the shape stays."""

    def __init__(self, before: int, stage: BlockStage, *, stride: int) -> None:
        super().__init__()
        wide = before * stage.widening
        self.widen = nn.Sequential(*_normed(before, wide, 1), nn.SiLU()) if stage.widening > 1 else nn.Identity()
        self.depthwise = nn.Sequential(*_normed(wide, wide, stage.kernel, stride=stride, groups=wide), nn.SiLU())
        self.squeeze = nn.Conv2d(wide, before // SQUEEZE, 1)
        self.excite = nn.Conv2d(before // SQUEEZE, wide, 1)
        self.narrow = nn.Sequential(*_normed(wide, stage.maps, 1))
        self.shortcut = stride == 1 and before == stage.maps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return maps (N, before, H, W) -> (N, stage.maps, H / stride, W / stride)."""
        y = self.depthwise(self.widen(x))
        weights = self.excite(nn.functional.silu(self.squeeze(y.mean(dim=(2, 3), keepdim=True)))).sigmoid()  # (N, wide, 1, 1)
        y = self.narrow(y * weights)
        return x + y if self.shortcut else y


def _normed(before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1) -> tuple[nn.Module, nn.Module]:
    layer = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
    return layer, nn.BatchNorm2d(after)


ROWS = {
    "effnet": Network(
        EffNet, "EfficientNet, unstrided", "MBConv blocks that see every pixel first, small enough for a processor",
        "after M. Tan, Q. Le, EfficientNet, ICML 2019, and Y. Yousfi, J. Butora, E. Khvedchenya, J. Fridrich, ImageNet "
        "pre-trained CNNs for JPEG steganalysis, IEEE WIFS 2020",
        "5 x 5 x 30 from SRM filters, trained on, BatchNorm, SiLU | MBConv 3 x 3 x 24, twice | MBConv 3 x 3 / 2 x 24, twice, "
        "widening by 4 | MBConv 5 x 5 / 2 x 40, twice, by 4 | MBConv 3 x 3 / 2 x 80, three times, by 4 | 1 x 1 x 320, "
        "BatchNorm, SiLU | global average | dense 1",
        "ten filters a channel, which the first block mixes",
        recipe=Recipe("adamax", 4e-3, 1e-4, batch_pairs=16),
    ),
}  # fmt: skip
