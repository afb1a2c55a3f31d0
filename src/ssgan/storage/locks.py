"""Lock a file or folder for one process at a time; the lock ends with its process, however that ends."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ssgan.errors import StorageFailed
from ssgan.storage.folders import make_folder

# A file system without locks: the work is done without one.
_UNKNOWN = {errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EBADF, errno.EINVAL}
_FAR = 2**62  # the byte that is locked where locks are of bytes (Windows): beyond all that is read
_PAUSE = 0.05  # seconds between two tries there
FOLDER_LOCK = ".lock"  # the file that is locked in place of a folder there


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file or folder that exists, for the block.

    Where another process or thread holds it, this waits, or, without `wait`, raises BlockingIOError. Raises OSError where the
    path cannot be opened.
    """
    descriptor = _open(path)
    try:
        while True:
            _lock(descriptor, wait=wait)
            if _is_still(path, descriptor):
                break
            # The opened file was removed by the process that had the lock before.
            os.close(descriptor)
            descriptor = -1
            descriptor = _open(path)
        yield
    finally:
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)  # and with it the lock goes


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make the folder and lock it against other runs within the block. Raises StorageFailed where one is writing."""
    make_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder, wait=False))
        except BlockingIOError:
            raise StorageFailed(
                f"another run is writing into {folder}", hint="wait until it has ended, or choose another folder"
            ) from None
        except OSError as error:
            raise StorageFailed(f"{folder} cannot be opened: {error.strerror}", hint="check its permissions") from error
        yield


def _open(path: Path) -> int:
    if not path.is_dir():
        return os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    if os.name == "posix":
        return os.open(path, os.O_RDONLY)
    # Windows opens no folder; in its place is a file that is removed when it is closed (O_TEMPORARY).
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_TEMPORARY", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path / FOLDER_LOCK, flags)


def _is_still(path: Path, descriptor: int) -> bool:
    if os.name != "posix":
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, *, wait: bool) -> None:
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
        return
    import msvcrt

    while True:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            if not wait:
                raise BlockingIOError(errno.EAGAIN, "is locked") from error
            time.sleep(_PAUSE)
        else:
            return
