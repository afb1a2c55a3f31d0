"""Measure the grain of images: what their high-pass residuals say of how they were made.

In photographs the grain of the channels goes together, most residuals are small beside a few large ones at edges, and no
frequency stands out. Layers that make three channels by themselves, or double sides unevenly, give themselves away here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.images import Images, filters
from ssgan.images.samples import PEAK

MOST_NOISE = 32.0  # gray values: deviation of the white noise that is tried
_HALVINGS = 12  # of it
TWELFTHS = 12  # of a gray value: the unit of whole residuals
_ROWS = 512  # images worked on together


def kv_residuals(images: Values) -> Values:
    """Return int32 (N, C, H - 4, W - 4): twelve times the KV filter's residual, each channel by itself, exact."""
    if not is_tensor(images):
        total: Any = 0
        height, width = images.shape[2] - 4, images.shape[3] - 4
        for (i, j), tap in np.ndenumerate(np.array(filters.KV_TAPS, np.int32)):
            total = total + tap * images[:, :, i : i + height, j : j + width]
        return total
    flat = images.flatten(0, 1)[:, None].float()  # whole numbers below 2^24: exact
    kernel = torch.tensor(filters.KV_TAPS, dtype=torch.float32, device=images.device)[None, None]
    return torch.nn.functional.conv2d(flat, kernel).round().int().view(*images.shape[:2], images.shape[2] - 4, -1)


def residual_deviation(images: Images) -> float:
    """Return the standard deviation of the KV residual, in gray values, over all samples of all images."""
    return float(_residuals(images).double().std(correction=0)) / TWELFTHS


def residual_median(images: Images) -> float:
    """Return the median size of the KV residual, in gray values, over all samples of all images.

    Photographs are smooth beside a few strong edges, generated covers evenly rough: their deviations can be alike where their
    medians differ three times.
    """
    return float(_residuals(images).abs().flatten().median()) / TWELFTHS


def residual_medians(values: torch.Tensor) -> torch.Tensor:
    """Return float32 (), the same of gray values float32 (N, C, H, W), on their device, without reading it."""
    kernel = torch.tensor(filters.KV_TAPS, dtype=torch.float32, device=values.device)[None, None]
    return torch.nn.functional.conv2d(values.flatten(0, 1)[:, None], kernel).abs().median() / TWELFTHS


def channel_correlation(images: Images) -> float:
    """Return the least correlation of the KV residuals of two channels, -1...1; nan for gray images."""
    flat = _residuals(images).transpose(0, 1).flatten(1).double().numpy()
    if len(flat) < 2:
        return float("nan")
    with np.errstate(invalid="ignore"):  # a channel without any residual
        return float(np.corrcoef(flat)[np.triu_indices(len(flat), 1)].min())


def checkerboard(images: Images) -> float:
    """Return the mean power of the images' mean channel at the highest frequency of both directions, over its eight neighbors'.

    A last layer that doubles sides unevenly has 2 to 10, photographs 0.7 to 0.8.
    """
    total = torch.zeros(images.shape[2:], dtype=torch.float64)
    for part in images.split(_ROWS):
        gray = part.double().mean(dim=1)
        total += torch.fft.fft2(gray - gray.mean(dim=(1, 2), keepdim=True)).abs().square().sum(dim=0)
    row, column = (side // 2 for side in total.shape)
    around = total.roll((1 - row, 1 - column), (0, 1))[:3, :3]
    return float(around[1, 1] / ((around.sum() - around[1, 1]) / 8))


def with_noise(images: Images, noise: torch.Tensor, deviation: float) -> Images:
    """Return Images plus `noise`, float (N, C, H, W) of deviation 1, times `deviation` gray values, rounded and clipped."""
    return (images.double() + deviation * noise).round().clamp(0, PEAK).to(torch.uint8)


def noise_for_median(images: Images, noise: torch.Tensor, median: float) -> float:
    """Return the deviation in gray values, 0...MOST_NOISE, at which `with_noise` brings the median residual to `median`.

    0 where the images have it already, or more.
    """
    if residual_median(images) >= median:
        return 0.0
    low, high = 0.0, MOST_NOISE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if residual_median(with_noise(images, noise, middle)) < median else (low, middle)
    return (low + high) / 2


def _residuals(images: Images) -> torch.Tensor:
    return torch.cat([kv_residuals(part) for part in images.split(_ROWS)])
