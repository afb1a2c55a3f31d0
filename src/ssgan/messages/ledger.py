"""Keep a local list of used covers as keyed digests, since two stegos of one cover give each other away.

A digest covers the samples that no message changes, so a stego is recognized as its cover is. Without the list's own random
key the digests reveal nothing; with it, they reveal only whether a given picture was used.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import StorageFailed
from ssgan.images import AnyImage, ImageLike, Layout, accept, atomic_write
from ssgan.messages import container
from ssgan.messages.container import Carrier
from ssgan.storage.atomic import sync, write_all
from ssgan.storage.folders import make_folder, user_folder
from ssgan.storage.locks import locked

KEY_BYTES = 32
DIGEST_BYTES = 16
LINE_BYTES = 2 * DIGEST_BYTES + 1
_ELSEWHERE = "name another folder in $SSGAN_LEDGER, or leave the list out: --no-ledger"


Used: TypeAlias = "bytes | Carrier | tuple[AnyImage, ImageLike | None]"  # a digest, samples, or an image with its alpha


class _Read:
    """The digests of a list as far as it was read: the list only grows, so a process reads it once."""

    def __init__(self) -> None:
        self._digests = set[bytes]()
        self._at, self._last, self._file = 0, b"", (0, 0)

    def up_to_date(self, file: BinaryIO) -> set[bytes]:
        """Return the digests with new ones added; a list that was replaced or edited is read from its beginning."""
        status = os.fstat(file.fileno())
        file.seek(self._at - len(self._last))
        if self._file != (status.st_dev, status.st_ino) or file.read(len(self._last)) != self._last:
            self._digests, self._at, self._last, self._file = set(), 0, b"", (status.st_dev, status.st_ino)
            file.seek(0)
        read = file.read()
        whole, _, rest = read.rpartition(b"\n")
        self._digests.update(_parsed(whole))
        if whole:
            self._at += len(read) - len(rest)
            self._last = (whole + b"\n")[-2 * LINE_BYTES :]
        return self._digests | _parsed(rest) if rest else self._digests


def _parsed(lines: bytes) -> set[bytes]:
    found = set()
    for line in lines.split(b"\n"):
        with contextlib.suppress(ValueError):  # UnicodeDecodeError is one
            found.add(bytes.fromhex(line.decode("ascii")))
    return {digest for digest in found if len(digest) == DIGEST_BYTES}


_READ: dict[Path, _Read] = {}
_READING = threading.RLock()
_HELD = threading.local()  # the folders of the lists that this thread has for itself


@dataclass(frozen=True)
class Ledger:
    """The list in `folder`: `key`, 32 random bytes, and `covers`, one digest a line; `reuse` lets known covers pass."""

    folder: Path
    reuse: bool = False

    def knows(self, image: AnyImage | Carrier, alpha: ImageLike | None = None, *, layout: Layout | None = None) -> bool:
        """Return whether this image, as `as_image` takes it, was used, as cover or as stego. Writes nothing. Raises
        StorageFailed.
        """
        carrier, key = _carrier(image, alpha, layout), self._key()
        return key is not None and _digest(key, carrier) in self._digests()

    def prepare(self) -> None:
        """Make sure that `record` can work: create what is missing. Raises StorageFailed."""
        try:
            make_folder(self.folder)
            if self._key() is None:
                self._make_key()
            begun = self._path.exists()
            os.close(self._open())
            if not begun and os.name == "posix":
                sync(self.folder)
        except (OSError, StorageFailed) as error:
            raise self._failed(error) from error

    def record(self, used: Iterable[Used], *, layout: Layout | None = None) -> None:
        """Add images with their alpha, or their digests; they are on the disk before it returns.

        Raises StorageFailed, and InvalidSetting as `as_image` does: then nothing is added.
        """
        digests = dict.fromkeys(self._digest_of(one, layout) for one in used)
        lines = "".join(f"{digest.hex()}\n" for digest in digests).encode()
        with self._alone():
            try:
                self._append(lines)
            except OSError as error:
                raise self._failed(error) from error

    def claim(self, groups: Sequence[Sequence[Used]], *, layout: Layout | None = None) -> list[bool]:
        """Take covers into use, each a group of digests; return for each whether it was free.

        Of several processes or groups that claim one cover, one gets it. What was free is on the disk before this returns; with
        `reuse` all are. Raises StorageFailed, and InvalidSetting as `as_image` does: then nothing is taken.
        """
        with self._alone():
            known, free, taken = set() if self.reuse else self._digests(), list[bool](), dict[bytes, None]()
            for group in groups:
                digests = [self._digest_of(one, layout) for one in group]
                free.append(self.reuse or not any(digest in known or digest in taken for digest in digests))
                if free[-1]:
                    taken |= dict.fromkeys(digests)
            if taken:
                self.record(taken)
        return free

    def holds(self, digest: bytes) -> bool:
        """Return whether a digest, of `digest` or `mark`, is in the list. Raises StorageFailed."""
        return digest in self._digests()

    def digest(self, image: AnyImage | Carrier, alpha: ImageLike | None = None, *, layout: Layout | None = None) -> bytes:
        """Return the list's digest of an image, as `as_image` takes it: the same for a cover and its stego.

        Raises StorageFailed, and InvalidSetting as `as_image` does.
        """
        return _digest(self._own_key(), _carrier(image, alpha, layout))

    def _digest_of(self, used: Used, layout: Layout | None) -> bytes:
        if isinstance(used, bytes):
            return used
        return self.digest(used) if isinstance(used, Carrier) else self.digest(*used, layout=layout)

    def mark(self, image: AnyImage | Carrier, alpha: ImageLike | None, where: str, *, layout: Layout | None = None) -> bytes:
        """Return a digest of all samples and a path, by which a recorded stego that is not yet written is recognized.

        Covers alike, with one key and message, have stegos alike: the place tells them apart. Raises as `digest` does.
        """
        carrier = _carrier(image, alpha, layout)
        place = hashlib.sha256(where.encode("utf-8", "surrogateescape")).digest()
        exact = b"exactly" + place + carrier.shape + container.value_bytes(carrier.values)
        return hmac.new(self._own_key(), exact, hashlib.sha256).digest()[:DIGEST_BYTES]

    def _own_key(self) -> bytes:
        key = self._key()
        if key is None:
            raise StorageFailed(f"the list of used covers in {self.folder} has lost its key", hint="call prepare first")
        return key

    def _append(self, lines: bytes) -> None:
        """Append all lines to the file, or none; after a torn line, a new one begins. Raises OSError."""
        descriptor = self._open()
        try:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            os.lseek(descriptor, max(end - 1, 0), os.SEEK_SET)
            torn = end and os.read(descriptor, 1) != b"\n"
            try:
                write_all(descriptor, b"\n" * bool(torn) + lines)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Lock the list against other processes and threads within the block, which may be entered again."""
        here: set[Path] = _HELD.__dict__.setdefault("folders", set())
        if self.folder in here:
            yield
            return
        self._own_key()
        with contextlib.ExitStack() as stack:
            try:
                os.close(self._open())
                stack.enter_context(locked(self._path))
            except OSError as error:
                raise self._failed(error) from error
            here.add(self.folder)
            try:
                yield
            finally:
                here.discard(self.folder)

    @property
    def _path(self) -> Path:
        return self.folder / "covers"

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def _digests(self) -> set[bytes]:
        """Return the digests in the list; lines that are no digests are ignored."""
        try:
            with _READING, self._path.open("rb") as file:
                return _READ.setdefault(self._path, _Read()).up_to_date(file)
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise self._failed(error) from error

    def _key(self) -> bytes | None:
        try:
            key = (self.folder / "key").read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(error) from error
        if len(key) != KEY_BYTES:
            raise StorageFailed(
                f"the key of the list of used covers, {self.folder / 'key'}, is damaged",
                hint=f"remove {self.folder} to begin a new list, or leave it out: --no-ledger",
            )
        return key

    def _make_key(self) -> None:
        try:
            with atomic_write(self.folder / "key") as temporary:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
        except StorageFailed:
            if self._key() is None:  # otherwise another process has just made it
                raise

    def _failed(self, error: OSError | StorageFailed) -> StorageFailed:
        reason = error.strerror or error if isinstance(error, OSError) else error
        return StorageFailed(
            f"the list of used covers in {self.folder} cannot be kept: {reason}",
            hint=_ELSEWHERE,
        )


def usual_folder() -> Path:
    """Return $SSGAN_LEDGER, or the default folder of this user's data. Raises StorageFailed where there is no home folder."""
    if named := os.environ.get("SSGAN_LEDGER"):
        return Path(named)
    try:
        return user_folder("data") / "ssgan" / "ledger"
    except StorageFailed as error:
        raise StorageFailed(f"the list of used covers cannot be kept: {error}", hint=_ELSEWHERE) from error


def fingerprint(image: NDArray[np.uint8], alpha: NDArray[np.uint8] | None) -> bytes:
    """Return bytes that identify an image, uint8 (C, H, W): its shape and the samples that no message changes."""
    return container.image_carrier(image, alpha).fingerprint()


def _carrier(image: AnyImage | Carrier, alpha: ImageLike | None, layout: Layout | None) -> Carrier:
    if isinstance(image, Carrier):
        return image
    taken = accept(image, alpha=alpha, layout=layout)
    return container.image_carrier(taken.samples, taken.alpha)


def _digest(key: bytes, carrier: Carrier) -> bytes:
    return hmac.new(key, carrier.fingerprint(), hashlib.sha256).digest()[:DIGEST_BYTES]
