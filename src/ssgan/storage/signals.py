"""Note Ctrl-C and SIGTERM when they come, and deliver them where they cannot be lost.

An exception that a signal handler raises appears wherever the main thread happens to be. In a callback of C code, a finalizer
or an import it is swallowed, and the signal with it. So there are three ways, each of which notes first:

- `defer_signals`: work that saves before it ends. A first signal is noted, a second one acts at once.
- `uninterrupted`: work that calls back from C, such as the compiler. All signals are noted; `pause` delivers between steps.
- `when_safe`: a handler for everything else. It acts at once; where an exception would be swallowed it tries again later.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
AGAIN_SECONDS = 0.01  # until a signal that could not be delivered is sent once more
REPEAT_SECONDS = 1.0  # within which the same wish may come twice, as from a terminal or from `timeout`
# Modules in whose frames an exception is lost, or becomes another one: C code tries an import and continues without it.
_SWALLOWING = {
    *("importlib._bootstrap", "importlib._bootstrap_external", "_frozen_importlib", "_frozen_importlib_external"),
    *("weakref", "_weakrefset", "ctypes"),
}


class Interruption:
    """A signal that was noted: its `number`, 0 while there was none."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, signal._HANDLER] = {}

    def note(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: remember it, and let the next one through."""
        self.number = int(number)
        self.release()

    def note_all(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: remember it, and note the next ones, too."""
        self.number = int(number)

    def hold(self, *, all_of_them: bool = False) -> None:
        """Start noting signals, the first of them or all; only the main thread gets any."""
        if threading.current_thread() is threading.main_thread():
            note = self.note_all if all_of_them else self.note
            self._before = {number: signal.signal(number, note) for number in SIGNALS if _is_pythons(number)}

    def release(self) -> None:
        """Restore the earlier handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextmanager
def defer_signals() -> Iterator[Interruption]:
    """Note signals within the block."""
    interruption = Interruption()
    interruption.hold()
    try:
        yield interruption
    finally:
        interruption.release()


_compiling: Interruption | None = None  # of the main thread, in the outermost block of `uninterrupted`


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Note all signals within the block; deliver the last of them at its end. Of nested blocks the outermost counts."""
    global _compiling
    if _compiling is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    noted = Interruption()
    noted.hold(all_of_them=True)
    _compiling = noted  # only now: until here a signal may still raise
    try:
        yield
    finally:
        _compiling = None
        noted.release()
        if noted.number:
            redeliver(noted.number)


def pause() -> None:
    """Deliver what was noted, at a place within `uninterrupted` where an exception may be raised."""
    noted = _compiling
    if noted is not None and noted.number and threading.current_thread() is threading.main_thread():
        number, noted.number = noted.number, 0
        noted.release()
        redeliver(number)
        noted.hold(all_of_them=True)  # its handler returned


def when_safe(act: Callable[[int], None]) -> Callable[[int, FrameType | None], None]:
    """Return a handler that calls `act` with the signal's number; `act` may raise.

    In an import, a finalizer or a callback of a weak reference it sends the signal to the main thread again, a moment later.
    What comes after `act` was called is ignored for REPEAT_SECONDS, and after that ends the process at once.
    """
    acted: list[float] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if acted:
            if time.monotonic() - acted[0] > REPEAT_SECONDS:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
        elif _is_swallowed(frame):
            # Not threading.Thread: its start takes a lock that the interrupted code may hold.
            _thread.start_new_thread(_send_again, (number,))
        else:
            acted.append(time.monotonic())
            act(number)

    return handle


def leave(number: int) -> None:
    """End the program as the signal asks: by KeyboardInterrupt, or by SystemExit with 128 + number, as shells report it."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


@contextmanager
def not_for_children() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started in the block, from their first line on: their parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_pythons(number: int) -> bool:
    """Return whether the handler can be put back; one that was set by C code cannot."""
    return signal.getsignal(number) is not None


def _is_swallowed(frame: FrameType | None) -> bool:
    """Return whether an exception raised in `frame` is lost before it reaches the program's own code."""
    while frame is not None:
        home = frame.f_globals.get("__name__", "")
        if home in _SWALLOWING or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return sys.is_finalizing()


def _send_again(number: int) -> None:
    time.sleep(AGAIN_SECONDS)
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def redeliver(number: int) -> None:
    """Deliver a noted signal: usually this ends the process, or raises KeyboardInterrupt."""
    signal.raise_signal(number)


def end_by(number: int) -> NoReturn:
    """Deliver a noted signal after all is saved; raise KeyboardInterrupt where its handler ends nothing."""
    redeliver(number)
    raise KeyboardInterrupt
