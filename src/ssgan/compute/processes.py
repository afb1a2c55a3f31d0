"""Start fresh processes and hand them calls, replace them where one is lost, and give up where none of them begins."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_end
from pathlib import Path
from typing import Any, TypeVar

from ssgan.errors import SsganError
from ssgan.storage import signals

IN_VAIN = 2  # groups of processes, one after the other, of which none began, until no more are started
GRACE_SECONDS = 5.0  # for a process to end what it is doing and remove its temporary files
NEVER_BEGIN = (
    'new processes end before they begin to work; most likely the script does without `if __name__ == "__main__":`',
    "put below it all that the script does, and keep the script in a file: each new process runs it once more",
)

Returned = TypeVar("Returned")
# Fresh processes, not forks: those do not survive threads of torch and OpenMP.
_CONTEXT = multiprocessing.get_context("spawn")


class WorkerProcesses:
    """A group of processes that take calls, each with one thread, and with one of several graphics cards in turn.

    They leave Ctrl-C to this process, and end with it.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._executor: ProcessPoolExecutor | None = None
        self._begun: Any = None  # how many processes of the executor began to work
        self._in_vain = 0

    def submit(self, call: Callable[..., Returned], *arguments: object) -> Future[Returned]:
        """Hand over a call. The future raises BrokenProcessPool where any of the processes is lost."""
        if self._executor is None:
            self._begun = _CONTEXT.Value("i", 0)
            self._executor = ProcessPoolExecutor(self.count, mp_context=_CONTEXT, initializer=_begin, initargs=(self._begun,))
        try:
            with signals.not_for_children():
                return self._executor.submit(_run, call, arguments)
        except BrokenProcessPool as error:  # it is raised again when this call's turn comes
            broken: Future[Returned] = Future()
            broken.set_exception(error)
            return broken

    def replace(self) -> None:
        """End all processes after one was lost; the next call starts others. Raises SsganError where they never begin."""
        if self._executor is None:
            return
        self.end()
        self._in_vain = 0 if self._begun.value else self._in_vain + 1
        if self._in_vain >= IN_VAIN:
            message, hint = NEVER_BEGIN
            raise SsganError(message, hint=hint)

    def finish(self) -> None:
        """End the processes when they have done all calls."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None

    def end(self) -> None:
        """End the processes at once; calls that they have begun leave no trace.

        One that has not ended after GRACE_SECONDS is killed: the executor would wait for it forever. A signal may come just as
        a call ends, where the executor takes it for the call's error.
        """
        if self._executor is None:
            return
        processes = list((self._executor._processes or {}).values())
        for process in processes:
            with contextlib.suppress(OSError, ValueError):
                process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in processes:
            with contextlib.suppress(OSError, ValueError):
                if not wait_for_end([process.sentinel], timeout=max(0.0, until - time.monotonic())):
                    process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None


class PipedProcess:
    """A process that calls `target(connection, *arguments)`, where `connection` is the other end of ours."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self.connection, far = _CONTEXT.Pipe()
        self._begun = _CONTEXT.Value("i", 0)
        self._process = _CONTEXT.Process(target=_answer, args=(self._begun, target, far, arguments), daemon=True)
        with signals.not_for_children():
            self._process.start()
        far.close()

    @property
    def has_begun(self) -> bool:
        """Return whether it began to work, or did once."""
        return bool(self._begun.value)

    @property
    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.is_alive()

    def join(self) -> None:
        """Wait for its end."""
        self._process.join()

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()
        self._process.join()
        self.connection.close()


_working = False  # this process, at this moment


class _Stopped(SystemExit):
    """The signal for a process to end, raised so that temporary files are removed."""


def _begin(begun: Any) -> None:
    """Set one thread before torch or numba is imported, and leave interrupts to the parent, whose end ends this process."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    with begun.get_lock():
        number, begun.value = begun.value, begun.value + 1
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


def _run(call: Callable[..., Returned], arguments: tuple[object, ...]) -> Returned:
    global _working
    try:
        _working = True
        return call(*arguments)
    except _Stopped:
        os._exit(0)
    finally:
        _working = False


def _answer(begun: Any, target: Callable[..., None], connection: Connection, arguments: tuple[object, ...]) -> None:
    begun.value = 1
    target(connection, *arguments)
