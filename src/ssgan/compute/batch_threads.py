"""Split a batch into parts of some images for threads: the split depends on the batch alone.

What the parts add up is then the same for any number of threads. The threads wait from one call to the next; compiled loops let
go of the interpreter's lock, so that they run beside each other.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

PARTS = 8


class Parts:
    """A split of 0...count: `run(work, count)` calls work(part, first, last) for up to eight parts, on torch's number of
    threads.
    """

    def __init__(self, *, threads: int | None = None) -> None:
        self.count, threads = PARTS, min(PARTS, threads or torch.get_num_threads())
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
