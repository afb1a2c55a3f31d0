"""Build the extractor: a network that reads the latents of a generator's picture back from a damaged copy.

It sees the copy at half the side of the picture, which is where a drawn cover says its latents (docs/drawn.md), through
convolutions that halve the side down to 4 x 4 and two dense layers. For each latent it gives the mean and the logarithm of the
variance of what the latent may have been; by the normal likelihood both are calibrated.
"""

from __future__ import annotations

import torch
from torch import nn

from ssgan.errors import InvalidSetting

LEAST_SIDE = 4
_DENSE = 6  # widths of the hidden dense layer
_LOG_VARIANCES = (-6.0, 0.5)  # bounds


class Extractor(nn.Module):
    """From Floats (N, C, S, S), gray values less 128 over 64 at half the picture's side, to means and log variances (N, L)."""

    def __init__(self, side: int, channels: int, latent: int, width: int) -> None:
        super().__init__()
        if side < 2 * LEAST_SIDE or side & (side - 1):
            raise InvalidSetting(f"the picture's side is {2 * side}; it must be a power of two from 16", hint="give 64 or 128")
        layers: list[nn.Module] = [_block(channels, width, 1)]
        maps, number = width, 1
        while side > LEAST_SIDE:
            number += 1
            layers.append(_block(maps, number * width, 2))
            maps, side = number * width, side // 2
            if side == 2 * LEAST_SIDE:
                layers.append(_block(maps, maps, 1))
        self.layers = nn.ModuleList(layers)
        self.hidden = nn.Linear(maps * side * side, _DENSE * width, bias=False)
        self.norm = nn.BatchNorm1d(_DENSE * width)
        self.last = nn.Linear(_DENSE * width, 2 * latent)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, floats: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return means and log variances, (N, L) each."""
        for layer in self.layers:
            floats = layer(floats)
        hidden = torch.relu(self.norm(self.hidden(floats.flatten(1))))
        means, log_variances = self.last(hidden).chunk(2, dim=1)
        return means, log_variances.clamp(*_LOG_VARIANCES)


def _block(maps: int, made: int, stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(maps, made, 3, stride, 1, bias=False), nn.BatchNorm2d(made), nn.ReLU())
