"""Define the errors: one family, each with a hint and an exit code.

    SsganError                1   any error of this package
    ├── InvalidSetting        2   an argument that is not allowed, alone or with the others
    ├── NothingFound          3   no message with this key (wrong key, none hidden, or altered: one text)
    ├── DoesNotFit            4   more bits than the cover takes; `reachable` says how many would fit
    ├── RefusedImage          5   an image that cannot be read, or that the image policy turns away
    ├── RefusedModel          6   a model or checkpoint that is damaged or of another kind
    ├── StorageFailed         7   disk full, no permission, an existing file in the way
    ├── TrainingDiverged      8   training diverged and could not be brought back
    ├── SomeItemsFailed       9   a batch of which some items failed
    ├── Incomplete           10   one part of a message that is spread over several images
    └── NotEnoughMemory      12   a picture too large for the free memory

The exit codes are the command line's; a library user catches the classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

_LONGEST_NAME = 60  # of a name that is repeated in a message: it may come from a file or a form


class SsganError(Exception):
    """The root of the family. `hint` is one piece of advice, or empty."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle all attributes, so that an error raised in another process arrives unchanged."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[SsganError], args: tuple[object, ...], state: dict[str, object]) -> SsganError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidSetting(SsganError, ValueError):
    """An argument that is not allowed, alone or with the others."""

    exit_code = 2


def spelled(name: str, known: Iterable[str], titles: Mapping[str, str] | None = None) -> str:
    """Return the entry of `known` that a name means in any case, with or without hyphens; the name itself where there is none.

    `titles` gives entries a second name: S-UNIWARD means suniward, HUGO-BD hugo.
    """
    table = {_plain(title): entry for entry, title in (titles or {}).items()}
    return (table | {_plain(entry): entry for entry in known}).get(_plain(name), name)


def _plain(name: str) -> str:
    return str(name).strip().lower().replace("-", "").replace("_", "").replace(" ", "")


def unknown(kind: str, name: str, known: Iterable[str]) -> InvalidSetting:
    """Return the error for a name that a table does not have: it suggests the nearest of `known`, or lists them."""
    entries = list(known)
    near = nearest(name, entries)
    hint = f"did you mean {near}?" if near else f"choose from {', '.join(entries)}"
    return InvalidSetting(
        f"there is no {kind} '{str(name)[:_LONGEST_NAME]}'", hint=hint if entries else f"leave the {kind} out"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the entry of `known` that is most like a name, or nothing where none is."""
    from difflib import get_close_matches  # here, so that a start without such an error does not pay for it

    table = {entry.lower(): entry for entry in known}
    near = get_close_matches(str(name).lower(), table, n=1)
    return table[near[0]] if near else ""


def not_read_back() -> SsganError:
    """Return the error for a message that was written but cannot be read back: a fault of this program, found in time."""
    return SsganError(
        "the message that was written cannot be read back, which is a fault of this program",
        hint="report the command and the version; nothing was saved",
    )


class NothingFound(SsganError):
    """No message with this key: wrong key, no message, or an altered image. The text never says which."""

    exit_code = 3


class DoesNotFit(SsganError):
    """More bits than the cover takes. `reachable` is the largest amount that fits, in `unit`."""

    exit_code = 4

    def __init__(self, message: str, *, reachable: float, unit: str = "bits", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reachable = reachable
        self.unit = unit


class RefusedImage(SsganError):
    """An image that cannot be read, or that the image policy turns away."""

    exit_code = 5


class RefusedModel(SsganError):
    """A model or checkpoint that is damaged or of another kind."""

    exit_code = 6


class StorageFailed(SsganError):
    """Disk full, no permission, or an existing file in the way."""

    exit_code = 7


class TrainingDiverged(SsganError):
    """Training that diverged to values that are not finite, and could not be brought back."""

    exit_code = 8


class SomeItemsFailed(SsganError):
    """A batch of which some items failed; the message counts them, the report names them."""

    exit_code = 9


class Incomplete(SsganError):
    """One part of a message that is spread over several images; `part` tells which, and how many are needed."""

    exit_code = 10

    def __init__(self, message: str, *, part: object, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.part = part


class NotEnoughMemory(SsganError, MemoryError):
    """A picture that is too large for the free memory, recognized by its header before the work."""

    exit_code = 12


class Failure(NamedTuple):
    """A failed picture of many, with the error, its hint and its exit code."""

    name: str
    error: str
    hint: str
    exit_code: int

    @classmethod
    def of(cls, name: str, error: SsganError) -> Failure:
        """Return the failure for the error that was raised."""
        return cls(name, str(error), error.hint, error.exit_code)
