"""Divide the rows of many planes among as many threads as torch uses, for compiled loops."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

THREAD_SAMPLES = 1 << 15  # a thread is not worth starting for fewer samples than this

# (planes (P, H, W), first row, row after the last, out (P, H, W)): rows are counted through all planes
Fill = Callable[[np.ndarray, int, int, np.ndarray], None]


def compiled_serves(covers: torch.Tensor) -> bool:
    """Return whether compiled loops can do the work: tensors on the processor, and no gradient needed."""
    return covers.device.type == "cpu" and not (covers.requires_grad and torch.is_grad_enabled())


def filled_by_rows(covers: torch.Tensor, fill: Fill) -> torch.Tensor:
    """Return a tensor like float covers (N, C, H, W) that `fill` has filled, part by part."""
    planes = covers.detach().contiguous().flatten(0, 1)
    out = torch.empty_like(planes)
    source, filled = planes.numpy(), out.numpy()
    rows = len(planes) * planes.shape[1]
    share_rows(lambda first, last: fill(source, first, last, filled), rows=rows, samples=planes.numel())
    return out.view_as(covers)


def share_rows(work: Callable[[int, int], None], *, rows: int, samples: int) -> None:
    """Call `work(first, last)` for parts that make up 0...`rows`; `work` must release the interpreter's lock."""
    divide(work, rows, threads=min(torch.get_num_threads(), samples // THREAD_SAMPLES, rows))


def divide(work: Callable[[int, int], None], count: int, *, threads: int) -> None:
    """Call `work(first, last)` for equal parts of 0...`count`, one a thread, or once where there are less than two threads."""
    if threads <= 1:
        work(0, count)
        return
    cuts = [count * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))
