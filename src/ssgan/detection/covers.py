"""Read the covers of a question: images of one size with their names and groups, or the luma of JPEGs, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.datasets import Geometry, Patches, groups, open_source
from ssgan.datasets.jpegs import JpegCover, compressed, jpeg_covers
from ssgan.datasets.loading import Bad, left_out, rows
from ssgan.datasets.near_duplicates import near_duplicates, together
from ssgan.datasets.sources import Source
from ssgan.datasets.splits import picture_of
from ssgan.errors import InvalidSetting
from ssgan.images import Images, to_images
from ssgan.images.quantization import Table
from ssgan.steganalysis.checks.findings import Finding, some
from ssgan.steganalysis.jpegs import decompressed

FEWEST_COVERS = 30


@dataclass(frozen=True)
class LeftOut:
    """The refused pictures of a source, each with the reason, and the number of pictures that were tried."""

    path: Path
    bad: tuple[tuple[str, str], ...]
    total: int
    hint: str = "cut all to one size, or --convert what is refused"

    @property
    def finding(self) -> Finding:
        """The refused pictures in a sentence."""
        return Finding("note", left_out(list(self.bad), self.total, self.path), self.hint)


@dataclass(frozen=True)
class CoverReading:
    """The choice of a source's images that are covers."""

    path: Path
    geometry: Geometry | Patches
    convert: tuple[str, ...]
    limit: int | None
    is_of_jpegs: bool = False
    jpeg: int | None = None
    group_duplicates: bool = False


@dataclass(frozen=True, eq=False)
class Covers:
    """Covers with their names, and the group of each name; with a table, coefficients of JPEGs as `Pairs` has them."""

    images: Images
    names: tuple[str, ...]
    group: dict[str, str]
    left_out: LeftOut | None = None
    table: Table | None = None
    alike: Finding | None = None


def read_covers(asked: CoverReading, *, workers: int = 1) -> Covers:
    """Return the first covers, as many as asked for. Raises InvalidSetting where there are too few."""
    bad: list[tuple[str, str]] = []
    with open_source(asked.path) as source:
        table: Table | None = None
        found: list[tuple[str, NDArray[Any]]]
        if asked.is_of_jpegs:
            jpegs = list(islice(_jpegs(source, asked, bad, workers), asked.limit))
            table = jpegs[0].table if jpegs else None
            found = [(one.name, one.coefficients) for one in jpegs]
        else:
            found = list(islice(rows(source, asked.geometry, bad, convert=asked.convert, workers=workers), asked.limit))
        identities = {name: person for name in source.names if (person := source.identity(name)) is not None}
    if len(found) < FEWEST_COVERS:
        raise InvalidSetting(
            f"{len(found)} covers are too few to learn from and to judge by",
            hint=f"give {FEWEST_COVERS} or more" + (f"; {left_out(bad, len(bad) + len(found), asked.path)}" if bad else ""),
        )
    names = tuple(name for name, _ in found)
    every_group, alike = groups(names, identities), None
    samples = np.stack([one for _, one in found])
    if asked.group_duplicates:
        every_group, alike = _kept_together(every_group, names, decompressed(samples, table), asked.path)
    if table is not None:
        left = LeftOut(asked.path, tuple(bad), len(names) + len(bad), "give JPEGs of one size and table, with texture")
        return Covers(torch.from_numpy(samples), names, every_group, left, table, alike)
    pictures = len({picture_of(name) for name in names}) + len(bad)
    return Covers(to_images(samples), names, every_group, LeftOut(asked.path, tuple(bad), pictures), alike=alike)


def _kept_together(
    group: dict[str, str], names: tuple[str, ...], samples: NDArray[np.uint8], path: Path
) -> tuple[dict[str, str], Finding]:
    """Return the groups with pictures that show the same in one, and the finding that says how many there are."""
    pairs = near_duplicates(samples)
    found = [(names[i], names[j]) for i, j in pairs if group[names[i]] != group[names[j]]]
    if not found:
        return group, Finding("note", f"no pictures of {path} are near-duplicates", "leave --group-duplicates out next time")
    count = len({name for pair in found for name in pair})
    example = f"first {found[0][0]} and {found[0][1]}"
    sentence = f"{some(count, len(names), f'pictures of {path} are near-duplicates of others')}, {example}"
    return together(group, names, pairs), Finding(
        "note", sentence, "give each picture once to judge more of them; they are kept in one part"
    )


def _jpegs(source: Source, asked: CoverReading, bad: Bad, workers: int) -> Iterator[JpegCover]:
    """Yield covers of the JPEG domain: of JPEG files, or of pictures compressed at a quality."""
    if asked.jpeg is None:
        return jpeg_covers(source, asked.geometry, bad)
    return compressed(rows(source, asked.geometry, bad, convert=asked.convert, workers=workers), asked.jpeg, bad)
