"""Compute BatchNorm with or without ReLU as one differentiable function on the processor, with adjacent channels.

ReLU costs no pass of its own, and keeps no maps. Parts of the batch go to threads; their sums are added up in the order of the
parts, so that the numbers do not depend on how many threads there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from ssgan.compute.threads import Parts
from ssgan.steganalysis.networks.fused import normalized_loops
from ssgan.steganalysis.networks.fused.normalization import Normalization


def normalized(x: torch.Tensor, norm: nn.Module, parts: Parts, *, rectified: bool = False) -> torch.Tensor:
    """Return the output of `norm`, a BatchNorm2d in training, for float32 x (N, C, H, W), or ReLU of it; update its
    statistics.
    """
    assert isinstance(norm, nn.BatchNorm2d)
    made: torch.Tensor = _Normalized.apply(x, norm.weight, norm.bias, norm, rectified, parts)  # type: ignore[no-untyped-call]
    return made


class _Normalized(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        _weight: torch.Tensor,
        _bias: torch.Tensor,
        norm: nn.BatchNorm2d,
        rectified: bool,
        parts: Parts,
    ) -> torch.Tensor:
        rows = _rows(x)
        count, channels = len(rows), x.shape[1]
        sums, origin = np.zeros((parts.count, channels, 2)), rows[0, :channels]
        parts.run(lambda part, first, last: normalized_loops.moments(rows, origin, first, last, sums[part]), count)
        normalization = Normalization(norm, sums.sum(axis=0), x.numel() // channels, origin)
        coefficients = np.ascontiguousarray(normalization.coefficients.T)
        out = torch.empty_like(x, memory_format=torch.channels_last)
        made = _rows(out)
        parts.run(lambda _, first, last: normalized_loops.normalize(rows, coefficients, rectified, first, last, made), count)
        ctx.kept = rows, normalization, coefficients, rectified, parts
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        rows, normalization, coefficients, rectified, parts = ctx.kept
        channels = coefficients.shape[1]
        given, sums, origin = _rows(gradients[0]), np.zeros((parts.count, channels, 2)), rows[0, :channels]
        parts.run(
            lambda part, first, last: normalized_loops.moments_of_gradient(
                rows, origin, coefficients, rectified, given, first, last, sums[part]
            ),
            len(rows),
        )
        mixed, by_weight, by_bias = normalization.gradient(sums.sum(axis=0))
        mix = np.ascontiguousarray(mixed.T)
        out = torch.empty_like(gradients[0], memory_format=torch.channels_last)
        made = _rows(out)
        parts.run(
            lambda _, first, last: normalized_loops.normalize_gradient(
                rows, coefficients, rectified, given, mix, first, last, made
            ),
            len(rows),
        )
        return out, by_weight, by_bias, None, None, None


def _rows(x: torch.Tensor) -> np.ndarray:
    """Return (N, C, H, W) -> (N, H W C); the same memory where channels are adjacent."""
    return x.detach().permute(0, 2, 3, 1).contiguous().flatten(1).numpy()
