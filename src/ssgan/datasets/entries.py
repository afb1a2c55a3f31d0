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
from ssgan.datasets.path_tables import TABLES, paths_in
from ssgan.datasets.sources import DAMAGE, Source, is_image, open_source, shards_of
from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed

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


def path_of(source: Path, entry: Entry) -> Path:
    """Return the path of a picture for people; in an archive, that of its source and its name there."""
    return source if source.name == entry.name and source.is_file() else source / entry.name


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
        yield from (Entry(number, name, path=path) for name, path in paths_in(source))
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
    """Yield names in order; many are sorted in portions on the disk first."""
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
