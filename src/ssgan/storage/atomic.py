"""Write files whole or not at all: under a temporary name, forced to the disk, then moved into place in one step."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from ssgan.errors import StorageFailed

_HINTS = {
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some space on the disk",
    errno.EACCES: "check the permissions of the folder",
    errno.EPERM: "check the permissions of the folder",
    errno.EROFS: "choose a folder that can be written to",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "choose a folder that can be written to",
    errno.EISDIR: "choose a name that is not a folder's",
    errno.ENAMETOOLONG: "choose a shorter name",
}
UNFINISHED = ".part"  # what the names of temporary files end in; they begin with a dot
_TEMPORARY = re.compile(r"\..{1,100}\.[0-9a-f]{12}" + re.escape(UNFINISHED), re.DOTALL)
_LONGEST_STEM = 100  # characters of the name that the temporary one repeats, so that it does not become too long itself


@contextlib.contextmanager
def atomic_write(path: Path, *, overwrite: bool = False, durable: bool = True, temporary: Path | None = None) -> Iterator[Path]:
    """Provide a temporary path to write to; after the block it becomes `path` or, after an exception, is removed.

    `durable` waits until the bytes are on the disk; what can be made again may go without. `temporary` is the path to write to,
    where it is not to be beside `path`: one of `temporary_for`, on the same file system.

    Raises StorageFailed where the file exists and may not be overwritten, and for every OSError, also those of the block.
    """
    refuse_existing(path, overwrite=overwrite)
    temporary = temporary or temporary_for(path)
    try:
        yield temporary
        if durable:
            sync(temporary)
        _move(temporary, path, overwrite)
        if durable and os.name == "posix":
            sync(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageFailed(
            f"{path} could not be written: {reason}", hint=_HINTS.get(error.errno or 0, "check the disk, then try again")
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def refuse_existing(path: Path, *, overwrite: bool = False) -> None:
    """Raise StorageFailed where `path` exists and may not be overwritten: before work that would be in vain."""
    if not overwrite and os.path.lexists(path):
        raise _in_the_way(path)


def temporary_for(path: Path) -> Path:
    """Return a new hidden name beside `path`, by which `unfinished` and `left_over` find what a killed process left."""
    return path.with_name(f".{path.name[:_LONGEST_STEM]}.{secrets.token_hex(6)}{UNFINISHED}")


def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes: `os.write` may write fewer than it is given, as on a nearly full disk. Raises OSError."""
    left = memoryview(content)
    while left:
        written = os.write(descriptor, left)
        if written <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]


def unfinished(path: Path) -> list[Path]:
    """Return the temporary files that `atomic_write` left of `path`, where its process was killed."""
    pattern = f".{glob.escape(path.name[:_LONGEST_STEM])}.{'[0-9a-f]' * 12}{UNFINISHED}"
    return sorted(path.parent.glob(pattern)) if path.parent.is_dir() else []


def left_over(folder: Path) -> Iterator[Path]:
    """Yield the temporary files that `atomic_write` left in a folder and below, where a process was killed."""
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names if _TEMPORARY.fullmatch(name))


def sync(path: Path) -> None:
    """Force the bytes of a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move(temporary: Path, path: Path, overwrite: bool) -> None:
    """Move a file into place in one step: without `overwrite` by a link, which fails where a file appeared meanwhile."""
    if overwrite:
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _in_the_way(path) from None
    except OSError:  # A file system without hard links: the check before has to do.
        if os.path.lexists(path):
            raise _in_the_way(path) from None
        temporary.replace(path)


def _in_the_way(path: Path) -> StorageFailed:
    return StorageFailed(f"{path} exists already and was left as it is", hint="choose another name, or allow overwriting")
