"""Where a command's words go: people read lines, programs read one JSON object a line with its `message_type`.

Results go to standard output, progress and errors to standard error; with --json all but warnings and
errors goes to standard output.
"""

from __future__ import annotations

import json
import math
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ssgan.errors import SsganError

_PLAIN_SECONDS = 10.0  # how often a log file gets a line
_JSON_SECONDS = 1.0


class Screen:
    """The output of one command: for people, or, with `json`, for programs; `quiet` leaves only results and errors."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    def result(self, message_type: str, text: str, **fields: Any) -> None:
        """What the command was called for."""
        print(_line(message_type, fields) if self.json else text)

    def note(self, message_type: str, text: str, **fields: Any) -> None:
        """Something on the way; not said when quiet."""
        if not self.quiet:
            self.result(message_type, text, **fields) if self.json else print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """What somebody should know before going on; also said when quiet."""
        print(_line("warning", {"warning": text}) if self.json else f"ssgan: warning: {text}", file=sys.stderr)

    def raw(self, content: bytes) -> None:
        """Bytes to standard output as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def stdout_is_open_to_others(self) -> bool:
        """Whether standard output goes into a file that others can read."""
        try:
            mode = os.fstat(sys.stdout.fileno()).st_mode
        except (OSError, ValueError):
            return False
        return os.name == "posix" and stat.S_ISREG(mode) and bool(mode & 0o077)

    def table(self, message_type: str, rows: list[dict[str, Any]]) -> None:
        """Rows with the same keys, as columns under their names, or as one JSON object a row."""
        if self.json:
            for row in rows:
                print(_line(message_type, row))
            return
        texts = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
        widths = [max(len(text[k]) for text in texts) for k in range(len(rows[0]))]
        for text in texts:
            print("  ".join(cell.ljust(width) for cell, width in zip(text, widths, strict=True)).rstrip())

    @contextmanager
    def progress(self, total: int, doing: str) -> Iterator[Callable[..., None]]:
        """A function that is told how many of `total` are done: a bar on a terminal, now and then a line elsewhere.

        Either says how many a second that makes, or in its place what it is told besides: words, and figures for programs.
        """
        if not self.json and not self.quiet and sys.stderr.isatty():
            with _bar(total, doing) as report:
                yield report
        else:
            yield self._lines(total, doing)

    def _lines(self, total: int, doing: str) -> Callable[..., None]:
        interval = _JSON_SECONDS if self.json else _PLAIN_SECONDS
        begun = last = time.monotonic()

        def report(done: int, said: str = "", **figures: float) -> None:
            nonlocal last
            if not self.quiet and time.monotonic() - last >= interval:
                last = time.monotonic()
                rate = done / (last - begun)
                text = f"{doing}: {done} of {total}, {said or f'{rate:.0f}/s'}"
                self.note("progress", text, done=done, total=total, **(figures or {"per_second": round(rate, 1)}))

        return report


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def show_error(error: SsganError, *, json: bool) -> None:
    """What went wrong and what to do, on standard error."""
    if json:
        print(_line("error", {"error": str(error), "hint": error.hint, "exit_code": error.exit_code}), file=sys.stderr)
        return
    print(f"ssgan: error: {error}", file=sys.stderr)
    if error.hint:
        print(f"ssgan: hint: {error.hint}", file=sys.stderr)


@contextmanager
def _bar(total: int, doing: str) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.0f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done, said="", **_: bar.update(task, completed=done, description=f"{doing}: {said}" if said else doing)


def _line(message_type: str, fields: dict[str, Any]) -> str:
    """One JSON object; a number that JSON does not know (an infinite ratio) is null."""
    plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
    return json.dumps({"message_type": message_type, **plain}, ensure_ascii=False)
