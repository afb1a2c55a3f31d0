"""Run jobs of the page: a bounded queue, worker processes that can be stopped, and results that expire.

A worker is a process that keeps its imports; a job that is cancelled or takes too long ends with its process, and another one
takes its place. Nothing is written to the disk but the list of used covers.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Literal, NamedTuple

from ssgan.compute.processes import NEVER_BEGIN, PipedProcess
from ssgan.errors import SsganError
from ssgan.web.results import PageResult

WAITING = 8  # jobs that may wait
SECONDS = 120.0  # that a job may take
KEPT_JOBS, KEPT_BYTES, KEPT_SECONDS = 64, 256 * 2**20, 1800.0
LISTED = 500  # jobs in the list of what was made
FEWEST_STEPS = 5  # of a job, so that its end can be estimated
LOOK = 10.0  # seconds between looks for expired results
MEMORY = 8 * 2**30  # bytes of address space of a worker, beyond what its imports take


class JobFailure(NamedTuple):
    """Why a job failed: the message, the hint, the exit code of the command line, and the names of remedies to offer."""

    message: str
    hint: str
    exit_code: int
    remedies: tuple[str, ...] = ()


class Made(NamedTuple):
    """A line in the list of what was made since the server began: id and kind of the job, what it was given, Unix time."""

    id: str
    kind: str
    name: str
    at: float


NO_MEMORY = JobFailure(
    "the task was ended, most likely for lack of memory", "give a smaller picture, or use the command line", 1
)

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Target = Callable[[Connection], None]


class Busy(Exception):
    """The refusal of a job by a full queue."""


@dataclass(eq=False)
class PageJob:
    """One job and its state; `name` says in words what it was given."""

    kind: str
    given: dict[str, Any] = field(repr=False)
    name: str = ""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = "waiting"
    done: int = 0
    of: int = 1
    doing: str = "waiting for its turn"
    result: PageResult | None = None
    error: JobFailure | None = None
    begun_at: float = 0.0
    ended_at: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def seconds(self) -> float:
        """Seconds since its work began, or that it took; 0 while it waits."""
        return (self.ended_at or time.monotonic()) - self.begun_at if self.begun_at else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds that it will take at the speed so far; None where there is too little to tell by."""
        if self.state != "running" or self.of < FEWEST_STEPS or not self.done:
            return None
        return self.seconds / self.done * (self.of - self.done)

    def begin(self) -> None:
        """Note that its work begins."""
        self.state, self.begun_at = "running", time.monotonic()

    def end(self, state: State) -> None:
        """End the job, and drop its inputs at once."""
        self.state, self.given, self.ended_at = state, {}, time.monotonic()
        self.ended.set()


class Jobs:
    """The queue and its workers."""

    def __init__(
        self, *, workers: int = 2, seconds: float = SECONDS, waiting: int = WAITING, target: Target | None = None
    ) -> None:
        self.seconds, self.most = seconds, waiting
        self._target = target or work
        self._queue: deque[PageJob] = deque()
        self._jobs: dict[str, PageJob] = {}
        self._made: deque[Made] = deque(maxlen=LISTED)
        self._change = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._attend, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, kind: str, given: dict[str, Any], name: str = "", *, is_listed: bool = True) -> PageJob:
        """Put a job into the queue. Raises Busy."""
        with self._change:
            if len(self._queue) >= self.most:
                raise Busy
            job = PageJob(kind, given, name)
            self._forget()
            self._jobs[job.id] = job
            if is_listed:
                self._made.append(Made(job.id, kind, name, time.time()))
            self._queue.append(job)
            self._change.notify()
        return job

    def find(self, number: str) -> PageJob | None:
        """Return the job of that id, if it has not expired."""
        with self._change:
            self._forget()
            return self._jobs.get(number)

    def made(self) -> list[tuple[Made, PageJob | None]]:
        """Return the listed jobs, newest first; None for one whose result was forgotten."""
        with self._change:
            self._forget()
            return [(made, self._jobs.get(made.id)) for made in reversed(self._made)]

    def cancel(self, job: PageJob) -> None:
        """Stop a job in any state."""
        with self._change:
            job.stop.set()
            if job in self._queue:
                self._queue.remove(job)
                job.end("cancelled")

    def close(self) -> None:
        """Stop all jobs, and drop them."""
        with self._change:
            self._closed = True
            for job in self._jobs.values():
                job.stop.set()
            self._queue.clear()
            self._change.notify_all()
        for thread in self._threads:
            thread.join(5)
        self._jobs.clear()

    def _forget(self) -> None:
        """Drop old results, and the oldest where there are too many."""
        now = time.monotonic()
        over = [job for job in self._jobs.values() if job.ended.is_set()]
        size = sum(job.result.size for job in over if job.result)
        for job in over:
            if now - job.ended_at < KEPT_SECONDS and len(self._jobs) <= KEPT_JOBS and size <= KEPT_BYTES:
                return
            size -= job.result.size if job.result else 0
            del self._jobs[job.id]

    def _attend(self) -> None:
        """Run one worker process in a thread, and hand it one job after the other."""
        worker = _started(self._target)
        while (job := self._next()) is not None:
            job.begin()
            if worker is None or not worker.is_alive:
                worker = _started(self._target)
            if worker is None:
                job.error = JobFailure(
                    "there is no memory for another process", "close other programs, then give the task again", 1
                )
                job.end("failed")
            else:
                self._do(job, worker)
        if worker is not None:
            worker.kill()

    def _next(self) -> PageJob | None:
        with self._change:
            while not self._change.wait_for(lambda: self._queue or self._closed, timeout=LOOK):
                self._forget()
            return None if self._closed else self._queue.popleft()

    def _do(self, job: PageJob, worker: PipedProcess) -> None:
        until = time.monotonic() + self.seconds
        try:
            worker.connection.send((job.kind, job.given))
            while not job.ended.is_set():
                if worker.connection.poll(0.05):
                    _hear(job, worker.connection.recv())
                elif job.stop.is_set():
                    worker.kill()
                    job.end("cancelled")
                elif time.monotonic() > until:
                    worker.kill()
                    job.error = JobFailure(
                        f"it took more than {self.seconds:.0f} seconds", "give a smaller picture, or use the command line", 1
                    )
                    job.end("failed")
        except (EOFError, OSError):
            worker.kill()
            job.error = NO_MEMORY if worker.has_begun else JobFailure(*NEVER_BEGIN, 1)
            job.end("failed")


def _started(target: Target) -> PipedProcess | None:
    """Return a new worker, or None where the machine has no memory for one."""
    try:
        return PipedProcess(target)
    except OSError:
        return None


def _hear(job: PageJob, event: tuple[str, Any]) -> None:
    """Take a worker's message: its progress, or its end."""
    what, value = event
    if what == "progress":
        job.done, job.of, job.doing = value
    elif what == "done":
        job.result = value
        job.end("done")
    else:
        job.error = value
        job.end("failed")


def work(connection: Connection) -> None:
    """Work on jobs, in a process of its own."""
    from ssgan.web.tasks import WORK, warm

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides when it ends
    warm()
    _bound_memory()
    while True:
        try:
            kind, given = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(_done(WORK[kind], given, lambda *event: connection.send(("progress", event))))


def _done(do: Callable[..., PageResult], given: dict[str, Any], progress: Callable[..., None]) -> tuple[str, Any]:
    try:
        return "done", do(given, progress)
    except SsganError as error:
        return "failed", JobFailure(str(error), error.hint, error.exit_code, getattr(error, "remedies", ()))
    except MemoryError:
        return "failed", NO_MEMORY
    except Exception as error:  # a fault in our code: reported without the input
        return "failed", JobFailure(
            f"internal error ({type(error).__name__})", "report what you did: this is a bug in ssgan", 1
        )


def _bound_memory() -> None:
    """Bound the memory of a worker, where the system supports that."""
    try:
        import resource

        from_now = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmSize"))  # noqa: PTH123, SIM115
        resource.setrlimit(resource.RLIMIT_AS, (from_now + MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    except (ImportError, OSError, StopIteration, ValueError):
        return
