"""Keep the pictures of a job in portions on the disk while it runs: those to do, and the number done."""

from __future__ import annotations

import hashlib
import json
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ssgan import images
from ssgan.datasets.entries import Entry, Reader, entries, path_of, sources_of
from ssgan.errors import InvalidSetting
from ssgan.storage.names import name_bytes


class Portion(NamedTuple):
    """Consecutive pictures, with the number of their portion."""

    number: int
    entries: tuple[Entry, ...]


class Numbers:
    """Images to generate, named by number."""

    sources: tuple[Path, ...] = ()
    finished = 0

    def __init__(self, count: int, size: int, name: Callable[[int], str]) -> None:
        self.count, self.size, self._name = count, size, name
        self.digest = hashlib.sha256(f"{count}".encode()).hexdigest()

    def __len__(self) -> int:
        return self.count

    def portions(self) -> Iterator[Portion]:
        """Yield all portions, one at a time."""
        for number, start in enumerate(range(0, self.count, self.size)):
            last = min(self.count, start + self.size)
            yield Portion(number, tuple(Entry(-1, self._name(k), offset=k) for k in range(start, last)))


class Listing:
    """Pictures in portions of `size`, without those that are done; `limit` counts the first ones, done or not.

    `place` says where a picture's outcome will be, if it has a place of its own. Raises InvalidSetting where there is no
    picture, or where two would have one place. The list is kept in a temporary file; in memory are eight bytes a picture while
    it is made.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        size: int = 1000,
        place: Callable[[str], str] | None = None,
        is_done: Callable[[str], bool] = lambda place: False,
        limit: int | None = None,
    ) -> None:
        self.sources, self.size = sources_of(paths), size
        self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - it lives as long as the listing
        self._done = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        weakref.finalize(self, self._done.close)
        digest, places = hashlib.sha256(), array("Q")
        self.finished = self._count = 0
        for entry in islice(entries(self.sources), limit):
            where = place(entry.name) if place else entry.name
            mark = hashlib.blake2b(name_bytes(where), digest_size=8).digest()
            places.append(int.from_bytes(mark, "little"))
            digest.update(mark)
            if is_done(where):
                self.finished += 1
                self._done.write(json.dumps(entry) + "\n")
            else:
                self._file.write(json.dumps(entry) + "\n")
                self._count += 1
        if not places:
            raise InvalidSetting(
                "no image was found in what was given", hint=f"give files that end in {', '.join(sorted(images.READ_SUFFIXES))}"
            )
        for source in self.sources:
            if source.is_file():
                digest.update(f"{source.stat().st_size} {source.stat().st_mtime_ns}".encode())
        self.digest = digest.hexdigest()
        if place is not None:
            self._refuse_twins(places, place, limit)

    def __len__(self) -> int:
        return self._count

    @property
    def portion_count(self) -> int:
        """Return how many portions there are to do."""
        return -(-self._count // self.size)

    def portions(self) -> Iterator[Portion]:
        """Yield all portions to do, one at a time."""
        return self._in(self._file)

    def pictures(self) -> Iterator[tuple[Path, Entry, Reader]]:
        """Yield all that is to do, one picture at a time: its path for people, its entry, and what reads its bytes."""
        reader = Reader(self.sources)
        for portion in self.portions():
            for entry in portion.entries:
                yield path_of(self.sources[entry.source], entry), entry, reader

    def done_portions(self) -> Iterator[Portion]:
        """Yield the pictures that are done, in portions of their own."""
        return self._in(self._done)

    def _in(self, file: IO[str]) -> Iterator[Portion]:
        file.seek(0)
        number = 0
        while lines := list(islice(file, self.size)):
            yield Portion(number, tuple(Entry(*json.loads(line)) for line in lines))
            number += 1

    def _refuse_twins(self, places: array[int], place: Callable[[str], str], limit: int | None) -> None:
        """Refuse two pictures with one path: found among the digests, named by reading the names once more."""
        marks = np.sort(np.frombuffer(places, dtype=np.uint64))
        if not (marks[1:] == marks[:-1]).any():
            return
        twins = {int(mark) for mark in marks[1:][marks[1:] == marks[:-1]][:1]}
        seen: list[str] = []
        for entry in islice(entries(self.sources), limit):
            mark = hashlib.blake2b(name_bytes(place(entry.name)), digest_size=8).digest()
            if int.from_bytes(mark, "little") in twins:
                seen.append(str(path_of(self.sources[entry.source], entry)))
        raise InvalidSetting(f"{seen[0]} and {seen[1]} would have the same place", hint="work on them into two folders")
