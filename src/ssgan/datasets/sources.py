"""Open a source of pictures: a folder, a zip or a tar, read at random and in place, without unpacking.

CelebA's own layout, as folder or zip, and an `index.csv` beside the pictures also name persons and parts.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import tarfile
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from ssgan import images
from ssgan.datasets.annotations import Annotation, annotate
from ssgan.datasets.path_tables import TABLES, paths_in
from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import Coefficients
from ssgan.storage.names import name_bytes

_CELEBA_IMAGES = "img_align_celeba"
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
# All that the two archive readers raise on damaged or encrypted members.
DAMAGE: tuple[type[Exception], ...] = (
    *(OSError, EOFError, RuntimeError, NotImplementedError, ValueError, KeyError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError),
)


class Source(ABC):
    """Pictures by name. `names` are sorted, except in a tar, where they are as stored, so that reading goes forward."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closing: Callable[[], object] | None = None

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The pictures' names, relative, with slashes."""

    @abstractmethod
    def data(self, name: str) -> bytes:
        """Return the bytes of the file. Raises RefusedImage where it cannot be read, KeyError for a name that is not in
        `names`.
        """

    @abstractmethod
    def stamp(self) -> str:
        """Return a digest of path, sizes and times of change; equal digests mean equal pictures."""

    def digest(self) -> str:
        """Return a digest of names and bytes of the pictures: the same in a folder and in an archive."""
        digest = hashlib.sha256()
        for name in sorted(self.names):
            try:
                content = hashlib.sha256(self.data(name)).hexdigest()
            except RefusedImage as refused:  # it stays as unreadable as it is
                content = type(refused).__name__
            digest.update(f"{name}\0{content}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    @abstractmethod
    def _text_beside(self, name: str) -> str | None:
        """Return the text of a file beside the pictures, or None."""

    def __len__(self) -> int:
        return len(self.names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive, if it is one; this also happens when the source is deleted."""
        if self._closing is not None:
            self._closing()

    def picture(self, name: str, *, convert: Collection[str] = ()) -> images.Picture:
        """Return the picture of that name, upright; `convert` as in `images.read`. Raises RefusedImage."""
        return images.upright(images.read(self.data(name), convert=convert, name=name))

    def coefficients(self, name: str) -> Coefficients:
        """Return the coefficients of the JPEG of that name. Raises RefusedImage, also for what is no JPEG."""
        return read_coefficients(self.data(name), name=name)

    def identity(self, name: str) -> str | None:
        """Return the person in the picture, where known."""
        return self._annotations.get(name, Annotation()).identity

    def partition(self, name: str) -> str | None:
        """Return the official part, "train", "validate" or "test", where known."""
        return self._annotations.get(name, Annotation()).partition

    def fold(self, name: str) -> int | None:
        """Return the fold for cross-validation, where known."""
        return self._annotations.get(name, Annotation()).fold

    @cached_property
    def _annotations(self) -> dict[str, Annotation]:
        return annotate(self.names, self._text_beside)


def open_source(path: str | os.PathLike[str]) -> Source:
    """Return the source at a path: a folder, of images or of tar shards, a .zip, a .tar (.gz, .bz2, .xz), a table of paths.

    Raises InvalidSetting for anything else.
    """
    path = Path(path)
    if path.is_dir():
        shards = shards_of(path)
        return _Shards(path, shards) if shards else _Folder(path)
    if not path.exists():
        raise InvalidSetting(f"there is no folder or archive {path}", hint="check the name")
    if path.name.lower().endswith(TAR_ENDINGS):
        return _Tar(path)
    if path.suffix.lower() == ".zip":
        return _Zip(path)
    if path.suffix.lower() in TABLES:
        return _Table(path)
    raise InvalidSetting(
        f"{path} is neither a folder nor an archive", hint="name a folder, a .zip, a .tar or a .parquet file of paths"
    )


def refuse_among(sources: Sequence[Path], out: Path) -> None:
    """Raise InvalidSetting where files written to the folder `out` would be read as images of one of the sources."""
    for source in sources:
        if source.is_dir() and out.resolve().is_relative_to(source.resolve()):
            raise InvalidSetting(
                f"{out} is inside {source}: what is written there would be among the next images read",
                hint="choose a folder beside it",
            )


_DIGESTS: dict[tuple[str, str], str] = {}  # of path and stamp


def digest_of(path: Path) -> str:
    """Return the digest of the pictures of a source, read once as long as they do not change. Raises as `open_source` does."""
    with open_source(path) as source:
        key = (str(path), source.stamp())
        if key not in _DIGESTS:
            _DIGESTS[key] = source.digest()
        return _DIGESTS[key]


class _Folder(Source):
    """All images in a folder and the folders below it. Links to folders are not followed, links to files refused."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        found = []
        try:
            for folder, below, files in os.walk(self.path, onerror=_stop):
                below[:] = [name for name in below if not name.startswith(".")]
                found += [(Path(folder) / file).relative_to(self.path).as_posix() for file in files]
        except OSError as error:
            raise StorageFailed(f"{self.path} cannot be listed: {error.strerror}", hint="check the permissions") from error
        return tuple(sorted(name for name in found if is_image(name)))

    def data(self, name: str) -> bytes:
        return images.file_bytes(self.path / name)

    def stamp(self) -> str:
        digest = hashlib.sha256(os.fsencode(self.path.resolve()))
        for name in self.names:
            digest.update(name_bytes(f"\0{name}\0{_size_and_time(self.path / name)}"))
        return digest.hexdigest()

    def _text_beside(self, name: str) -> str | None:
        if text := _text(self.path / name):
            return text
        # CelebA's lists are beside the folder of images, which itself may be the one that is named.
        return _text(self.path.parent / name) if self.path.name == _CELEBA_IMAGES else None


class _Table(Source):
    """The files that are named by a table of paths, in its order. Raises InvalidSetting where two rows have one name."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._paths: dict[str, str] = {}
        for name, row in paths_in(path):
            if self._paths.setdefault(name, row) != row:
                raise InvalidSetting(f"{path} names two pictures {name}", hint="give a table with one row a picture")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._paths)

    def data(self, name: str) -> bytes:
        return images.file_bytes(self.path.parent / self._paths[name])

    def stamp(self) -> str:
        digest = hashlib.sha256(os.fsencode(self.path.resolve()))
        for name, row in self._paths.items():
            digest.update(name_bytes(f"\0{name}\0{_size_and_time(self.path.parent / row)}"))
        return digest.hexdigest()

    def _text_beside(self, name: str) -> str | None:
        return _text(self.path.parent / name)


class _Archive(Source):
    """The common part of zip and tar: members by name, an `index.csv` beside the archive, lists inside it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            closing = self._open()
        except DAMAGE as error:
            raise RefusedImage(f"{path} is no archive that can be read ({error})", hint="get an intact archive") from error
        self._closing = weakref.finalize(self, closing)

    @abstractmethod
    def _open(self) -> Callable[[], None]:
        """Open the archive and return what closes it."""

    @abstractmethod
    def _files(self) -> Collection[str]:
        """Return the names of the regular files, in the order of `names`."""

    @abstractmethod
    def _read(self, name: str) -> bytes:
        """Return the bytes of a member, at most one more than an image file may have."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self._files() if is_image(name))

    def data(self, name: str) -> bytes:
        if name not in self._files():
            raise KeyError(name)
        try:
            return self._read(name)
        except DAMAGE as error:
            raise RefusedImage(f"{name}: cannot be read from the archive ({error})", hint="get an intact archive") from error

    def stamp(self) -> str:
        text = f"{self.path.resolve()}\0{_size_and_time(self.path)}"
        return hashlib.sha256(name_bytes(text)).hexdigest()

    def _text_beside(self, name: str) -> str | None:
        if text := _text(self.path.parent / name):
            return text
        inside = next((member for member in self._files() if member == name or member.endswith("/" + name)), None)
        return None if inside is None else self.data(inside).decode("utf-8", "replace")


class _Zip(_Archive):
    """A zip archive; stored or deflated members are read at random. Of two members of one name the last counts."""

    def _open(self) -> Callable[[], None]:
        self._zip = zipfile.ZipFile(self.path)
        listed = sorted(self._zip.infolist(), key=lambda info: info.filename)
        self._members = {info.filename: info for info in listed if not info.is_dir()}
        return self._zip.close

    def _files(self) -> Collection[str]:
        return self._members.keys()

    def _read(self, name: str) -> bytes:
        with self._zip.open(self._members[name]) as member:
            return member.read(images.MAX_FILE_BYTES + 1)


class _Tar(_Archive):
    """A tar archive, indexed once; a compressed one is read fast only in the order of `names`."""

    def _open(self) -> Callable[[], None]:
        self._tar = tarfile.open(self.path)  # noqa: SIM115 - it stays open as long as the source lives
        try:
            self._members = {info.name.removeprefix("./"): info for info in self._tar if info.isreg()}
        except BaseException:
            self._tar.close()
            raise
        return self._tar.close

    def _files(self) -> Collection[str]:
        return self._members.keys()

    def _read(self, name: str) -> bytes:
        info = self._members[name]
        member = self._tar.extractfile(info)
        assert member is not None, "regular files have content"
        data = member.read(images.MAX_FILE_BYTES + 1)
        if len(data) < min(info.size, images.MAX_FILE_BYTES):
            raise EOFError("the archive ends within it")
        return data


class _Shards(Source):
    """A folder of tar shards, in the layout of WebDataset: the members of all, by their names there."""

    def __init__(self, path: Path, shards: Sequence[Path]) -> None:
        super().__init__(path)
        self._shards: list[Source] = []
        for shard in shards:
            self._shards.append(_Tar(shard))
        self._closing = self._close

    def _close(self) -> None:
        for shard in self._shards:
            shard.close()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self._where)

    @cached_property
    def _where(self) -> dict[str, Source]:
        found: dict[str, Source] = {}
        for shard in self._shards:
            for name in shard.names:
                if found.setdefault(name, shard) is not shard:
                    raise InvalidSetting(
                        f"{found[name].path.name} and {shard.path.name} both hold {name}",
                        hint="rename one: the names of images must differ in all shards of a folder",
                    )
        return found

    def data(self, name: str) -> bytes:
        return self._where[name].data(name)

    def stamp(self) -> str:
        return hashlib.sha256("\0".join(shard.stamp() for shard in self._shards).encode()).hexdigest()

    def _text_beside(self, name: str) -> str | None:
        return _text(self.path / name)


def shards_of(folder: Path) -> list[Path]:
    """Return the tars in a folder without images or folders, by name; else none, for it is a folder of images."""
    try:
        with os.scandir(folder) as found:
            names = []
            for entry in found:
                if is_image(entry.name) or (entry.is_dir() and not entry.name.startswith(".")):
                    return []
                if entry.name.lower().endswith(TAR_ENDINGS) and not entry.name.startswith("."):
                    names.append(entry.name)
    except OSError as error:
        raise StorageFailed(f"{folder} cannot be listed: {error.strerror}", hint="check the permissions") from error
    return [folder / name for name in sorted(names)]


def is_image(name: str) -> bool:
    """Return whether the suffix is an image's, and the file none that systems leave beside images (hidden, resource forks)."""
    path = PurePosixPath(name)
    return path.suffix.lower() in images.READ_SUFFIXES and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _text(path: Path) -> str | None:
    """Return the text of a small file beside the pictures, or None where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    except OSError:
        return None


def _size_and_time(path: Path) -> str:
    try:
        status = path.lstat()
    except OSError:
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns}"


def _stop(error: OSError) -> None:
    raise error
