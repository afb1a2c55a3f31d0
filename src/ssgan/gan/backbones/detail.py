"""The detail network: the law of every sample of a picture, given the picture at half its size and the samples drawn before.

    y, phases drawn before --3x3, 3x3, 1x1, 1x1--> mean, scale, weights of colors and neighbors of the next phase's planes

    mean of a plane = y + 16 o + sum over planes before it: weight * residual, + sum over its neighbors: weight * residual

A residual is a sample less the mean of its plane before its neighbors are added. Each law is logistic, so the loss, the mean
of -log2 of the probabilities, is the number of bits that a sample carries (docs/drawn.md). The network that draws is this one
in integers (`ssgan.drawn.model`); the bounds of weights and means here are those there.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from ssgan.drawn.planes import COLORS, NEIGHBORS, PHASES, header_plane, layout, outputs

SLOPE = 0.25  # of the leaky ReLU
COLOR_BOUND, NEIGHBOR_BOUND = 2.0, 1.0  # of the weights
LOG2_SCALES = (-2.0, 41 / 6 - 2)  # of the tables, least and largest
_LEAST = 2.0**-20  # probability in the loss; the tables of the integer model end at 2^-16


class Law(NamedTuple):
    """Mean, float32 (N, 1, H / 2, W / 2) in gray values, and log2 of the scale of each sample of a plane."""

    mean: torch.Tensor
    log2_scale: torch.Tensor


class Phase(nn.Module):
    """The network of one phase: float32 (N, C (phase + 1), H / 2, W / 2) -> (N, outputs, H / 2, W / 2)."""

    def __init__(self, phase: int, channels: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels * (phase + 1), width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.third = nn.Conv2d(width, width, 1)
        self.last = nn.Conv2d(width, outputs(phase, channels), 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return all values of a phase."""
        for layer in (self.first, self.second, self.third):
            x = functional.leaky_relu(layer(x), SLOPE)
        found: torch.Tensor = self.last(x)
        return found


class Detail(nn.Module):
    """The four networks of a stage, for pictures of `channels` 1 or 3."""

    def __init__(self, channels: int = 3, width: int = 64) -> None:
        super().__init__()
        self.channels, self.width = channels, width
        self.phases = nn.ModuleList(Phase(phase, channels, width) for phase in range(len(PHASES)))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def laws(self, y: torch.Tensor, planes: torch.Tensor) -> list[list[Law]]:
        """Return the laws of each phase and plane.

        y       float32 (N, C, H / 2, W / 2): half-size picture with noise, in gray values, channels as in the picture
        planes  float32 (N, 4, C, H / 2, W / 2): the samples, in the order of `planes_of`
        """
        ordered = y[:, list(COLORS[self.channels])]
        inputs, laws = [(ordered - 128) / 64], []
        for number, network in enumerate(self.phases):
            values = network(torch.cat(inputs, dim=1))
            laws.append(_laws(values, ordered, planes[:, number], number))
            inputs.append((planes[:, number] - ordered) / 16)
        return laws

    def bits(self, y: torch.Tensor, planes: torch.Tensor) -> torch.Tensor:
        """Return the mean number of bits a sample of each phase and plane, float32 (4, C)."""
        rows = []
        for number, laws in enumerate(self.laws(y, planes)):
            rows.append(torch.stack([bits(law, planes[:, number, p : p + 1]).mean() for p, law in enumerate(laws)]))
        return torch.stack(rows)


def planes_of(pictures: torch.Tensor) -> torch.Tensor:
    """Return (N, C, H, W) -> (N, 4, C, H / 2, W / 2), as `ssgan.drawn.planes.split` has it."""
    ordered = pictures[:, list(COLORS[pictures.shape[1]])]
    return torch.stack([ordered[:, :, row::2, column::2] for row, column in PHASES], dim=1)


def bits(law: Law, samples: torch.Tensor) -> torch.Tensor:
    """Return -log2 P(v) = -log2(F((v + 1/2 - mean) / s) - F((v - 1/2 - mean) / s)); 0 and 255 take the tails."""
    scale = torch.exp2(-law.log2_scale.clamp(*LOG2_SCALES))
    above, below = (samples + 0.5 - law.mean) * scale, (samples - 0.5 - law.mean) * scale
    # By symmetry on the side where both values of F are small, so that their difference is exact.
    upper = samples > law.mean
    high = torch.where(samples > 254.5, math.inf, above)
    low = torch.where(samples < 0.5, -math.inf, below)
    first, second = torch.where(upper, -low, high), torch.where(upper, -high, low)
    return -torch.log2((torch.sigmoid(first) - torch.sigmoid(second)).clamp(min=_LEAST))


def _laws(values: torch.Tensor, y: torch.Tensor, samples: torch.Tensor, phase: int) -> list[Law]:
    """Return the laws of a phase's planes from its network's values."""
    means, scales, colors, neighbors, _ = layout(phase, y.shape[1])
    laws: list[Law] = []
    residuals: list[torch.Tensor] = []
    for plane in range(y.shape[1]):
        base = y[:, plane : plane + 1] + 16 * values[:, means[plane]].unsqueeze(1)
        for weight, residual in zip(colors[plane], residuals, strict=True):
            base = base + values[:, weight].unsqueeze(1).clamp(-COLOR_BOUND, COLOR_BOUND) * residual
        residuals.append(samples[:, plane : plane + 1] - base)
        mean = base
        if neighbors[plane]:
            padded = functional.pad(residuals[-1], (1, 1, 1, 1))
            height, width = base.shape[2:]
            for weight, (row, column) in zip(neighbors[plane], NEIGHBORS, strict=True):
                moved = padded[:, :, 1 + row : 1 + row + height, 1 + column : 1 + column + width]
                mean = mean + values[:, weight].unsqueeze(1).clamp(-NEIGHBOR_BOUND, NEIGHBOR_BOUND) * moved
        log2_scale = values[:, scales[plane]].unsqueeze(1)
        laws.append(Law(mean, log2_scale.clamp(min=0.0) if header_plane(phase, plane) else log2_scale))
    return laws
