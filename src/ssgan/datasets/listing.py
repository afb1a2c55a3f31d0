"""List every picture that a user named: single files, and those in folders, zips and tars, each read when its turn comes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from ssgan import images
from ssgan.datasets.sources import Source, open_source
from ssgan.errors import InvalidSetting
from ssgan.storage.names import name_bytes


class Item(NamedTuple):
    """One picture: its name in a folder, a zip or a tar, or the name of a single file in its own folder."""

    source: Path
    name: str

    def __str__(self) -> str:
        """Return it as a path."""
        return str(self.source / self.name)


def listed(paths: Sequence[Path], *, limit: int | None = None) -> list[Item]:
    """Return the pictures in folders, archives and single image files, in that order, each source in its own order.

    Raises InvalidSetting where there is none.
    """
    items = [item for path in paths for item in _listed(path)][:limit]
    if not items:
        raise InvalidSetting(
            "no image was found in what was given", hint=f"give files that end in {', '.join(sorted(images.READ_SUFFIXES))}"
        )
    return items


def stamp(paths: Sequence[Path]) -> str:
    """Return a digest of names, sizes and times of change; equal digests mean equal pictures."""
    digest = hashlib.sha256()
    for path in paths:
        if _single(path):
            status = path.stat()
            digest.update(name_bytes(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"))
        else:
            with open_source(path) as source:
                digest.update(source.stamp().encode())
    return digest.hexdigest()


class Shelf:
    """A reader of the bytes of items that keeps archives open; for one thread."""

    def __init__(self) -> None:
        self._sources: dict[Path, Source] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for source in self._sources.values():
            source.close()

    def data(self, item: Item) -> bytes:
        """Return the bytes of the file. Raises RefusedImage where it cannot be read."""
        if item.source not in self._sources:
            self._sources[item.source] = open_source(item.source)
        return self._sources[item.source].data(item.name)


def _single(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in images.READ_SUFFIXES


def _listed(path: Path) -> list[Item]:
    if _single(path):
        return [Item(path.parent, path.name)]
    with open_source(path) as source:
        return [Item(path, name) for name in source.names]
