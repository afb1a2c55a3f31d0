"""Ctrl-C and SIGTERM held back for a moment, so that what is under way is saved before the process goes.

While they are held, a first signal is only noted; a second one acts at once. When the work is safe, `deliver` lets the signal
do what it would have done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """`number` is the signal that came, 0 while there was none."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, signal._HANDLER] = {}

    def note(self, number: int, _: FrameType | None) -> None:
        """As a handler: remember the signal, and let the next one through."""
        self.number = int(number)
        self.release()

    def hold(self) -> None:
        """From now on signals are noted; only the main thread gets any."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self.note) for number in SIGNALS}

    def release(self) -> None:
        """From now on signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@contextmanager
def held() -> Iterator[Interruption]:
    """Signals are noted within the block."""
    interruption = Interruption()
    interruption.hold()
    try:
        yield interruption
    finally:
        interruption.release()


def deliver(number: int) -> None:
    """Let a signal that was noted do its work: usually this ends the process, or raises KeyboardInterrupt."""
    signal.raise_signal(number)
