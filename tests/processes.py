"""Programs that a test begins end with it, however it ends: `with Popen` alone waits for them, after a failure for ever."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def begun(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A running program; what still runs at the end of the block is killed.

    Args:
        command: program and arguments.
        options: those of `subprocess.Popen`.
    """
    with subprocess.Popen(command, **options) as process, ended(process):
        yield process


@contextlib.contextmanager
def ended(*processes: subprocess.Popen[Any]) -> Iterator[None]:
    """The same for those that run already."""
    try:
        yield
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
