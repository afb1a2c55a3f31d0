"""Run tasks in worker processes, again where a process is lost, and give a task up that ends every process.

A lost process interrupts all tasks that were handed over, and does not say which of them ended it. So they are done again
together, and those that were interrupted too often alone: only a task that ends a process alone is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from enum import Enum
from itertools import islice
from typing import Generic, Literal, TypeAlias, TypeVar

from ssgan.compute.processes import WorkerProcesses
from ssgan.errors import SomeItemsFailed

AHEAD = 2  # tasks handed over for each process: more would only be held
HOPELESS = 5  # losses one after the other, no task having been finished

Task = TypeVar("Task")
Result = TypeVar("Result")


class _GivenUp(Enum):
    GIVEN_UP = 0


GIVEN_UP = _GivenUp.GIVEN_UP  # in place of the result of a task that ends every process
GivenUp: TypeAlias = Literal[_GivenUp.GIVEN_UP]


def in_processes(
    work: Callable[[Task], Result],
    tasks: Iterator[Task],
    workers: int,
    *,
    retries: int,
    ahead: int = AHEAD,
    in_order: bool = False,
) -> Iterator[tuple[Task, Result | GivenUp]]:
    """Yield each task with its result, or with GIVEN_UP, as they are finished or in the order of the tasks.

    `ahead` tasks for each of `workers` processes are under way. A task that was interrupted more than `retries` times runs
    alone. Raises SomeItemsFailed where processes end as soon as they begin, and what `work` raises.
    """
    with _Pool(work, workers, retries) as pool:
        done: dict[int, Result | GivenUp] = {}
        taken: dict[int, Task] = {}  # and not yet yielded
        numbered = enumerate(tasks)
        while True:
            for number, task in islice(numbered, ahead * workers - len(taken)):
                taken[number] = task
                pool.submit(number, task)
            if not taken:
                return
            done |= pool.finished()
            for number in sorted(taken) if in_order else list(done):
                if number not in done:
                    break
                yield taken.pop(number), done.pop(number)


class _Pool(Generic[Task, Result]):
    """The processes, and the tasks handed to them by number."""

    def __init__(self, work: Callable[[Task], Result], workers: int, retries: int) -> None:
        self._work, self._retries = work, retries
        self._processes = WorkerProcesses(workers)
        self._begun: dict[Future[Result], tuple[int, Task]] = {}
        self._interruptions: dict[int, int] = {}
        self._in_vain = 0  # losses since a task was last finished

    def __enter__(self) -> _Pool[Task, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._processes.end()
        else:
            self._processes.finish()

    def submit(self, number: int, task: Task) -> None:
        """Hand a task over."""
        self._begun[self._processes.submit(self._work, task)] = number, task

    def finished(self) -> dict[int, Result | GivenUp]:
        """Wait; return the results of what was finished, by number. It may be nothing."""
        finished, _ = wait(self._begun, return_when=FIRST_COMPLETED)
        results: dict[int, Result | GivenUp] = {}
        lost: dict[int, Task] = {}
        for future in finished:
            number, task = self._begun.pop(future)
            try:
                results[number] = future.result()
            except BrokenProcessPool:
                lost[number] = task
        if results:
            self._in_vain = 0
        if lost:
            lost |= dict(self._begun.values())
            self._begun.clear()
            results |= self._retried(lost)
        for number in results:
            self._interruptions.pop(number, None)
        return results

    def _retried(self, lost: dict[int, Task]) -> dict[int, Result | GivenUp]:
        """Hand over again the tasks that a lost process interrupted; return the results of those that had to run alone."""
        self._processes.replace()
        for number in lost:
            self._interruptions[number] = self._interruptions.get(number, 0) + 1
        worn_out = [number for number in sorted(lost) if self._interruptions[number] > self._retries]
        if len(lost) == len(worn_out) == 1:
            return dict.fromkeys(worn_out, GIVEN_UP)  # it was alone
        self._in_vain += 1
        if self._in_vain > HOPELESS:
            raise SomeItemsFailed(
                "processes are ended from outside as soon as they begin, perhaps for want of memory",
                hint="use fewer processes or smaller batches, and give the same command again",
            )
        results = {number: self._alone(number, lost.pop(number)) for number in worn_out}
        for number, task in sorted(lost.items()):
            self.submit(number, task)
        return results

    def _alone(self, number: int, task: Task) -> Result | GivenUp:
        self.submit(number, task)
        (future,) = self._begun
        try:
            return future.result()
        except BrokenProcessPool:
            self._processes.replace()
            return GIVEN_UP
        finally:
            self._begun.clear()
