"""SRNet: residual layers without a fixed filter, and no pooling until the seventh, so that noise is not averaged away.

M. Boroumand, M. Chen, J. Fridrich, "Deep residual network for steganalysis of digital images", IEEE TIFS 14(5), 2019.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.compute.threads import Parts
from ssgan.steganalysis.network import Network, Recipe
from ssgan.steganalysis.networks.fused.normalized import normalized

WIDE = 12  # from this layer on, another memory order of the weights costs more in each step than it saves


class SrNet(nn.Module):
    """A network from gray values 0...255 float (N, C, H, W), any size from 32 on, to logits (N,). Color: the first layer mixes
    channels.
    """

    def __init__(self, image_size: int = 64, channels: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _plain(channels, 64), nn.ReLU(), _plain(64, 16), nn.ReLU(),  # type 1
            *(_Unpooled(16) for _ in range(5)),  # type 2
            _Pooled(16, 16), _Pooled(16, 64), _Pooled(64, 128), _Pooled(128, 256),  # type 3
            _plain(256, 512), nn.ReLU(), _plain(512, 512),  # type 4
        )  # fmt: skip
        self.dense = nn.Linear(512, 1, bias=False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                if layer.bias is not None:
                    nn.init.constant_(layer.bias, 0.2)
        nn.init.normal_(self.dense.weight, std=0.01)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit an image."""
        return self._judged(self.layers(images))

    def fused(self, images: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return the same in training, in float32 on the processor, with BatchNorm and ReLU fused and adjacent channels."""
        if any(isinstance(layer, nn.BatchNorm2d) and type(layer) is not nn.BatchNorm2d for layer in self.modules()):
            return self(images)  # statistics of several processes together
        x = images
        for layer in list(self.layers)[:WIDE]:
            if isinstance(layer, _Unpooled | _Pooled):
                x = layer.fused(x, parts)
            elif isinstance(layer, nn.Sequential):
                x = _fused(layer, x, parts, rectified=True)
        return self._judged(self.layers[WIDE:](x.contiguous()))

    def _judged(self, x: torch.Tensor) -> torch.Tensor:
        logit: torch.Tensor = self.dense(x.mean(dim=(2, 3))).squeeze(1)
        return logit


class _Unpooled(nn.Module):
    """A block of type 2: x + [convolution, BatchNorm, ReLU, convolution, BatchNorm](x)."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(_plain(maps, maps), nn.ReLU(), _plain(maps, maps))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        moved: torch.Tensor = x + self.branch(x)
        return moved

    def fused(self, x: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return the same with BatchNorm and ReLU fused."""
        return x + _fused(self.branch[2], _fused(self.branch[0], x, parts, rectified=True), parts)


class _Pooled(nn.Module):
    """A block of type 3: the same, pooled to half the side, beside a strided 1 x 1 convolution."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            _plain(before, after), nn.ReLU(), _plain(after, after), nn.AvgPool2d(3, stride=2, padding=1)
        )
        self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride=2), nn.BatchNorm2d(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        halved: torch.Tensor = self.shortcut(x) + self.branch(x)
        return halved

    def fused(self, x: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Return the same with BatchNorm and ReLU fused."""
        branched = _fused(self.branch[2], _fused(self.branch[0], x, parts, rectified=True), parts)
        halved: torch.Tensor = _fused(self.shortcut, x, parts) + self.branch[3](branched)
        return halved


def _plain(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after))


def _fused(layer: nn.Module, x: torch.Tensor, parts: Parts, *, rectified: bool = False) -> torch.Tensor:
    """Return a convolution with its BatchNorm, and ReLU after it."""
    assert isinstance(layer, nn.Sequential)
    return normalized(layer[0](x), layer[1], parts, rectified=rectified)


# The optimizer is the paper's. It begins after ten epochs of 14,000 pairs, after a public log in which its training accuracy
# first passes 0.55 there.
ROWS = {
    "srnet": Network(
        SrNet, "SRNet", "residual layers without a fixed filter, unpooled up to the seventh",
        "M. Boroumand, M. Chen, J. Fridrich, Deep residual network for steganalysis of digital images, IEEE TIFS 14(5), 2019",
        "3 x 3 x 64, 3 x 3 x 16, BatchNorm, ReLU | x + [3 x 3 x 16, BatchNorm, ReLU, 3 x 3 x 16, BatchNorm], five times | "
        "the same "
        "with average 3 x 3 / 2 beside 1 x 1 / 2: 16, 64, 128, 256 | 3 x 3 x 512, BatchNorm, ReLU, 3 x 3 x 512, BatchNorm | "
        "global "
        "average | dense 1",
        "the first layer mixes the channels",
        published="S-UNIWARD at 0.4: 0.102, 256 x 256 of BOSSbase and BOWS2 (the paper, as github.com/brijeshiitg/"
        "Pytorch-implementation-of-SRNet quotes its accuracy, 89.77 %)",
        recipe=Recipe("adamax", 1e-3, 2e-4, batch_pairs=16), begins_images=280_000,
    ),
}  # fmt: skip
