"""Compute GNCNN's filter and layers as one differentiable function on the processor, faster than layer by layer.

Most of a training step on small images is moving maps in and out of memory: here an image's maps stay near the core. The
derivative of a layer is made from z exp(-z^2 / sigma^2), kept instead of all that led to it. Parts of the batch go to threads;
their sums are added up in the order of the parts, so that the numbers do not depend on how many threads there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from ssgan.compute.threads import Parts
from ssgan.steganalysis.networks.fused import gncnn_loops
from ssgan.steganalysis.networks.fused.plane_loops import filter_planes


def features(
    images: torch.Tensor, kv: torch.Tensor, sigma: float, layers: Sequence[tuple[torch.Tensor, torch.Tensor]], parts: Parts
) -> torch.Tensor:
    """Return the last layer's means (N, 16, h, w) of float32 images (N, C, H, W); `layers` are weights and biases, padded by k
    // 2.

    Differentiable once, by the weights and biases, and by the images, which is how a generator learns from the network.
    """
    made: torch.Tensor = _Layers.apply(images, kv, sigma, parts, *(tensor for layer in layers for tensor in layer))  # type: ignore[no-untyped-call]
    return made


class _Layers(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, images: torch.Tensor, kv: torch.Tensor, sigma: float, parts: Parts, *flat: torch.Tensor
    ) -> torch.Tensor:
        pixels = images.detach().contiguous().numpy()
        arrays = [tensor.detach().contiguous().numpy() for tensor in flat]
        layers = list(zip(arrays[::2], arrays[1::2], strict=True))
        sizes = [(images.shape[2], images.shape[3])]
        for _ in layers:
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        count = len(pixels)
        inputs = [
            torch.zeros((count, weights.shape[1], _area(size, weights.shape[2] // 2))).numpy()
            for size, (weights, _) in zip(sizes, layers, strict=False)
        ]
        slopes = [
            torch.empty((count, len(weights), size[0] * (size[1] + weights.shape[2] // 2 * 2))).numpy()
            for size, (weights, _) in zip(sizes, layers, strict=False)
        ]
        out = torch.empty((count, len(layers[-1][0]), *sizes[-1]))
        outs = [*inputs[1:], out.numpy().reshape(count, -1, sizes[-1][0] * sizes[-1][1])]
        kernels = kv.detach().numpy()

        def work(part: int, first: int, last: int) -> None:
            padded = np.zeros_like(inputs[0][0])
            for n in range(first, last):
                filter_planes(pixels[n], kernels, padded, sizes[0][1] + 4, inputs[0][n])
            for i, (weights, bias) in enumerate(layers):
                border = layers[i + 1][0].shape[2] // 2 if i + 1 < len(layers) else 0
                stride = sizes[i + 1][1] + 2 * border
                start = border * stride + border
                gncnn_loops.layer(inputs[i], weights, bias, sigma, sizes[i], first, last, slopes[i], outs[i], start, stride)

        parts.run(work, count)
        ctx.kept = sigma, parts, kernels, layers, sizes, inputs, slopes
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        sigma, parts, kernels, layers, sizes, inputs, slopes = ctx.kept
        count = len(inputs[0])
        turned = [np.ascontiguousarray(weights[:, :, ::-1, ::-1].swapaxes(0, 1)) for weights, _ in layers]
        channels, (height, width) = layers[0][0].shape[1], sizes[0]
        by_pixels = torch.empty((count, channels, height, width)) if ctx.needs_input_grad[0] else None
        # None unless the derivative by the pixels is needed; else four planes at a time, as the loops take them.
        turned[0] = turned[0][:0] if by_pixels is None else np.pad(turned[0], ((0, -channels % 4), (0, 0), (0, 0), (0, 0)))
        given = gradients[0].contiguous().numpy().reshape(count, len(layers[-1][0]), -1)
        sums = [
            (np.zeros((parts.count, *w.shape), np.float32), np.zeros((parts.count, *b.shape), np.float32)) for w, b in layers
        ]

        def work(part: int, first: int, last: int) -> None:
            gradient, stride = given[first:last], sizes[-1][1]
            for i in reversed(range(len(layers))):
                wide = sizes[i][1] + layers[i][0].shape[2] // 2 * 2
                before = np.empty((last - first, len(turned[i]), sizes[i][0] * wide), np.float32)
                weight_sums, bias_sums = (kind[part] for kind in sums[i])
                gncnn_loops.layer_gradient(
                    inputs[i][first:last], slopes[i][first:last], turned[i], sigma, sizes[i], 0, last - first, gradient,
                    stride, weight_sums, bias_sums, before,
                )  # fmt: skip
                gradient, stride = before, wide
            if by_pixels is not None:
                by_pixels[first:last] = torch.from_numpy(_filtered_back(gradient[:, :channels], kernels, height, width))

        parts.run(work, count)
        flat = [torch.from_numpy(kind.sum(axis=0)) for pair in sums for kind in pair]
        return by_pixels, None, None, None, *flat


def _filtered_back(gradient: np.ndarray, kernels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the derivative by the pixels (N, C, H, W) from that by the filtered planes (N, C, H (W + 4)), in lines W + 4
    apart.
    """
    turned, stride = np.ascontiguousarray(kernels[:, :, ::-1, ::-1]), width + 4
    padded, out = (np.zeros((gradient.shape[1], (height + 4) * stride), np.float32) for _ in range(2))
    lines = gradient.reshape(*gradient.shape[:2], height, stride)
    made = np.empty((*gradient.shape[:2], height, width), np.float32)
    for n in range(len(gradient)):
        filter_planes(np.ascontiguousarray(lines[n, :, :, :width]), turned, padded, stride, out)
        made[n] = out.reshape(-1, height + 4, stride)[:, 2:-2, 2:-2]
    return made


def _area(size: tuple[int, int], border: int) -> int:
    return (size[0] + 2 * border) * (size[1] + 2 * border)
