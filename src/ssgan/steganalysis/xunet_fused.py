"""Xu-Net's groups as one differentiable function on the processor, faster than layer by layer.

Between two convolutions the batch is gone through once: normalized, bent, pooled and convolved again image by image, while its
maps are near the core, and the sums for the next normalization are taken on the way. Parts of the batch go to threads; their
sums are added up in the order of the parts, so that the numbers do not depend on how many threads there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from ssgan.steganalysis import xunet_loops
from ssgan.steganalysis.batch_parts import Parts
from ssgan.steganalysis.plane_loops import filter_planes


def maps(images: torch.Tensor, kv: torch.Tensor, layers: list[nn.Module], parts: Parts) -> torch.Tensor:
    """float32 images (N, C, H, W) -> the maps of the last convolution among the layers, before its normalization.

    The first group takes magnitudes, the first two bend by tanh, the others by ReLU. Differentiable by the parameters, not by
    the images; the groups' running statistics go on as in training.
    """
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in layers if isinstance(layer, nn.BatchNorm2d)][: len(convolutions) - 1]
    groups = zip(convolutions, norms, strict=False)
    flat = [tensor for convolution, norm in groups for tensor in (convolution.weight, norm.weight, norm.bias)]
    made: torch.Tensor = _Groups.apply(images, kv, norms, parts, *flat, convolutions[-1].weight)  # type: ignore[no-untyped-call]
    return made


class _Part:
    """What one part of the batch brings to a convolution and gets from it, and the way between two memory layouts."""

    def __init__(self, count: int, size: tuple[int, int], weights: np.ndarray) -> None:
        self.count, self.border = count, weights.shape[2] // 2
        # Side by side, the images of a 1 x 1 convolution are one image of one line.
        images, self.size = (count, size) if self.border else (1, (1, count * size[0] * size[1]))
        self.stride = self.size[1] + 2 * self.border
        plane = (self.size[0] + 2 * self.border) * self.stride
        self.x = torch.zeros((images, weights.shape[1], plane)).numpy()
        self.z = torch.empty((images, len(weights), self.size[0] * self.stride)).numpy()
        area = size[0] * size[1]
        self.x_steps, self.z_steps = (self._steps(array, area) for array in (self.x, self.z))
        self.line = size[1] + 2 * self.border  # from one line of an image to the next

    def _steps(self, array: np.ndarray, area: int) -> tuple[int, int]:
        return (array.shape[1] * array.shape[2], array.shape[2]) if self.border else (area, array.shape[2])

    def wide_steps(self, array: np.ndarray) -> tuple[int, int]:
        """The steps of an array (images, C, H stride) made for this part."""
        return (array.shape[1] * array.shape[2], array.shape[2]) if self.border else (self.x_steps[0], array.shape[2])


@dataclass
class _Stage:
    """One convolution with all that its way back needs; where a normalization follows it, also that."""

    index: int
    size: tuple[int, int]
    weights: np.ndarray
    parts: dict[int, _Part] = field(default_factory=dict)
    samples: int = 0  # how many values of one map a batch has
    coefficients: np.ndarray = field(
        default_factory=lambda: np.empty((0, 2), np.float32)
    )  # (O, 2): z times one, plus the other
    mean: np.ndarray = field(default_factory=lambda: np.empty(0))  # float64 (O,): the batch's
    over_deviation: np.ndarray = field(default_factory=lambda: np.empty(0))  # one over its standard deviation

    @property
    def magnitude(self) -> bool:
        return self.index == 0

    @property
    def tanh(self) -> bool:
        return self.index < 2


class _Groups(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, images: torch.Tensor, kv: torch.Tensor, norms: list[nn.BatchNorm2d], parts: Parts, *flat: torch.Tensor
    ) -> torch.Tensor:
        pixels, kernels = images.detach().contiguous().numpy(), kv.detach().numpy()
        arrays = [tensor.detach().contiguous().numpy() for tensor in flat]
        stages: list[_Stage] = []
        size = (images.shape[2], images.shape[3])
        for i, weights in enumerate(arrays[::3]):
            stage = _Stage(i, size, weights, samples=len(pixels) * size[0] * size[1])
            stages.append(stage)
            moments = _forward(stages, pixels, kernels, parts)
            if i < len(norms):
                _normalize(stage, norms[i], arrays[3 * i + 1], arrays[3 * i + 2], moments)
            size = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        ctx.kept = stages, parts
        last = stages[-1]
        made = [
            part.z.reshape(len(last.weights), part.count, *last.size).swapaxes(0, 1) for _, part in sorted(last.parts.items())
        ]
        return torch.from_numpy(np.concatenate(made))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        stages, parts = ctx.kept
        last = stages[-1]
        whole, first = gradients[0].numpy(), 0
        given: dict[int, np.ndarray] = {}
        for i, part in sorted(last.parts.items()):
            given[i] = np.ascontiguousarray(whole[first : first + part.count].swapaxes(0, 1)).reshape(part.z.shape)
            first += part.count
        mix = np.tile(np.array([1, 0, 0], np.float32), (len(last.weights), 1))
        flat: list[torch.Tensor] = []
        for i in reversed(range(len(stages))):
            by_weights, moments, given = _backward(stages[: i + 1], given, mix, parts)
            flat.insert(0, torch.from_numpy(by_weights))
            if i:
                mix, by_scale, by_shift = _normalize_gradient(stages[i - 1], moments)
                flat[:0] = [by_scale, by_shift]
        return None, None, None, None, *flat


def _forward(stages: list[_Stage], pixels: np.ndarray, kernels: np.ndarray, parts: Parts) -> np.ndarray:
    """The last stage's convolution after the one before it, or after the filter; the moments of what it makes."""
    stage, before = stages[-1], stages[-2] if len(stages) > 1 else None
    moments = np.zeros((parts.count, len(stage.weights), 2))

    def work(k: int, first: int, last: int) -> None:
        part = stage.parts[k] = _Part(last - first, stage.size, stage.weights)
        if before is None:
            padded = np.zeros_like(part.x[0])
            for n in range(first, last):
                filter_planes(pixels[n], kernels, padded, part.stride, part.x[n - first])
        else:
            made = before.parts[k]
            xunet_loops.activate(
                made.z.reshape(-1), made.z_steps, made.line, before.coefficients, before.size, before.magnitude, before.tanh,
                part.count, part.x.reshape(-1), part.x_steps, part.border,
            )  # fmt: skip
        xunet_loops.convolve(part.x, stage.weights, part.size, stage.magnitude, part.z, moments[k])

    parts.run(work, len(pixels))
    return moments.sum(axis=0)


def _backward(
    stages: list[_Stage], given: dict[int, np.ndarray], mix: np.ndarray, parts: Parts
) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """(by the last stage's weights, moments of the gradient by what went into the activation before it, that gradient)."""
    stage, before = stages[-1], stages[-2] if len(stages) > 1 else None
    turned = np.ascontiguousarray(stage.weights[:, :, ::-1, ::-1].swapaxes(0, 1))
    if before is None:
        turned = turned[:0]  # nobody asks for the derivative by the pixels
    sums = np.zeros((parts.count, *stage.weights.shape), np.float32)
    moments = np.zeros((parts.count, stage.weights.shape[1], 2))
    bent: dict[int, np.ndarray] = {}

    def work(k: int, first: int, last: int) -> None:
        part = stage.parts[k]
        made = np.empty((len(part.x), len(turned), part.z.shape[2]), np.float32)
        xunet_loops.convolve_gradient(part.x, part.z, given[k], mix, turned, part.size, stage.magnitude, sums[k], made)
        if before is not None:
            earlier = before.parts[k]
            bent[k] = torch.empty(earlier.z.shape).numpy()
            xunet_loops.activate_gradient(
                earlier.z.reshape(-1), earlier.z_steps, earlier.line, before.coefficients, before.size, before.magnitude,
                before.tanh, part.count, made.reshape(-1), part.wide_steps(made), part.line, bent[k].reshape(-1), moments[k],
            )  # fmt: skip

    parts.run(work, sum(part.count for part in stage.parts.values()))
    return sums.sum(axis=0), moments.sum(axis=0), bent


def _normalize(stage: _Stage, norm: nn.BatchNorm2d, weight: np.ndarray, bias: np.ndarray, moments: np.ndarray) -> None:
    """From the sums of the batch, as BatchNorm does it; its running statistics go on."""
    stage.mean = moments[:, 0] / stage.samples
    variance = np.maximum(moments[:, 1] / stage.samples - stage.mean**2, 0)
    stage.over_deviation = 1 / np.sqrt(variance + norm.eps)
    scale = weight * stage.over_deviation
    stage.coefficients = np.stack([scale, bias - scale * stage.mean], axis=1).astype(np.float32)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    unbiased = variance * (stage.samples / (stage.samples - 1))
    norm.running_mean.lerp_(torch.from_numpy(stage.mean).float(), norm.momentum)
    norm.running_var.lerp_(torch.from_numpy(unbiased).float(), norm.momentum)
    norm.num_batches_tracked.add_(1)


def _normalize_gradient(stage: _Stage, moments: np.ndarray) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
    """(mix, by its weight, by its bias): the derivative by the values is a gradient + b values + c, (a, b, c) a row of mix."""
    plain, over = moments[:, 0], stage.over_deviation
    products = (moments[:, 1] - stage.mean * plain) * over  # with the normalized values
    a = stage.coefficients[:, 0].astype(np.float64)
    b = -a * over * products / stage.samples
    c = -a * plain / stage.samples - b * stage.mean
    mix = np.stack([a, b, c], axis=1).astype(np.float32)
    return mix, torch.from_numpy(products).float(), torch.from_numpy(plain).float()
