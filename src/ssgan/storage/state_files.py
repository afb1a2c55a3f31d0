"""Read the small files that a job keeps about itself, even if they are damaged.

A power loss, a copy that was cut off or another program may leave anything under such a name: nothing, half a file, zeros, a
folder, a pipe, a link to itself, JSON a thousand levels deep. Every reader uses this module, and gets a valid value or one
error, `Damaged`, that names the file. A caller that can do without the file catches it.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ssgan.errors import StorageFailed

LARGEST_BYTES = 1 << 28  # a list of some million names
LONGEST_LINE = 1 << 20
_LEVELS = 64  # objects and lists within each other
_DIGITS = 300  # of a whole number: more is no float any more
HINT = "restore it from a copy, or remove it"


class Damaged(StorageFailed):
    """A damaged file of a job's own; `path` names it."""

    def __init__(self, path: Path, reason: str, *, hint: str = HINT) -> None:
        super().__init__(f"{path} is damaged: {reason}", hint=hint)
        self.path = path
        self.reason = reason


def is_file(path: Path) -> bool:
    """Return whether a plain file has this name. It raises nothing."""
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's raises where a folder may not be looked into


def read_bytes(path: Path, *, largest: int = LARGEST_BYTES, links: bool = True, hint: str = HINT) -> bytes:
    """Return the content of a plain file. Raises Damaged for other files, larger or unreadable ones; pipes are not waited for.

    Without `links` a link is refused, too, wherever it leads.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= 0 if links else getattr(os, "O_NOFOLLOW", 0)
    try:
        if not links and path.is_symlink():
            raise Damaged(path, "it is a link", hint=hint)
        with os.fdopen(os.open(path, flags), "rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise Damaged(path, "it is not a plain file", hint=hint)
            content = file.read(largest + 1) if state.st_size <= largest else b""
    except (OSError, ValueError) as error:
        raise Damaged(path, _reason(error), hint=hint) from error
    if max(len(content), state.st_size) > largest:
        raise Damaged(path, f"it has more than {largest} bytes", hint=hint)
    return content


def read_text(path: Path, *, hint: str = HINT) -> str:
    """Return the text of a plain file in UTF-8. Raises Damaged."""
    try:
        return read_bytes(path, hint=hint).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(path, "it is not UTF-8", hint=hint) from error


def read_json(path: Path, *, hint: str = HINT) -> Any:
    """Return the JSON value in a file. Raises Damaged."""
    text = read_text(path, hint=hint)
    if not text.strip("\x00 \r\n\t"):
        raise Damaged(path, "it is empty", hint=hint)
    try:
        return _parsed(text)
    except ValueError as error:
        raise Damaged(path, f"it is not JSON ({error})", hint=hint) from error


def read_object(path: Path, *keys: str, hint: str = HINT) -> dict[str, Any]:
    """Return the JSON object in a file, which has these keys. Raises Damaged."""
    found = read_json(path, hint=hint)
    if not isinstance(found, dict):
        raise Damaged(path, "it is not a JSON object", hint=hint)
    if missing := [key for key in keys if key not in found]:
        raise Damaged(path, f"it does not say {', '.join(missing)}", hint=hint)
    return found


def number(path: Path, key: str, *, contents: dict[str, Any] | None = None, hint: str = HINT) -> float:
    """Return the number under a key of the object in a file, or in `contents` if that was read before. Raises Damaged."""
    value = (read_object(path, key, hint=hint) if contents is None else contents)[key]
    if not is_figure(value):
        raise Damaged(path, f"its {key} is no number", hint=hint)
    return float(value)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file that has one a line; malformed lines, as after a cut, are skipped."""
    for line in read_bytes(path).split(b"\n"):
        if len(line) <= LONGEST_LINE:
            try:
                found = _parsed(line.decode("utf-8"))
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


def read_rows(path: Path, columns: Sequence[str], *, hint: str = HINT) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header that has these columns. Raises Damaged, also for a row that was cut off."""
    reader = csv.DictReader(io.StringIO(read_text(path, hint=hint), newline=""), strict=True)
    try:
        rows = list(reader)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
    except csv.Error as error:
        raise Damaged(path, f"it is not CSV ({error})", hint=hint) from error
    if missing:
        raise Damaged(path, f"it has no column {', '.join(missing)}", hint=hint)
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise Damaged(path, f"its row {number} is cut off", hint=hint)
    return rows


def is_figure(value: object) -> bool:
    """Return whether a JSON value is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def parsed_strictly(text: bytes) -> dict[str, Any]:
    """Return the JSON object in UTF-8, in which every key occurs once and every number is finite. Raises ValueError."""
    found = _parsed(text.decode(), object_pairs_hook=_each_once, parse_constant=_no_constant, parse_float=_finite)
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found


def read_strictly(path: Path, *, largest: int, hint: str = HINT) -> dict[str, Any]:
    """Return the JSON object in a plain file that is no link, read as `parsed_strictly` does. Raises Damaged."""
    try:
        return parsed_strictly(read_bytes(path, largest=largest, links=False, hint=hint))
    except ValueError as error:
        raise Damaged(path, f"it is not JSON ({str(error)[:80]})", hint=hint) from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key occurs twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"{digits[:20]} is no finite number")
    return number


def _parsed(text: str, **hooks: Any) -> Any:
    """Return the JSON value of a text. Raises ValueError, also for what is too deep or too large."""
    try:
        found = json.loads(text, parse_int=_whole, **hooks)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    held = [found] if isinstance(found, dict | list) else []
    for _ in range(_LEVELS):  # without recursion, so that the answer does not hang on how deep the caller is
        held = [inner for outer in held for inner in (outer.values() if isinstance(outer, dict) else outer)]
        held = [inner for inner in held if isinstance(inner, dict | list)]
        if not held:
            return found
    raise ValueError("nested too deeply")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _reason(error: OSError | ValueError) -> str:
    """Return the reason in the system's words."""
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP:
            return "it is a link to itself"
        return f"it cannot be read ({error.strerror or error})"
    return f"its name cannot be meant ({error})"  # a zero byte in it
