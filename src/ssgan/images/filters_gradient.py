"""Differentiate the compiled correlations: a correlation with reversed taps over a border of zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

# (float (N, C, H, W), taps, axis -2 or -1) -> its valid correlation
Correlation = Callable[[np.ndarray, tuple[float, ...], int], np.ndarray]


class Along(torch.autograd.Function):
    """A correlation of tensors on the processor by compiled loops, with its derivative."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, taps: tuple[float, ...], axis: int, correlation: Correlation) -> torch.Tensor:
        """Return the correlation of x (N, C, H, W)."""
        ctx.taps, ctx.axis, ctx.correlation = taps, axis, correlation
        return torch.from_numpy(correlation(x.detach().numpy(), taps, axis))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        """Return the gradient of x."""
        border = len(ctx.taps) - 1
        pad = (0, 0, border, border) if ctx.axis == -2 else (border, border, 0, 0)
        gradient = torch.nn.functional.pad(gradients[0], pad)
        return Along.apply(gradient, ctx.taps[::-1], ctx.axis, ctx.correlation), None, None, None  # type: ignore[no-untyped-call]
