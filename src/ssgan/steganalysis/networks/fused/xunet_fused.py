"""Compute Xu-Net's groups as one differentiable function on the processor, faster than layer by layer.

Between two convolutions there is one pass over the batch: each image is normalized, bent, pooled and convolved again while its
maps are in the cache, and the sums for the next normalization are taken in the same pass. Parts of the batch go to threads;
their sums are added up in the order of the parts, so that the numbers do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from ssgan.compute.threads import Parts
from ssgan.steganalysis.networks.fused import xunet_loops
from ssgan.steganalysis.networks.fused.normalization import Normalization
from ssgan.steganalysis.networks.fused.plane_loops import filter_planes


def features(images: torch.Tensor, kv: torch.Tensor, layers: Sequence[nn.Module], parts: Parts) -> torch.Tensor:
    """Return the last group's means (N, O) of float32 images (N, C, H, W), through `layers` with every activation and pooling.

    The first group takes magnitudes, the first two bend by tanh, the others by ReLU; the last averages over all. Differentiable
    by the parameters, not by the images; the running statistics are updated as in training.
    """
    norms = [layer for layer in layers if isinstance(layer, nn.BatchNorm2d)]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    groups = zip(convolutions, norms, strict=True)
    flat = [tensor for convolution, norm in groups for tensor in (convolution.weight, norm.weight, norm.bias)]
    made: torch.Tensor = _Groups.apply(images, kv, norms, parts, *flat)  # type: ignore[no-untyped-call]
    return made


class _Part:
    """Inputs and outputs of a convolution for one part of the batch, in the memory layout that suits the convolution."""

    def __init__(self, count: int, size: tuple[int, int], weights: np.ndarray) -> None:
        border, (height, width) = weights.shape[2] // 2, size
        self.count, self.border, self.line = count, border, width + 2 * border  # from one line of an image to the next
        # Side by side, the images of a 1 x 1 convolution are one image of one line.
        self.together = 1 if border else count
        self.size = size if border else (1, count * height * width)
        self.x = _empty(count // self.together, weights.shape[1], self.together * (height + 2 * border) * self.line)
        self.z = _empty(count // self.together, len(weights), self.together * height * self.line)
        self.by_values = self.z  # on the way back, laid out like z: the derivative by the normalized values

    def steps(self, array: np.ndarray) -> tuple[int, int]:
        """Return the strides from one image and one map to the next, in an array (images / together, maps, numbers)."""
        return array[0].size if self.together == 1 else array.shape[2] // self.together, array.shape[2]


@dataclass
class _Stage:
    """One group with everything that its backward pass needs."""

    index: int
    size: tuple[int, int]
    weights: np.ndarray
    parts: dict[int, _Part] = field(default_factory=dict)
    normalization: Normalization = field(init=False)

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
        arrays = [weights.detach().contiguous().numpy() for weights in flat[::3]]
        stages: list[_Stage] = []
        size = (images.shape[2], images.shape[3])
        for norm, weights in zip(norms, arrays, strict=True):
            stages.append(_Stage(len(stages), size, weights))
            moments = _forward(stages, pixels, kernels, parts)
            stages[-1].normalization = Normalization(norm, moments, len(pixels) * size[0] * size[1])
            size = ((size[0] + 1) // 2, (size[1] + 1) // 2)
        out = torch.empty((len(pixels), len(arrays[-1])))
        _average(stages[-1], out.numpy(), parts)
        ctx.kept = stages, parts
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        stages, parts = ctx.kept
        moments = _average_gradient(stages[-1], gradients[0].contiguous().numpy(), parts)
        flat: list[torch.Tensor] = []
        for i in reversed(range(len(stages))):
            mix, by_scale, by_shift = stages[i].normalization.gradient(moments)
            by_weights, moments = _backward(stages[: i + 1], mix, parts)
            flat[:0] = [torch.from_numpy(by_weights), by_scale, by_shift]
        return None, None, None, None, *flat


def _forward(stages: list[_Stage], pixels: np.ndarray, kernels: np.ndarray, parts: Parts) -> np.ndarray:
    """Run the last stage's convolution after the earlier stage or the filter; return the moments of its output."""
    stage, before = stages[-1], stages[-2] if len(stages) > 1 else None
    moments = np.zeros((parts.count, len(stage.weights), 2))

    def work(k: int, first: int, last: int) -> None:
        part = stage.parts[k] = _Part(last - first, stage.size, stage.weights)
        if before is None:
            part.x[:] = 0
            padded = np.zeros_like(part.x[0])
            for n in range(first, last):
                filter_planes(pixels[n], kernels, padded, part.line, part.x[n - first])
        else:
            made = before.parts[k]
            xunet_loops.activate(
                made.z.reshape(-1), made.steps(made.z), made.line, before.normalization.coefficients, before.size,
                before.magnitude, before.tanh, part.count, part.x.reshape(-1), part.steps(part.x), part.border,
            )  # fmt: skip
        xunet_loops.convolve(part.x, stage.weights, part.size, stage.magnitude, part.z, moments[k])

    parts.run(work, len(pixels))
    return moments.sum(axis=0)


def _average(stage: _Stage, out: np.ndarray, parts: Parts) -> None:
    def work(k: int, first: int, last: int) -> None:
        part = stage.parts[k]
        area = stage.size[0] * stage.size[1]
        xunet_loops.average(
            part.z.reshape(-1), part.steps(part.z), area, stage.normalization.coefficients, part.count, out[first:last]
        )

    parts.run(work, len(out))


def _average_gradient(stage: _Stage, given: np.ndarray, parts: Parts) -> np.ndarray:
    """Run the backward pass into the last stage from the derivative by its means (N, O); return its moments."""
    moments = np.zeros((parts.count, given.shape[1], 2))

    def work(k: int, first: int, last: int) -> None:
        _activate_gradient(stage, stage.parts[k], given[first:last], (given.shape[1], 1), 0, moments[k])

    parts.run(work, len(given))
    return moments.sum(axis=0)


def _activate_gradient(
    stage: _Stage, part: _Part, means: np.ndarray, steps: tuple[int, int], line: int, moments: np.ndarray
) -> None:
    part.by_values = _empty(*part.z.shape)
    xunet_loops.activate_gradient(
        part.z.reshape(-1), part.steps(part.z), part.line, stage.normalization.coefficients, stage.size, stage.magnitude,
        stage.tanh, part.count, means.reshape(-1), steps, line, part.by_values.reshape(-1), moments,
    )  # fmt: skip


def _backward(stages: list[_Stage], mix: np.ndarray, parts: Parts) -> tuple[np.ndarray, np.ndarray]:
    """Run the backward pass from a stage into the earlier one; return the derivative by its weights and the other's moments."""
    stage, before = stages[-1], stages[-2] if len(stages) > 1 else None
    turned = np.ascontiguousarray(stage.weights[:, :, ::-1, ::-1].swapaxes(0, 1))
    if before is None:
        turned = turned[:0]  # the derivative by the pixels is not needed
    sums = np.zeros((parts.count, *stage.weights.shape), np.float32)
    moments = np.zeros((parts.count, stage.weights.shape[1], 2))

    def work(k: int, first: int, last: int) -> None:
        part = stage.parts[k]
        made = _empty(len(part.x), len(turned), part.z.shape[2])
        xunet_loops.convolve_gradient(part.x, part.z, part.by_values, mix, turned, part.size, stage.magnitude, sums[k], made)
        if before is not None:
            _activate_gradient(before, before.parts[k], made, part.steps(made), part.line, moments[k])

    parts.run(work, sum(part.count for part in stage.parts.values()))
    return sums.sum(axis=0), moments.sum(axis=0)


def _empty(*shape: int) -> np.ndarray:
    """Return float32 memory from torch, which keeps freed memory."""
    return torch.empty(shape).numpy()
