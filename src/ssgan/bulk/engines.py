"""Run portions in this process, in several processes of this machine, or on a cluster, with the same outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool

from ssgan.bulk.job import Engine, Job, Tally, record_lost, work_on, worker_of
from ssgan.bulk.ray_engine import Ray
from ssgan.compute.processes import WorkerProcesses
from ssgan.datasets.portions import Portion
from ssgan.errors import InvalidSetting, SomeItemsFailed, unknown

__all__ = ["Engine", "Pool", "Ray", "Serial", "engine"]
ENGINES = ("pool", "ray")
AHEAD = 2  # portions handed over for each process: more would only be held
TRIES = 3  # of a portion whose process died, beside others; then once alone
HOPELESS = 5  # processes that die one after the other, none having finished anything


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

    A process that dies is replaced, and what it worked on is done again. A portion that ends processes by itself is given up:
    its pictures are listed as failed. On a machine with several graphics cards each process takes one in turn.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise InvalidSetting(f"workers is {workers}; it must be at least 1", hint="leave it out to take one")
        self.workers = workers

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions as they are finished."""
        with _Running(self.workers) as running:
            yield from running.through(job, portions)


class _Running:
    """The processes, and the portions handed to them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._processes = WorkerProcesses(workers)
        self._begun: dict[Future[Tally], Portion] = {}
        self._tries: dict[int, int] = {}
        self._in_vain = 0  # ends of processes since a portion was last finished

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._processes.end()
        else:
            self._processes.finish()

    def through(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions as they are finished; just enough are under way that no process waits."""
        left = True
        while left or self._begun:
            while left and len(self._begun) < AHEAD * self._workers:
                portion = next(portions, None)
                if portion is None:
                    left = False
                else:
                    self._submit(job, portion)
            finished, _ = wait(self._begun, return_when=FIRST_COMPLETED)
            for future in finished:
                portion = self._begun.pop(future)
                try:
                    tally = future.result()
                except BrokenProcessPool:
                    yield from self._again(job, portion)
                    break
                self._tries.pop(portion.number, None)
                self._in_vain = 0
                yield portion, tally

    def _submit(self, job: Job, portion: Portion) -> None:
        self._begun[self._processes.submit(work_on, job, portion)] = portion

    def _again(self, job: Job, portion: Portion) -> Iterator[tuple[Portion, Tally]]:
        """Hand over again all portions that a lost process interrupted; those that were often there run alone."""
        self._in_vain += 1
        if self._in_vain > HOPELESS:
            raise SomeItemsFailed(
                "processes are ended from outside as soon as they begin, perhaps for want of memory",
                hint="give fewer --workers or a smaller --batch, and the same command again",
            )
        lost = [portion, *self._begun.values()]
        self._begun.clear()
        self._processes.replace()
        for one in lost:
            self._tries[one.number] = self._tries.get(one.number, 0) + 1
        for one in [one for one in lost if self._tries[one.number] > TRIES]:
            yield one, self._alone(job, one)
            lost.remove(one)
        for one in lost:
            self._submit(job, one)

    def _alone(self, job: Job, portion: Portion) -> Tally:
        self._submit(job, portion)
        (future,) = self._begun
        try:
            return future.result()
        except BrokenProcessPool:
            self._processes.replace()
            return record_lost(job, portion)
        finally:
            self._begun.clear()
