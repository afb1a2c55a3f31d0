"""Extract a table of features: read files in order, decode them by threads, keep pieces, and join them at the end."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.bulk.image_features import Look, Piece, Settings
from ssgan.bulk.table_parts import Part, Parts, regrouped
from ssgan.bulk.tables import Columns, Write, writer
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.listing import Item, Shelf, listed, stamp
from ssgan.errors import Failure, InvalidSetting, RefusedImage, StorageFailed
from ssgan.steganalysis.catalog import FEATURES
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.locks import alone
from ssgan.storage.names import json_text
from ssgan.storage.runs import CONFIG, is_bare
from ssgan.version import __version__

# A piece: so many files that the hand-over does not count, so few bytes that memory and what a kill costs stay small.
_PIECE_FILES = 64
_PIECE_BYTES = 8 * 2**20
_PIECES_AHEAD = 2  # of each thread
_GROUP_BYTES = 32 * 2**20  # of features that are written at a time


@dataclass(frozen=True)
class Plan:
    """All pictures, and the pieces that are finished already, from the first picture to the last."""

    settings: Settings
    out: Path
    items: tuple[Item, ...]
    names: tuple[str, ...]
    parts: Parts
    spans: dict[int, int]
    write: Write
    overwrite: bool

    @property
    def finished(self) -> int:
        """Number of pictures done in earlier runs."""
        return sum(last - first for first, last in self.spans.items())


@dataclass
class Tally:
    """Rows of the table, pictures and seconds of this run, and all failures."""

    written: int = 0
    worked_on: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """Pictures of this run per second of wall clock time, including the writing of the table."""
        return self.worked_on / self.seconds if self.seconds else 0.0


def prepare(
    sources: Sequence[Path], out: Path, settings: Settings, *, limit: int | None = None, overwrite: bool = False
) -> Plan:
    """Return the plan for the pictures in `sources` (folders, zips, tars, image files); make a folder for pieces beside `out`.

    Raises InvalidSetting where no image is found, the suffix is unknown or the pieces of other settings are in the way (with
    `overwrite` they are thrown away), StorageFailed where `out` exists and may not be overwritten.
    """
    write = writer(out)
    if out.exists() and not overwrite:
        raise StorageFailed(f"{out} exists already and was left as it is", hint="choose another name, or allow overwriting")
    items = listed(sources, limit=limit)
    # One folder's or archive's pictures go by their names in it, those of several sources by their paths.
    names = tuple(item.name if len(sources) == 1 else str(item) for item in items)
    parts = _parts(out, _config(settings, sources, len(items)), overwrite=overwrite)
    return Plan(settings, out, tuple(items), names, parts, parts.spans(), write, overwrite)


def run(plan: Plan, *, threads: int, progress: Progress[()] = silent) -> Tally:
    """Extract what is missing and write the table; `progress` receives the number of pictures done in this run.

    Pictures that fail are in the Tally and in the file `out`.failures.jsonl. Where none would
    do, no table is written. Raises StorageFailed where the disk fails, or another run makes this table.
    """
    with alone(plan.parts.folder):
        return _run(plan, threads, progress)


def _run(plan: Plan, threads: int, progress: Progress[()]) -> Tally:
    started, tally = time.monotonic(), Tally()
    spans = dict(plan.spans)
    for part in _extracted(plan, threads):
        plan.parts.write(part)
        spans[part.first] = part.last
        tally.worked_on += part.last - part.first
        progress(tally.worked_on)
    tally.failures = plan.parts.failures(spans)
    tally.written = len(plan.items) - len(tally.failures)
    _write_failures(plan.out, tally.failures)
    if tally.written:
        _write_table(plan, spans, tally.written)
    plan.parts.remove()
    tally.seconds = time.monotonic() - started
    return tally


def _config(settings: Settings, sources: Sequence[Path], count: int) -> dict[str, Any]:
    """Return the settings that decide the table, and those that decide which pictures a piece has refused."""
    manifest = {"command": "features", "version": __version__, "set": settings.features, "embedder": settings.embedder}
    geometry = settings.geometry
    cut = {"crop": geometry.crop, "size": geometry.size, "gray": geometry.gray, "convert": sorted(settings.convert)}
    return {**manifest, **cut, "dtype": settings.dtype, "images": stamp(sources), "count": count}


def _parts(out: Path, config: dict[str, Any], *, overwrite: bool) -> Parts:
    folder = out.with_name(out.name + ".parts")
    if folder.exists() and not (folder / CONFIG).exists() and not is_bare(folder):
        raise InvalidSetting(f"{folder} is in the way", hint="move it, or choose another name for the table")
    make_folder(folder)
    try:
        return Parts(folder, config)
    except InvalidSetting as error:
        if not overwrite:
            hint = "choose another name, give the settings of this one, or begin anew with --force"
            raise InvalidSetting(f"{error}", hint=hint) from error
    with alone(folder):
        shutil.rmtree(folder)
    return Parts(folder, config)


def _extracted(plan: Plan, threads: int) -> Iterator[Part]:
    """Yield missing pieces in order; a few more are read while some are worked on."""
    if threads < 1:
        raise InvalidSetting(f"threads is {threads}; it must be at least 1", hint="leave it out to use all cores")
    waiting: deque[Future[Part]] = deque()
    look = Look(plan.settings)
    with ThreadPoolExecutor(threads) as pool:
        try:
            for piece in _pieces(plan):
                waiting.append(pool.submit(look, piece))
                if len(waiting) >= threads * _PIECES_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _pieces(plan: Plan) -> Iterator[Piece]:
    """Yield the files that are in no finished piece, read in order."""
    at, count = 0, len(plan.items)
    with Shelf() as shelf:
        while at < count:
            if at in plan.spans:
                at = plan.spans[at]
                continue
            piece, size = Piece(at, [], []), 0
            while at < count and at not in plan.spans and len(piece.files) < _PIECE_FILES and size < _PIECE_BYTES:
                piece.names.append(plan.names[at])
                try:
                    data = shelf.data(plan.items[at])
                    size += len(data)
                    piece.files.append(data)
                except RefusedImage as error:
                    piece.files.append(error)
                at += 1
            yield piece


def _write_table(plan: Plan, spans: dict[int, int], rows: int) -> None:
    found = FEATURES[plan.settings.features]
    columns = Columns(plan.settings.features, found.names(), plan.settings.dtype)
    group = max(1, _GROUP_BYTES // (found.dimension * np.dtype(columns.dtype).itemsize))
    with atomic_write(plan.out, overwrite=plan.overwrite) as temporary:
        plan.write(temporary, regrouped(plan.parts.read(spans), plan.names, group), rows, columns)


def _write_failures(out: Path, failures: list[Failure]) -> None:
    """Write one JSON object a line; write no file where nothing failed."""
    path = failures_beside(out)
    if not failures:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path, overwrite=True) as temporary:
        lines = (json_text(failure._asdict()) + "\n" for failure in failures)
        temporary.write_text("".join(lines), encoding="utf-8")


def failures_beside(out: Path) -> Path:
    """Return the file that lists which pictures of a table failed, and why."""
    return out.with_name(out.name + ".failures.jsonl")
