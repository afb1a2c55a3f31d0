"""Compute figures of one set of covers: variety, and copies of training images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ssgan.evaluation.quality.distances import metrics
from ssgan.images import Images

PAIRS = 512  # compared by MS-SSIM
COPIED = 0.01  # of the real images have a neighbor as near as what is called a copy
_BETAS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Z. Wang, E. Simoncelli, A. Bovik, "Multiscale structural similarity", 2003
_WINDOW = 11  # pixels of SSIM's Gaussian
_ROWS = 512  # images compared with all others together


class Nearest(NamedTuple):
    """Mean distances to the nearest real image, root mean square over samples, in gray values, and shares of copies.

    Those of real images are to the nearest other one.
    """

    generated: float
    among_real: float
    copied: float
    copied_among_real: float


def pairwise_distance(images: Images) -> float:
    """Return the mean over all pairs of the root mean square difference of their samples, in gray values."""
    flat = _flat(images)
    total = sum(float(_distances(flat[start : start + _ROWS], flat).sum()) for start in range(0, len(flat), _ROWS))
    return total / max(1, len(flat) * (len(flat) - 1))


def similarity(images: Images, rng: np.random.Generator) -> float:
    """Return the mean MS-SSIM of random pairs: near 1 where all images are alike."""
    first, second = (rng.permutation(len(images)) for _ in range(2))
    apart = np.flatnonzero(first != second)[:PAIRS]
    if not len(apart):
        return 1.0
    measure = metrics("functional.image").multiscale_structural_similarity_index_measure
    betas = _betas(min(images.shape[-2:]))
    pairs = (images[torch.from_numpy(order[apart])].float() for order in (first, second))
    return float(measure(*pairs, data_range=255.0, betas=betas, normalize="relu"))


def scales(side: int) -> int:
    """Return how many of MS-SSIM's five scales fit: its window must fit into the smallest."""
    return next((count for count in range(5, 1, -1) if side // 2 ** (count - 1) >= _WINDOW), 1)


def nearest_real(generated: Images, real: Images) -> Nearest:
    """Return the distances of generated images to the nearest real ones.

    A copy is as near to a real image as the nearest COPIED of the real images are to each other.
    """
    made, given = _flat(generated), _flat(real)
    to_real = torch.cat([_distances(made[i : i + _ROWS], given).amin(dim=1) for i in range(0, len(made), _ROWS)])
    others = []
    for start in range(0, len(given), _ROWS):
        rows = _distances(given[start : start + _ROWS], given)
        rows[torch.arange(len(rows)), torch.arange(start, start + len(rows))] = torch.inf  # itself
        others.append(rows.amin(dim=1))
    among = torch.cat(others)
    edge = torch.quantile(among, COPIED)
    shares = [float((found <= edge).double().mean()) for found in (to_real, among)]
    return Nearest(float(to_real.mean()), float(among.mean()), *shares)


def _flat(images: Images) -> torch.Tensor:
    return images.flatten(1)


def _distances(some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return root mean square differences float64 (n, N) in gray values, exact, so that equal images are at 0."""
    rows = some.double()
    own = rows.square().sum(dim=1, keepdim=True)
    parts = []
    for part in others.split(_ROWS):
        columns = part.double()
        parts.append(own + columns.square().sum(dim=1) - 2 * rows @ columns.T)
    return (torch.cat(parts, dim=1) / some.shape[1]).sqrt()


def _betas(side: int) -> tuple[float, ...]:
    kept = _BETAS[: scales(side)]
    return tuple(beta / sum(kept) for beta in kept)
