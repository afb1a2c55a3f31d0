"""Divide the images of a batch among threads, as every feature set does.

The compiled loops let go of the interpreter's lock, so that a thread per core keeps all cores busy. A thread works on one image
after the other and needs memory for one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import torch

from ssgan.compute.row_threads import divide
from ssgan.errors import InvalidSetting, RefusedImage


def samples(images: np.ndarray | torch.Tensor, *, channels: Collection[int], smallest: int) -> np.ndarray:
    """Return the images as a contiguous uint8 array (N, C, H, W) in main memory.

    Raises InvalidSetting where they are not uint8 or not (N, C, H, W), or C is none of `channels`; RefusedImage where a side
    is shorter than `smallest`.
    """
    array = images.detach().cpu().numpy() if isinstance(images, torch.Tensor) else images
    if array.dtype != np.uint8:
        hint = "pass the image as it is stored, 8 bits a sample: features are statistics of ±1"
        raise InvalidSetting(f"images must be uint8, not {array.dtype}", hint=hint)
    if array.ndim != 4 or array.shape[1] not in channels:
        wanted = " or ".join(map(str, sorted(channels)))
        raise InvalidSetting(
            f"images must be (N, C, H, W) with C = {wanted}, not {array.shape}", hint="give a single image four axes too, N = 1"
        )
    if min(array.shape[2:]) < smallest:
        raise RefusedImage(
            f"an image of {array.shape[2]} x {array.shape[3]} pixels has no window of residuals to count",
            hint=f"give images of {smallest} x {smallest} pixels or more",
        )
    return np.ascontiguousarray(array)


def share_images(work: Callable[[int, int], None], count: int, *, threads: int | None) -> None:
    """Call `work(first, last)` for parts that make up 0...`count`, one thread each; None: as many threads as torch uses."""
    if threads is not None and threads < 1:
        raise InvalidSetting(f"threads is {threads}; it must be at least 1", hint="leave it out to use all cores")
    divide(work, count, threads=min(threads or torch.get_num_threads(), count))
