"""The grain of images: residuals, how channels go together, and what an uneven last layer leaves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ssgan.images.grain import TWELFTHS, channel_correlation, checkerboard, kv_residuals, residual_median, residual_medians


def noise(count: int, channels: int, deviation: float, *, seed: int = 1) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(128, deviation, (count, channels, 32, 32))
    return torch.from_numpy(values.round().clip(0, 255).astype(np.uint8))


def test_the_median_is_that_of_the_residuals_sizes() -> None:
    images = noise(40, 3, 6)
    sizes = kv_residuals(images).abs().flatten().double() / TWELFTHS
    assert residual_median(images) == pytest.approx(float(sizes.quantile(0.5)), abs=1 / TWELFTHS)
    assert float(residual_medians(images.float())) == pytest.approx(residual_median(images), abs=1e-4)


def test_channels_that_are_one_go_together_and_noise_does_not() -> None:
    gray = noise(20, 1, 8)
    assert channel_correlation(gray.expand(-1, 3, -1, -1)) == pytest.approx(1)
    assert abs(channel_correlation(noise(20, 3, 8))) < 0.02
    mixed = torch.cat([gray, gray, noise(20, 1, 8, seed=2)], dim=1)
    assert abs(channel_correlation(mixed)) < 0.02, "the least of the three pairs"
    assert math.isnan(channel_correlation(gray))


def test_a_checkerboard_stands_out_and_noise_does_not() -> None:
    images = noise(200, 3, 8)
    assert checkerboard(images) == pytest.approx(1, abs=0.35)  # of 200 images: a deviation of 0.1
    board = ((torch.arange(32)[:, None] + torch.arange(32)) % 2 * 2 - 1).to(torch.int16)
    assert checkerboard((images.short() + board).clamp(0, 255).to(torch.uint8)) > 10
