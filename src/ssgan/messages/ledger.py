"""Which covers were used before: a local list of keyed digests, for two stegos of one cover give each other away.

A digest is taken of the samples that no message changes, so a stego is known as its cover is. Without the list's own random
key the digests say nothing; whoever takes both can ask whether a given picture was used, and no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssgan.errors import StorageFailed
from ssgan.folders import make_folder, user_folder
from ssgan.images import whole_file
from ssgan.messages import container

KEY_BYTES = 32
DIGEST_BYTES = 16
_ELSEWHERE = "name another folder in $SSGAN_LEDGER, or do without the list: --no-ledger"


@dataclass(frozen=True)
class Ledger:
    """The list in `folder`: `key`, 32 random bytes, and `covers`, one digest a line; `reuse` lets known covers pass."""

    folder: Path
    reuse: bool = False

    def knows(self, image: np.ndarray, alpha: np.ndarray | None) -> bool:
        """Whether this image, uint8 (C, H, W), was used, as cover or as stego. Writes nothing. Raises StorageFailed."""
        key = self._key()
        return key is not None and _digest(key, image, alpha) in self._digests()

    def known(self) -> Callable[[np.ndarray, np.ndarray | None], bool]:
        """What `knows` says of many images, by the list as it is now. Raises StorageFailed."""
        key, digests = self._key(), self._digests()
        return lambda image, alpha: key is not None and _digest(key, image, alpha) in digests

    def prepare(self) -> None:
        """Make sure that `record` will find its way: what is missing is made. Raises StorageFailed."""
        try:
            make_folder(self.folder)
            if self._key() is None:
                self._make_key()
            os.close(self._open())
        except (OSError, StorageFailed) as error:
            raise self._failed(error) from error

    def record(self, used: Iterable[tuple[np.ndarray, np.ndarray | None]]) -> None:
        """Add images with their alpha, on the disk before it returns. Raises StorageFailed."""
        key = self._key()
        if key is None:
            raise StorageFailed(f"the list of used covers in {self.folder} has lost its key", hint="call prepare first")
        lines = "".join(f"{digest.hex()}\n" for digest in dict.fromkeys(_digest(key, *one) for one in used))
        try:
            descriptor = self._open()
            try:
                # One write at the end of the file, so that lines of two processes do not mix; after a line that was torn, a
                # new one begins.
                torn = os.lseek(descriptor, 0, os.SEEK_END) and not self._path.read_bytes().endswith(b"\n")
                os.write(descriptor, ("\n" * bool(torn) + lines).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failed(error) from error

    @property
    def _path(self) -> Path:
        return self.folder / "covers"

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def _digests(self) -> set[bytes]:
        """What the list holds; lines that are no digests are passed over."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise self._failed(error) from error
        found = set()
        for line in lines:
            with contextlib.suppress(ValueError):  # UnicodeDecodeError is one
                found.add(bytes.fromhex(line.decode("ascii")))
        return {digest for digest in found if len(digest) == DIGEST_BYTES}

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
                hint=f"remove {self.folder} to begin a new list, or do without one: --no-ledger",
            )
        return key

    def _make_key(self) -> None:
        try:
            with whole_file(self.folder / "key") as temporary:
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
    """$SSGAN_LEDGER, or the place of this user's data. Raises StorageFailed where this user has no home folder."""
    if named := os.environ.get("SSGAN_LEDGER"):
        return Path(named)
    try:
        return user_folder("data") / "ssgan" / "ledger"
    except StorageFailed as error:
        raise StorageFailed(f"the list of used covers cannot be kept: {error}", hint=_ELSEWHERE) from error


def fingerprint(image: np.ndarray, alpha: np.ndarray | None) -> bytes:
    """What tells an image, uint8 (C, H, W), from others: its shape and the samples that no message changes."""
    samples = container.samples_of(image, alpha)
    shape = container.shape_of(image, samples)
    return shape + container.public_samples(shape, samples).tobytes()


def _digest(key: bytes, image: np.ndarray, alpha: np.ndarray | None) -> bytes:
    return hmac.new(key, fingerprint(image, alpha), hashlib.sha256).digest()[:DIGEST_BYTES]
