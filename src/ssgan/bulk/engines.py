"""Run portions in this process, in several processes of this machine, or on a cluster, with the same outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ssgan.bulk.job import Engine, Job, Tally, record_lost, work_on, worker_of
from ssgan.bulk.ray_engine import Ray
from ssgan.compute.pool import GIVEN_UP, in_processes
from ssgan.datasets.portions import Portion
from ssgan.errors import InvalidSetting, unknown

__all__ = ["Engine", "Pool", "Ray", "Serial", "engine"]
ENGINES = ("pool", "ray")
RETRIES = 3  # of a portion whose process died, beside others; then once alone


def engine(name: str, *, workers: int, device: str = "cpu", address: str | None = None) -> Engine:
    """Return the engine of that name. Raises InvalidSetting."""
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    if name == "ray":
        return Ray(address, gpus=device.startswith("cuda"))
    if address is not None:
        raise InvalidSetting("an address is for the engine ray", hint="add --engine ray, or leave it out")
    return Serial() if workers == 1 else Pool(workers)


class Serial:
    """The engine that works in this process."""

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions one after the other."""
        try:
            for portion in portions:
                yield portion, work_on(job, portion)
        finally:
            worker_of.cache_clear()  # archives are closed, networks forgotten


class Pool:
    """Fresh processes on this machine; not forks, which torch and OpenMP do not survive.

    A process that dies is replaced, and its work is done again. A portion that ends processes by itself is given up:
    its pictures are listed as failed. On a machine with several graphics cards each process takes one in turn.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise InvalidSetting(f"workers is {workers}; it must be at least 1", hint="leave it out to take one")
        self.workers = workers

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions as they are finished."""
        for portion, tally in in_processes(partial(work_on, job), portions, self.workers, retries=RETRIES):
            yield portion, record_lost(job, portion) if tally is GIVEN_UP else tally
