"""Divide work among threads: the rows of planes, the images of a batch, or a batch in parts that depend on it alone.

Compiled loops let go of the interpreter's lock, so that a thread per core keeps all cores busy. Rows and images are divided by
the number of threads. What the parts of a network's batch add up must not depend on that number: they are always PARTS.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ssgan.compute.cores import cores
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.errors import InvalidSetting, RefusedImage

PARTS = 8
THREAD_SAMPLES = 1 << 15  # a thread is not worth starting for fewer samples than this

# (planes (P, H, W), first row, row after the last, out (P, H, W)): rows are counted through all planes
Fill = Callable[[np.ndarray, int, int, np.ndarray], None]


def thread_count() -> int:
    """Return how many threads work together: torch's number where it is imported, else what it would be (OMP_NUM_THREADS)."""
    if "torch" in sys.modules:
        return torch.get_num_threads()
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(wanted) if wanted.isdecimal() and int(wanted) else cores()


def limit_threads(count: int) -> None:
    """Let the work in this process use `count` threads, torch's as well, whether it is imported already or later."""
    os.environ["OMP_NUM_THREADS"] = str(count)
    if "torch" in sys.modules:
        torch.set_num_threads(count)


def compiled_serves(covers: np.ndarray | torch.Tensor) -> bool:
    """Return whether compiled loops can do the work: arrays, and tensors on the processor of which no gradient is needed."""
    return not is_tensor(covers) or (
        covers.device.type == "cpu" and not (covers.requires_grad and torch.is_grad_enabled())
    )  # fmt: skip


def filled_by_rows(covers: Values, fill: Fill, formula: Callable[[torch.Tensor], torch.Tensor]) -> Values:
    """Return samples like float covers (N, C, H, W) that compiled loops have filled, part by part.

    On another device, and where a gradient is needed, they are those of the formula.
    """
    made: Any
    if not is_tensor(covers):
        made = _filled(covers, fill)
    elif compiled_serves(covers):
        made = torch.from_numpy(_filled(covers.detach().numpy(), fill))
    else:
        made = formula(covers)
    return made


def _filled(covers: np.ndarray, fill: Fill) -> np.ndarray:
    planes = np.ascontiguousarray(covers).reshape(-1, *covers.shape[-2:])
    out = np.empty_like(planes)
    rows = len(planes) * planes.shape[1]
    share_rows(lambda first, last: fill(planes, first, last, out), rows=rows, samples=planes.size)
    return out.reshape(covers.shape)


def share_rows(work: Callable[[int, int], None], *, rows: int, samples: int) -> None:
    """Call `work(first, last)` for parts that make up 0...`rows`; `work` must release the interpreter's lock."""
    divide(work, rows, threads=min(thread_count(), samples // THREAD_SAMPLES, rows))


def divide(work: Callable[[int, int], None], count: int, *, threads: int) -> None:
    """Call `work(first, last)` for equal parts of 0...`count`, one a thread, or once where there are less than two threads."""
    if threads <= 1:
        work(0, count)
        return
    cuts = [count * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))


def samples(images: np.ndarray | torch.Tensor, *, channels: Collection[int], smallest: int) -> np.ndarray:
    """Return the images as a contiguous uint8 array (N, C, H, W) in main memory.

    Raises InvalidSetting where they are not uint8 or not (N, C, H, W), or C is none of `channels`; RefusedImage where a side
    is shorter than `smallest`.
    """
    array = as_array(images)
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
    divide(work, count, threads=min(threads or thread_count(), count))


class Parts:
    """A split of 0...count: `run(work, count)` calls work(part, first, last) for up to eight parts, on torch's number of
    threads.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self.count, threads = PARTS, min(PARTS, threads or thread_count())
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def run(self, work: Callable[[int, int, int], None], count: int) -> None:
        """Run the work on all parts and wait; an error in a thread is raised here."""
        cuts = [count * i // self.count for i in range(self.count + 1)]
        jobs = [(i, cuts[i], cuts[i + 1]) for i in range(self.count) if cuts[i] < cuts[i + 1]]
        if self._pool is None:
            for job in jobs:
                work(*job)
        else:
            list(self._pool.map(lambda job: work(*job), jobs))
