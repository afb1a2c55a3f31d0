"""Compute the sliced Wasserstein distance of patches, scale by scale, which separates fine texture from large forms.

T. Karras, T. Aila, S. Laine, J. Lehtinen, "Progressive growing of GANs", ICLR 2018, section 5: patches of 7 x 7 from each level
of a Laplacian pyramid, each set's colors to mean 0 and deviation 1, projected on random directions, where the distance of two
sorted lists is the Wasserstein distance of one dimension. Values are given times 1000, as in the paper. The number of patches
is theirs, 128 an image, as long as there are not more than PATCHES of them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from ssgan.images import Images

LOWEST = 16  # pixels of the last level
SIDE = 7  # of a patch
PATCHES = 1 << 16  # of a set, at each level
PATCHES_AN_IMAGE = 128
DIRECTIONS = 128
SCALE = 1000
_PART = 256  # images worked on together
_TAPS = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # P. Burt, E. Adelson, 1983


def sides(size: int) -> list[int]:
    """Return the sides of the levels, the finest first: halved as long as they exceed LOWEST."""
    found = [size]
    while found[-1] // 2 >= LOWEST and found[-1] % 2 == 0:
        found.append(found[-1] // 2)
    return found


def sliced_wasserstein(first: Images, second: Images, rng: np.random.Generator) -> dict[int, float]:
    """Return the distance by side of the level, for two sets of equally many Images of one square size."""
    seed = int(rng.integers(2**63))
    own = [_patches(images, np.random.default_rng(seed)) for images in (first, second)]  # at the same places in both
    found: dict[int, float] = {}
    for side, one, other in zip(sides(first.shape[-1]), *own, strict=True):
        directions = torch.from_numpy(rng.standard_normal((one.shape[1], DIRECTIONS))).float()
        directions /= directions.norm(dim=0)
        lists = [(patches @ directions).sort(dim=0).values for patches in (one, other)]
        found[side] = SCALE * float((lists[0] - lists[1]).abs().mean())
    return found


def _patches(images: Images, rng: np.random.Generator) -> list[torch.Tensor]:
    """Return patches (P, C x 7 x 7) of each level, each channel of the set with mean 0 and deviation 1."""
    each = max(1, min(PATCHES_AN_IMAGE, PATCHES // len(images)))
    levels: list[list[torch.Tensor]] = [[] for _ in sides(images.shape[-1])]
    for part in images.split(_PART):
        for kept, level in zip(levels, _pyramid(part), strict=True):
            windows = level.unfold(2, SIDE, 1).unfold(3, SIDE, 1)  # (n, C, places, places, 7, 7)
            tops, lefts = (torch.from_numpy(rng.integers(windows.shape[2], size=(len(part), each))) for _ in range(2))
            kept.append(windows[torch.arange(len(part))[:, None], :, tops, lefts].flatten(0, 1))  # (n x each, C, 7, 7)
    found = []
    for kept in levels:
        patches = torch.cat(kept)
        spread, mean = torch.std_mean(patches, dim=(0, 2, 3), keepdim=True, correction=0)
        found.append(((patches - mean) / spread.clamp(min=1e-6)).flatten(1))
    return found


def _pyramid(images: Images) -> list[torch.Tensor]:
    """Return float32 levels, the finest first: the details that halving removes, and last the remainder."""
    gaussian = [images.float()]
    for _ in sides(images.shape[-1])[1:]:
        gaussian.append(_smoothed(gaussian[-1])[..., ::2, ::2])
    lost = [finer - _doubled(coarser) for finer, coarser in zip(gaussian, gaussian[1:], strict=False)]
    return [*lost, gaussian[-1]]


def _doubled(level: torch.Tensor) -> torch.Tensor:
    """Return twice the size: zeros between samples, then smoothed."""
    wide = level.new_zeros(*level.shape[:2], 2 * level.shape[2], 2 * level.shape[3])
    wide[..., ::2, ::2] = level
    return _smoothed(wide) * 4


def _smoothed(level: torch.Tensor) -> torch.Tensor:
    """Smooth by the binomial filter, mirrored at the border without the edge sample repeated."""
    kernel = torch.outer(_TAPS, _TAPS).expand(level.shape[1], 1, 5, 5)
    return functional.conv2d(functional.pad(level, (2, 2, 2, 2), mode="reflect"), kernel, groups=level.shape[1])
