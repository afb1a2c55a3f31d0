"""Guard standard output and error: a failed write is an error in words, and a closed pipe ends the program quietly.

Python's own streams raise OSError from wherever something is printed, or only when Python ends. Here standard output raises
StorageFailed; where its reader has closed the pipe, the program ends as by SIGPIPE. What standard error cannot take is lost.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import Any, TextIO

from ssgan.errors import StorageFailed

GONE = 141  # 128 + SIGPIPE, as shells report it
_HINTS = {errno.ENOSPC: "free some space on the disk", errno.EBADF: "give standard output a place: | or >"}


class _Output(io.FileIO):
    """The bytes of standard output."""

    def write(self, content: Any, /) -> int:
        """Write as `FileIO.write`. Raises StorageFailed, or SystemExit where the reader has closed the pipe."""
        try:
            return super().write(content)
        except BrokenPipeError:
            raise SystemExit(GONE) from None
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "check the place that standard output leads to")
            raise StorageFailed(f"standard output could not be written: {error.strerror or error}", hint=hint) from error


class _Errors(io.FileIO):
    """The bytes of standard error."""

    def write(self, content: Any, /) -> int:
        """Write as `FileIO.write`, but raise nothing."""
        try:
            return super().write(content)
        except OSError:
            return memoryview(content).nbytes


def guard() -> None:
    """Put the guarded streams into the place of `sys.stdout` and `sys.stderr`."""
    # A descriptor that is closed would be given to the next file, and what others print into it would end up there.
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    sys.stdout, sys.stderr = _guarded(sys.stdout, _Output), _guarded(sys.stderr, _Errors)


def release() -> None:
    """Flush at the end, and drop what cannot be written, which Python would report in its own words."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, StorageFailed, SystemExit):
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _guarded(stream: TextIO, kind: type[io.FileIO]) -> TextIO:
    """Return a stream to the same file; that of a Windows console, of another kind, is left unchanged."""
    raw = getattr(stream.buffer, "raw", stream.buffer) if isinstance(stream, io.TextIOWrapper) else None
    if not isinstance(stream, io.TextIOWrapper) or type(raw) is not io.FileIO:
        return stream
    stream.flush()
    # PYTHONUNBUFFERED leaves out the buffer, which would continue after a partial write. Line buffering serves as well.
    return io.TextIOWrapper(
        io.BufferedWriter(kind(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.buffer is raw,
    )
