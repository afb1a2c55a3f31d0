"""Read which person is in a picture, and its part: CelebA's own lists, or an `index.csv` beside the pictures.

Faces of one person must not be on both sides of a split, or a detector is asked about people it has learned by heart.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from ssgan.errors import InvalidSetting

INDEX = "index.csv"
IDENTITIES = "identity_CelebA.txt"
PARTITIONS = "list_eval_partition.txt"
# Where CelebA keeps its lists: beside the images' folder, or in the folders of its own distribution.
CELEBA_FOLDERS = ("", "Anno", "Eval")
_OFFICIAL = {"0": "train", "1": "validate", "2": "test", "val": "validate"}
_OFFICIAL |= {part: part for part in ("train", "validate", "test")}


class Annotation(NamedTuple):
    """Person, part and fold of one picture; None where they are unknown."""

    identity: str | None = None
    partition: str | None = None
    fold: int | None = None


def annotate(names: Iterable[str], text_of: Callable[[str], str | None]) -> dict[str, Annotation]:
    """Return an Annotation for each of the `names` with a known person, part or fold.

    `text_of` gives the text of a file beside the pictures, by its relative name, or None where there is none.
    Raises InvalidSetting where a list is malformed.
    """
    index = text_of(INDEX)
    rows = _index_rows(index) if index else {}
    if rows:
        return {name: rows[name] for name in names if name in rows}
    identities = _pairs(text_of, IDENTITIES)
    partitions = {name: _partition(word, PARTITIONS) for name, word in _pairs(text_of, PARTITIONS).items()}
    found = {}
    for name in names:
        file = PurePosixPath(name).name
        if file in identities or file in partitions:
            found[name] = Annotation(identities.get(file), partitions.get(file))
    return found


def _index_rows(text: str) -> dict[str, Annotation]:
    """Return rows by their column `file`; an index without this column is ignored."""
    reader = csv.DictReader(io.StringIO(text))
    if "file" not in (reader.fieldnames or ()):
        return {}
    rows = {}
    for row in reader:
        fold = row.get("fold") or None
        if fold is not None and not fold.isdecimal():
            raise InvalidSetting(
                f"{INDEX}, line {reader.line_num}: the fold {fold!r} is not a number",
                hint="write a whole number, or leave the field empty",
            )
        partition = row.get("partition") or None
        rows[row["file"]] = Annotation(
            identity=row.get("identity") or None,
            partition=_partition(partition, f"{INDEX}, line {reader.line_num}") if partition else None,
            fold=int(fold) if fold else None,
        )
    return rows


def _pairs(text_of: Callable[[str], str | None], file: str) -> dict[str, str]:
    """Return lines "name value" of the first such list that exists."""
    for folder in CELEBA_FOLDERS:
        text = text_of(f"{folder}/{file}" if folder else file)
        if text is None:
            continue
        pairs = {}
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.split()
            if len(words) not in (0, 2):
                raise InvalidSetting(
                    f"{file}, line {number}: expected a file name and a value, found {line[:60]!r}",
                    hint="mend the line, or take the file away",
                )
            if words:
                pairs[words[0]] = words[1]
        return pairs
    return {}


def _partition(word: str, where: str) -> str:
    if word not in _OFFICIAL:
        raise InvalidSetting(
            f"{where}: the partition {word!r} is none of 0 (train), 1 (validate), 2 (test)",
            hint="mend the line, or take the file away: covers are then split by chance",
        )
    return _OFFICIAL[word]
