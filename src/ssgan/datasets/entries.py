"""List every picture that was named, one after the other: a million names are never held at once.

Folders, zips, tars, folders of tar shards (the layout of WebDataset), tables of paths (Parquet) and single files. A member of
an uncompressed tar is found by its place, so that any process reads it without going through the archive.
"""

from __future__ import annotations

import heapq
import json
import os
import tarfile
import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, NamedTuple

from ssgan import images
from ssgan.datasets.sources import DAMAGE, Source, is_image, open_source, shards_of
from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed

TABLES = (".parquet",)
COLUMNS = ("path", "file", "image")  # of a table of paths: the first of these that it has
_HELD = 50_000  # names sorted in memory at a time
_OPEN = 8  # archives that a reader keeps open


class Entry(NamedTuple):
    """One picture: the number of its source, its name there, and the offset of its bytes in an uncompressed tar.

    `path` is that of a file which a table names.
    """

    source: int
    name: str
    offset: int = -1
    size: int = -1
    path: str = ""


def sources_of(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the sources that were named, a folder of shards as its shards. Raises InvalidSetting for a missing one."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += shards_of(path) or [path]
        elif path.is_file():
            found.append(path)
        else:
            raise InvalidSetting(f"there is no folder, archive or image {path}", hint="check the name")
    return tuple(found)


def entries(sources: Sequence[Path]) -> Iterator[Entry]:
    """Yield the pictures of all sources, each source's in its own order: by name, or as a tar stores them."""
    for number, source in enumerate(sources):
        yield from _entries(number, source)


def _entries(number: int, source: Path) -> Iterator[Entry]:
    suffix = source.suffix.lower()
    if source.is_dir():
        yield from (Entry(number, name) for name in _sorted(_walked(source)))
    elif suffix in images.READ_SUFFIXES:
        yield Entry(number, source.name)
    elif suffix == ".tar":
        yield from _members(number, source)
    elif suffix in TABLES:
        yield from _rows(number, source)
    else:
        with open_source(source) as archive:
            yield from (Entry(number, name) for name in archive.names)


def _walked(folder: Path) -> Iterator[str]:
    def stop(error: OSError) -> None:
        raise StorageFailed(f"{folder} cannot be listed: {error.strerror}", hint="check the permissions") from error

    for where, below, files in os.walk(folder, onerror=stop):
        below[:] = [name for name in below if not name.startswith(".")]
        inside = Path(where).relative_to(folder)
        yield from (name for file in files if is_image(name := (inside / file).as_posix()))


def _sorted(names: Iterator[str]) -> Iterator[str]:
    """Yield names in order, by way of sorted pieces on the disk where there are many."""
    first = sorted(islice(names, _HELD))
    if len(first) < _HELD:
        yield from first
        return
    with ExitStack() as stack:
        pieces = []
        while first:
            file = stack.enter_context(tempfile.TemporaryFile("w+", encoding="ascii"))
            file.writelines(json.dumps(name) + "\n" for name in first)
            file.seek(0)
            pieces.append(file)
            first = sorted(islice(names, _HELD))
        yield from heapq.merge(*(map(json.loads, piece) for piece in pieces))


def _members(number: int, source: Path) -> Iterator[Entry]:
    """Yield the images of an uncompressed tar as stored; its list of members is dropped as it grows."""
    try:
        with tarfile.open(source, "r:") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]
                name = member.name.removeprefix("./")
                if member.isreg() and is_image(name):
                    plain = not member.issparse()
                    yield Entry(number, name, member.offset_data if plain else -1, member.size if plain else -1)
    except DAMAGE as error:
        raise RefusedImage(f"{source} is no archive that can be read ({error})", hint="get an intact archive") from error


def _rows(number: int, source: Path) -> Iterator[Entry]:
    """Yield the paths in a table; relative ones begin at the table's folder."""
    parquet = _parquet()
    try:
        with parquet.ParquetFile(source) as table:
            column = next((name for name in COLUMNS if name in table.schema_arrow.names), None)
            if column is None:
                raise InvalidSetting(
                    f"{source} has no column named {' or '.join(COLUMNS)}", hint="give a table with the paths of images"
                )
            for batch in table.iter_batches(batch_size=10_000, columns=[column]):
                for path in batch.column(0).to_pylist():
                    yield Entry(number, name_of(str(path), source.parent), path=str(path))
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidSetting):
            raise
        raise RefusedImage(f"{source} cannot be read as a table ({error})", hint="give a Parquet file") from error


def name_of(path: str, folder: Path) -> str:
    """Return the name of a picture in a table: its path below the table's folder, else all of its path but the root."""
    given = Path(path)
    if given.is_absolute():
        given = given.relative_to(folder) if given.is_relative_to(folder) else given.relative_to(given.anchor)
    return given.as_posix()


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        hint = "install it with pip install 'ssgan[parquet]', or name folders or archives"
        raise InvalidSetting("reading Parquet needs pyarrow, which is not installed", hint=hint) from error
    return parquet


class Reader:
    """A reader of the bytes of entries, in any order; the archives last used are kept open. For one thread."""

    def __init__(self, sources: Sequence[Path]) -> None:
        self._sources = sources
        self._tars: OrderedDict[int, IO[bytes]] = OrderedDict()
        self._archives: OrderedDict[int, Source] = OrderedDict()
        weakref.finalize(self, _close, self._tars, self._archives)

    def data(self, entry: Entry) -> bytes:
        """Return the bytes of the file. Raises RefusedImage where it cannot be read."""
        source = self._sources[entry.source]
        if entry.path:
            return images.file_bytes(source.parent / entry.path)
        if entry.offset >= 0:
            return self._at(entry)
        if source.is_dir():
            return images.file_bytes(source / entry.name)
        if source.suffix.lower() in images.READ_SUFFIXES:
            return images.file_bytes(source)
        if entry.source not in self._archives:
            self._archives[entry.source] = open_source(source)
            if len(self._archives) > _OPEN:
                self._archives.popitem(last=False)[1].close()
        self._archives.move_to_end(entry.source)
        return self._archives[entry.source].data(entry.name)

    def _at(self, entry: Entry) -> bytes:
        try:
            if entry.source not in self._tars:
                self._tars[entry.source] = self._sources[entry.source].open("rb")
                if len(self._tars) > _OPEN:
                    self._tars.popitem(last=False)[1].close()
            self._tars.move_to_end(entry.source)
            file = self._tars[entry.source]
            file.seek(entry.offset)
            data = file.read(min(entry.size, images.MAX_FILE_BYTES + 1))
        except OSError as error:
            raise RefusedImage(f"{entry.name}: cannot be read ({error.strerror})", hint="get an intact archive") from error
        if len(data) < min(entry.size, images.MAX_FILE_BYTES):
            raise RefusedImage(f"{entry.name}: the archive ends within it", hint="get an intact archive")
        return data


def _close(*opened: OrderedDict[int, Any]) -> None:
    for held in opened:
        for archive in held.values():
            archive.close()


def place_of(name: str, suffix: str) -> str:
    """Return `name` with another suffix, as a relative path. Raises InvalidSetting where it leads out of the folder on any
    system.
    """
    windows = PureWindowsPath(name)
    if windows.drive or windows.root or ".." in windows.parts:
        raise InvalidSetting(f"an archive names a file {name!r}, which would be written elsewhere", hint="unpack it yourself")
    return PurePosixPath(name).with_suffix(suffix).as_posix()
