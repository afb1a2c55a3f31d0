"""Compiled loops over the rows of many planes, shared out among as many threads as torch uses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

THREAD_SAMPLES = 1 << 15  # a thread is not worth starting for fewer samples than this


def share_rows(work: Callable[[int, int], None], *, rows: int, samples: int) -> None:
    """Call `work(first, last)` for parts that make up 0...`rows`; `work` must let go of the interpreter's lock."""
    threads = max(1, min(torch.get_num_threads(), samples // THREAD_SAMPLES, rows))
    if threads == 1:
        work(0, rows)
        return
    cuts = [rows * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, cuts[:-1], cuts[1:]))
