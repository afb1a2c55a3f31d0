"""Keep finished pieces beside an unfinished table: each file holds the features of consecutive pictures.

A file's name says which pictures it is of, from the first to the one behind the last; files are whole or not there.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ssgan.errors import Failure
from ssgan.storage.atomic import atomic_write
from ssgan.storage.runs import Run
from ssgan.storage.state_files import Damaged, is_file

_NAME = re.compile(r"(\d{8})-(\d{8})\.npz")


class Part(NamedTuple):
    """A piece: of the pictures first...last - 1 the numbers of those with features, int64 (K,), the features (K, D), the
    failures.
    """

    first: int
    last: int
    good: np.ndarray
    features: np.ndarray
    failures: tuple[Failure, ...] = ()


class Parts:
    """The folder of pieces: made if it is missing, refused where it belongs to other settings."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder = folder
        Run(folder, config)

    def write(self, part: Part) -> None:
        """Write a piece. Raises StorageFailed."""
        path = self.folder / f"{part.first:08d}-{part.last:08d}.npz"
        failures = json.dumps([list(failure) for failure in part.failures])
        with atomic_write(path, overwrite=True, durable=False) as temporary, temporary.open("wb") as stream:
            np.savez(stream, good=part.good, features=part.features, failures=np.array(failures))

    def spans(self) -> dict[int, int]:
        """Return the existing pieces, first to last, none overlapping another."""
        found: dict[int, int] = {}
        reached = 0
        for path in sorted(self.folder.iterdir()):
            named = _NAME.fullmatch(path.name)
            if named and int(named[1]) >= reached and zipfile.is_zipfile(path):  # one cut off by a power failure is none
                found[int(named[1])] = reached = int(named[2])
        return found

    def read(self, spans: dict[int, int]) -> Iterator[Part]:
        """Yield the pieces in order, one at a time."""
        for first, last in sorted(spans.items()):
            path = self.folder / f"{first:08d}-{last:08d}.npz"
            with _opened(path) as kept:
                part = Part(first, last, kept["good"], kept["features"], _failures(kept))
            yield part

    def failures(self, spans: dict[int, int]) -> list[Failure]:
        """Return the failures of all pieces, without loading features."""
        found: list[Failure] = []
        for first, last in sorted(spans.items()):
            with _opened(self.folder / f"{first:08d}-{last:08d}.npz") as kept:
                found += _failures(kept)
        return found

    def remove(self) -> None:
        """Remove the folder, once the table is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a piece; errors in the block say that it is damaged."""
    hint = "remove it: the same command makes it anew"
    if not is_file(path):  # a pipe would be waited for
        raise Damaged(path, "it is not a plain file", hint=hint)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            yield kept
    except (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, NotImplementedError, zlib.error) as error:
        raise Damaged(path, str(error), hint=hint) from error
    except zipfile.BadZipFile as error:
        raise Damaged(path, "it is cut off", hint=hint) from error


def _failures(kept: Any) -> tuple[Failure, ...]:
    return tuple(Failure(*row) for row in json.loads(str(kept["failures"])))


def regrouped(parts: Iterator[Part], names: Sequence[str], rows: int) -> Iterator[tuple[list[str], np.ndarray]]:
    """Yield names and features in groups of `rows`, the last one shorter, however the pieces were cut."""
    held: list[tuple[list[str], np.ndarray]] = []
    count = 0
    for part in parts:
        held.append(([names[i] for i in part.good], part.features))
        count += len(part.good)
        while count >= rows:
            listed, features = _joined(held)
            yield listed[:rows], features[:rows]
            held = [(listed[rows:], features[rows:])]
            count -= rows
    if count:
        yield _joined(held)


def _joined(held: list[tuple[list[str], np.ndarray]]) -> tuple[list[str], np.ndarray]:
    return [name for names, _ in held for name in names], np.concatenate([features for _, features in held])
