"""Compute BatchNorm from the sums of a batch: its factors, its running statistics, and its derivative."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class Normalization:
    """One BatchNorm in one batch. `moments` float64 (O, 2): each map's sum and sum of squares over so many `samples`.

    They, and those of the derivative, are of the values less `origin` (O,): near the values, it keeps small variances exact.
    """

    def __init__(self, norm: nn.BatchNorm2d, moments: np.ndarray, samples: int, origin: np.ndarray | float = 0.0) -> None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert norm.num_batches_tracked is not None
        assert norm.momentum is not None
        weight, bias = norm.weight.detach().numpy(), norm.bias.detach().numpy()
        self.samples, self.shift = samples, moments[:, 0] / samples
        self.mean = origin + self.shift
        variance = np.maximum(moments[:, 1] / samples - self.shift**2, 0)
        self.over_deviation = 1 / np.sqrt(variance + norm.eps)
        scale = weight * self.over_deviation
        self.coefficients = np.stack([scale, bias - scale * self.mean], axis=1).astype(np.float32)  # (O, 2): a, b of a z + b
        with torch.no_grad():
            norm.running_mean.lerp_(torch.from_numpy(self.mean).float(), norm.momentum)
            unbiased = variance * (samples / (samples - 1))
            norm.running_var.lerp_(torch.from_numpy(unbiased).float(), norm.momentum)
            norm.num_batches_tracked.add_(1)

    def gradient(self, moments: np.ndarray) -> tuple[np.ndarray, torch.Tensor, torch.Tensor]:
        """Return (mix, by the weight, by the bias), from each map's sum of the derivative by a z + b and of its products with
        values.

        The derivative by z is then a gradient + b z + c, with (a, b, c) the map's row of mix, float32 (O, 3).
        """
        plain, over = moments[:, 0], self.over_deviation
        products = (moments[:, 1] - self.shift * plain) * over  # with the normalized values
        a = self.coefficients[:, 0].astype(np.float64)
        b = -a * over * products / self.samples
        c = -a * plain / self.samples - b * self.mean
        mix = np.stack([a, b, c], axis=1).astype(np.float32)
        return mix, torch.from_numpy(products).float(), torch.from_numpy(plain).float()
