"""Convert between Images and Floats, on which networks and schemes work, and apply the eight symmetries.

Images are uint8 (N, C, H, W) with C = 1 gray or 3 color; Floats are float32 (N, C, H, W) in [-1, 1]. Both are plain torch
tensors, always with four axes. torch is imported when a function is called, so that reading a file does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

Images: TypeAlias = "torch.Tensor"
Floats: TypeAlias = "torch.Tensor"

SYMMETRIES = 8
_HALF = 127.5  # half of 255: pixel 0 is -1, pixel 255 is +1


def to_floats(images: Images) -> Floats:
    """Return float32 (N, C, H, W) in [-1, 1] from Images, on the same device: 0 → -1, 255 → +1."""
    import torch

    return images.to(torch.float32) / _HALF - 1.0


def to_pixels(floats: Floats) -> Images:
    """Return uint8 (N, C, H, W) from finite Floats, on the same device: clipped to [-1, 1], rounded half to even.

    It gives back every pixel value that `to_floats` was given.
    """
    import torch

    return ((floats.detach() + 1.0) * _HALF).round().clamp(0, 255).to(torch.uint8)


def to_images(samples: NDArray[np.uint8]) -> Images:
    """Return Images from uint8 samples (C, H, W) or (N, C, H, W), sharing memory where it is writable and torch can."""
    import torch

    batch = samples[None] if samples.ndim == 3 else samples
    # torch has no negative strides, as those of a flipped array.
    shared = batch.flags.writeable and all(step >= 0 for step in batch.strides)
    return torch.from_numpy(batch if shared else batch.copy())


def symmetry(images: torch.Tensor, k: int) -> torch.Tensor:
    """Return the k-th symmetry of the square (0 to 7) of the last two axes: k mod 4 quarter turns, then mirrored if k ≥ 4.

    Samples are moved, never changed. An odd k exchanges height and width.
    """
    import torch

    turned = torch.rot90(images, k % 4, dims=(-2, -1))
    return turned.flip(-1) if k % SYMMETRIES >= 4 else turned


def inverse_symmetry(k: int) -> int:
    """Return the symmetry that undoes the k-th: the opposite turn, or, for the mirrored four, the same one again."""
    k %= SYMMETRIES
    return k if k >= 4 else -k % 4
