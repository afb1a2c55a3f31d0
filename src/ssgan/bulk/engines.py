"""Run portions in this process, in several processes of this machine, or on a cluster, with the same outcomes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any

from ssgan.bulk.job import Engine, Job, Tally, record_lost, work_on, worker_of
from ssgan.bulk.ray_engine import Ray
from ssgan.datasets.portions import Portion
from ssgan.errors import InvalidSetting, SomeItemsFailed, unknown
from ssgan.storage import signals

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
    """The current executor, and the portions handed to it."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._context = multiprocessing.get_context("spawn")
        self._executor: ProcessPoolExecutor | None = None
        self._begun: dict[Future[Tally], Portion] = {}
        self._tries: dict[int, int] = {}
        self._in_vain = 0  # ends of processes since a portion was last finished

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None and not self._begun:
            self._executor.shutdown()
        else:
            self._stop()

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
        if self._executor is None:
            counter = self._context.Value("i", 0)
            self._executor = ProcessPoolExecutor(
                self._workers, mp_context=self._context, initializer=_begin_process, initargs=(counter,)
            )
        try:
            with signals.not_for_children():
                future = self._executor.submit(_work, job, portion)
            self._begun[future] = portion
        except BrokenProcessPool as error:  # found when this portion's turn comes
            broken: Future[Tally] = Future()
            broken.set_exception(error)
            self._begun[broken] = portion

    def _again(self, job: Job, portion: Portion) -> Iterator[tuple[Portion, Tally]]:
        """Hand over again all portions that a lost process interrupted; those that were often there run alone."""
        self._in_vain += 1
        if self._in_vain > HOPELESS:
            raise SomeItemsFailed(
                "processes are ended from outside as soon as they begin, perhaps for want of memory",
                hint="give fewer --workers or a smaller --batch, and the same command again",
            )
        lost = [portion, *self._begun.values()]
        self._stop()
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
            self._stop()
            return record_lost(job, portion)
        finally:
            self._begun.clear()

    def _stop(self) -> None:
        """Stop all processes; what was begun leaves no trace."""
        self._begun.clear()
        if self._executor is None:
            return
        processes = list((self._executor._processes or {}).values())
        for process in processes:
            with contextlib.suppress(OSError, ValueError):
                process.terminate()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None


_working = False  # this process, at this moment


class _Stopped(SystemExit):
    """The signal that a process is told to end, raised so that temporary files are removed."""


def _begin_process(counter: Any) -> None:
    """Set one thread before torch or numba is imported, and leave interrupts to the parent, whose end ends this process."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    with counter.get_lock():
        number, counter.value = counter.value, counter.value + 1
    _take_card(number)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signals.when_safe(_stop))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _take_card(number: int) -> None:
    """Show this process one of several graphics cards."""
    here, visible = Path("/proc/driver/nvidia/gpus"), os.environ.get("CUDA_VISIBLE_DEVICES")
    cards = visible.split(",") if visible else [str(k) for k, _ in enumerate(here.iterdir())] if here.is_dir() else []
    if len(cards) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = cards[number % len(cards)]


def _stop(_: int) -> None:
    if not _working:
        os._exit(0)
    raise _Stopped


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        os._exit(1)


def _work(job: Job, portion: Portion) -> Tally:
    global _working
    try:
        _working = True
        return work_on(job, portion)
    except _Stopped:
        os._exit(0)
    finally:
        _working = False
