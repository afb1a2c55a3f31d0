"""Print a command's output: lines for people, one JSON object a line with its `message_type` for programs.

Results go to standard output, progress and errors to standard error; with --json all but warnings and
errors goes to standard output. Everything that is printed passes through `_say`: what would steer a terminal is
made visible, and a letter that the stream cannot show is replaced.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
import stat
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from ssgan.errors import InvalidSetting, SsganError
from ssgan.storage.names import fitting, json_text, shown

_PLAIN_SECONDS = 10.0  # how often a log file gets a line
_NARROWEST = 8  # characters of a column of a table
_OFTEN_SECONDS = 1.0  # for programs, and with --verbose


class Screen:
    """The output of one command: for people, or, with `json`, for programs.

    `quiet` leaves results, warnings and errors; `verbose` adds progress every second, and time and memory of each step.
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        if quiet and verbose:
            raise InvalidSetting("--quiet and --verbose are both given", hint="leave one of them out")
        self.json = json
        self.quiet = quiet
        self.verbose = verbose

    def result(self, message_type: str, text: str | Sequence[str], **fields: Any) -> None:
        """Print the result of the command: a line, or several."""
        if self.json:
            _say_json(sys.stdout, message_type, fields)
        else:
            _say(sys.stdout, *([text] if isinstance(text, str) else text))

    def note(self, message_type: str, text: str, **fields: Any) -> None:
        """Print a remark on the way, unless quiet."""
        if not self.quiet:
            self.result(message_type, text, **fields) if self.json else _say(sys.stderr, text)

    def warn(self, text: str) -> None:
        """Print a warning, even when quiet."""
        if self.json:
            _say_json(sys.stderr, "warning", {"warning": text})
        else:
            _say(sys.stderr, f"ssgan: warning: {text}")

    def raw(self, content: bytes) -> None:
        """Write bytes to standard output unchanged."""
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def stdout_is_open_to_others(self) -> bool:
        """Return whether standard output is a file that others can read."""
        try:
            mode = os.fstat(sys.stdout.fileno()).st_mode
        except (OSError, ValueError):
            return False
        return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & 0o077)

    def table(self, message_type: str, rows: list[dict[str, Any]]) -> None:
        """Print rows with the same keys, as columns under their names, or as one JSON object a row.

        On a terminal long cells are wrapped so that the table fits; elsewhere each row is one line.
        """
        if self.json:
            for row in rows:
                _say_json(sys.stdout, message_type, row)
            return
        texts = [list(rows[0]), *([shown(str(value)) for value in row.values()] for row in rows)]
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        _say(sys.stdout, *laid_out(texts, width))

    @contextmanager
    def progress(self, total: int, doing: str) -> Iterator[Callable[..., None]]:
        """Return a function that takes how many of `total` are done: a bar on a terminal, now and then a line elsewhere.

        Either says how many a second that makes, or in its place what it is told besides: words, and figures for programs.
        """
        begun = time.monotonic()
        if not self.json and not self.quiet and sys.stderr.isatty():
            with _bar(total, doing) as report:
                yield report
        else:
            yield self._lines(total, doing)
        if self.verbose:
            seconds, largest = time.monotonic() - begun, peak_bytes()
            text = f"{doing}: {seconds:.1f} s" + (f", {largest / 1e6:.0f} MB of memory at most" if largest else "")
            self.note("step", text, step=doing, seconds=round(seconds, 3), peak_bytes=largest)

    def _lines(self, total: int, doing: str) -> Callable[..., None]:
        interval = _OFTEN_SECONDS if self.json or self.verbose else _PLAIN_SECONDS
        begun = last = time.monotonic()

        def report(done: int, said: str = "", **figures: float) -> None:
            nonlocal last
            if not self.quiet and time.monotonic() - last >= interval:
                last = time.monotonic()
                rate = done / (last - begun)
                text = f"{doing}: {done} of {total}, {said or f'{rate:.0f}/s'}"
                self.note("progress", text, done=done, total=total, **(figures or {"per_second": round(rate, 1)}))

        return report


def laid_out(texts: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Return the lines of a table whose first row is its head; with a width, the widest columns are wrapped until it fits."""
    widths = [max(len(row[k]) for row in texts) for k in range(len(texts[0]))]
    if width is not None:
        while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > _NARROWEST:
            widths[widths.index(max(widths))] -= 1
    lines = []
    for row in texts:
        cells = [textwrap.wrap(cell, size) if len(cell) > size else [cell] for cell, size in zip(row, widths, strict=True)]
        for parts in itertools.zip_longest(*cells, fillvalue=""):
            lines.append("  ".join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip())
    return lines


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_error(error: SsganError, *, json: bool) -> None:
    """Print an error and its hint on standard error."""
    if json:
        _say_json(sys.stderr, "error", {"error": str(error), "hint": error.hint, "exit_code": error.exit_code})
        return
    _say(sys.stderr, f"ssgan: error: {error}", *([f"ssgan: hint: {error.hint}"] if error.hint else []))


def peak_bytes() -> int | None:
    """Return the largest memory that this process has held so far; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@contextmanager
def _bar(total: int, doing: str) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """The column with the number per second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.0f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def described(said: str = "") -> str:
            return fitting(shown(f"{doing}: {said}" if said else doing), _encoding(sys.stderr))

        task = bar.add_task(described(), total=total)
        yield lambda done, said="", **_: bar.update(task, completed=done, description=described(said))


def _say(stream: TextIO, *lines: str) -> None:
    """Print lines for people; nothing else does."""
    for line in lines:
        print(fitting(shown(line), _encoding(stream)), file=stream)


def _say_json(stream: TextIO, message_type: str, fields: dict[str, Any]) -> None:
    """Print one JSON object; a number that JSON does not have (an infinite ratio) is null."""
    plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
    print(json_text({"message_type": message_type, **plain}, encoding=_encoding(stream)), file=stream)


def _encoding(stream: TextIO) -> str:
    """Return the encoding of a stream; a stream of tests, which keeps text, has none."""
    return getattr(stream, "encoding", None) or "utf-8"
