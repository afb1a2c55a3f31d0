"""Model the noise of an image for MiPOD and J-MiPOD: a Wiener filter, and what local cosines leave of its residual.

V. Sedighi, R. Cogranne, J. Fridrich, "Content-adaptive steganography by minimizing statistical detectability", IEEE TIFS 11(2),
2016, section V.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.images import filters


def wiener(x: Values, noise: Values | None = None) -> Values:
    """Return MATLAB's wiener2(x, [2 2]): each sample shrunk to the mean of itself and its right and lower neighbors.

    The image is followed by zeros; the noise power (N, C, 1, 1), where it is not given, is the mean of the local variances.
    Where both are zero, the mean is kept.
    """
    mean, variance = mean_and_variance(x)
    noise = noise_power(variance) if noise is None else noise
    loud = variance > noise  # elsewhere all the deviation is taken for noise
    where: Any = torch.where if is_tensor(x) else np.where
    return mean + (x - mean) * where(loud, (variance - noise) / where(loud, variance, 1.0), 0.0)


def mean_and_variance(x: Values) -> tuple[Values, Values]:
    """Return both of each sample with its right and lower neighbors."""
    pair = filters.Separable((0.5, 0.5), (0.5, 0.5))
    bordered = filters.zero_bordered(x, before=0, behind=1)
    mean = filters.correlate(bordered, pair)
    return mean, filters.correlate(bordered * bordered, pair) - mean * mean


def noise_power(variance: Values) -> Values:
    """Return the mean of the local variances of each plane, (N, C, 1, 1)."""
    if is_tensor(variance):
        return variance.mean(dim=(-2, -1), keepdim=True)
    power: Any = variance.mean(axis=(-2, -1), keepdims=True)
    return power


def unmodeled_energy(residual: Values, *, block: int, degree: int) -> Values:
    """Return the energy of each block (odd side) outside the cosines (i, j) with i + j < degree, per degree of freedom.

    Residuals (N, C, H, W) -> the same: Eq. (24) to (26). Of a block of so many samples a side, the border mirrored.
    """
    bordered = filters.mirror(residual, block // 2)
    basis = filters.cosine_bank(block)
    energy = 0 * residual
    for i in range(block):
        if degree - i >= block:
            continue  # all frequencies of this row are in the model
        rows = filters.along(bordered, basis[i].tolist(), axis=-1)  # (N, C, H + block - 1, W)
        for j in range(max(degree - i, 0), block):
            found = filters.along(rows, basis[j].tolist(), axis=-2)
            energy = energy + found * found
    return energy / (block**2 - degree * (degree + 1) // 2)
