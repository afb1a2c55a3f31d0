"""Extract features of any number of images: into one table, or into a folder of Parquet shards that readers take for one.

A table is made from portions that are kept beside it, as .npz files, until all are there.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.bulk import job, outputs, tables
from ssgan.bulk.image_features import ExtractionSettings, FileBatch, Look, Looked
from ssgan.bulk.job import Tally
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.entries import Entry, Reader, path_of
from ssgan.datasets.portions import Listing, Portion
from ssgan.datasets.sources import refuse_among
from ssgan.errors import RefusedImage
from ssgan.steganalysis.feature_catalog import FEATURES
from ssgan.storage.atomic import atomic_write, refuse_existing
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest
from ssgan.version import __version__

MANIFEST = f"_{outputs.MANIFEST}"
PORTION = 256  # images of one table that are lost where a process is killed
_GROUP_BYTES = 32 * 2**20  # of features that are written at a time
# A batch has enough files that the hand-over does not count, and few enough bytes that memory stays small.
_BATCH_FILES = 64
_BATCH_BYTES = 8 * 2**20
_BATCHES_AHEAD = 2  # of each thread


@dataclass(frozen=True)
class Extraction:
    """A job that writes rows `file` and `features` of the images in `sources`, a file with this `suffix` for each portion.

    `threads` look at the images of a portion, in each process.
    """

    settings: ExtractionSettings
    folder: Path
    sources: tuple[Path, ...]
    suffix: str = ".parquet"
    threads: int = 1

    file_prefix = "_"

    def worker(self) -> _Worker:
        """Return a worker with the archives open."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the file of a portion exists."""
        return outputs.shard(self.folder, number, self.suffix).exists()

    @property
    def columns(self) -> tables.Columns:
        """Return what a table of these features holds."""
        return tables.Columns(self.settings.features, FEATURES[self.settings.features].names(), self.settings.dtype)

    @property
    def group_rows(self) -> int:
        """Return how many rows are written at a time."""
        row_bytes = FEATURES[self.settings.features].dimension * np.dtype(self.settings.dtype).itemsize
        return max(1, _GROUP_BYTES // row_bytes)


@dataclass(frozen=True)
class FeaturePlan:
    """The portions to extract; nothing is written so far. `table` is the file that portions are joined to, if they are."""

    job: Extraction
    listing: Listing
    finished: int
    overwrite: bool
    table: Path | None = None

    def __len__(self) -> int:
        return len(self.listing) - self.finished

    @property
    def failures(self) -> Path:
        """Return the file that names the images that failed, with the reasons."""
        if self.table is None:
            return self.job.folder / f"{self.job.file_prefix}{job.FAILURES}"
        return self.table.with_name(f"{self.table.name}.{job.FAILURES}")

    def to_json(self) -> dict[str, Any]:
        """Return the content of the folder's manifest."""
        settings, geometry = self.job.settings, self.job.settings.geometry
        manifest = {"command": "features", "version": __version__, "set": settings.features, "embedder": settings.embedder}
        cut = {"crop": geometry.crop, "size": geometry.size, "gray": geometry.gray, "convert": sorted(settings.convert)}
        shards = {"shard_size": self.listing.size, "images": self.listing.digest}
        return {**manifest, **cut, "dtype": settings.dtype, **shards}


def is_table(out: Path) -> bool:
    """Return whether the features go to one file, not to a folder of shards."""
    return bool(out.suffix) and not out.is_dir()


def prepare(
    sources: Sequence[Path],
    out: Path,
    settings: ExtractionSettings,
    *,
    limit: int | None = None,
    overwrite: bool = False,
    shard_size: int = outputs.SHARD_SIZE,
    threads: int = 1,
) -> FeaturePlan:
    """Return the plan for the images in `sources`: one table where `out` ends in .parquet or .npz, else a folder of shards.

    Raises InvalidSetting as a simulation does, for another suffix, and where pyarrow is missing, StorageFailed where a table
    `out` exists and may not be overwritten.
    """
    table = out if is_table(out) else None
    if table is None:
        tables.pyarrow_or(".npz")
        refuse_among(sources, out)
        folder, suffix = out, ".parquet"
    else:
        tables.writer(table)
        refuse_existing(table, overwrite=overwrite)
        folder, suffix, shard_size = outputs.parts_of(table, MANIFEST), ".npz", PORTION
    listing = Listing(sources, size=shard_size, limit=limit)
    made = Extraction(settings, folder, listing.sources, suffix, threads)
    plan = FeaturePlan(made, listing, 0, overwrite, table)
    if overwrite:
        return plan
    check_manifest(folder / MANIFEST, plan.to_json(), what="features")
    return FeaturePlan(made, listing, job.count_done(made.is_done, listing), overwrite, table)


def run(plan: FeaturePlan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Write the files that are missing, and the table, if it is one. Images that fail are in the file `plan.failures`.

    Where all fail, no table is written. Raises StorageFailed where the disk fails.
    """
    manifest = plan.to_json() | {"sources": [str(source) for source in plan.job.sources[:100]]}
    folder = plan.job.folder
    with alone(folder):
        outputs.write_manifest(folder, manifest, what="features", free=("sources",), overwrite=plan.overwrite, name=MANIFEST)
        tally = job.run(plan.job, plan.listing, engine, progress=progress)
        if plan.table is not None:
            _join(plan, plan.table, tally.written + tally.sums["stood"])
    return tally


def _join(plan: FeaturePlan, table: Path, rows: int) -> None:
    """Join all portions to one table, remove them, and list what failed beside the table."""
    folder, made = plan.job.folder, plan.job
    parts = (outputs.shard(folder, number, made.suffix) for number in range(plan.listing.portion_count))
    if rows:
        with atomic_write(table, overwrite=plan.overwrite) as temporary:
            groups = tables.regrouped(map(tables.read_part, parts), made.group_rows)
            tables.writer(table)(temporary, groups, rows, made.columns)
    failed = folder / f"{made.file_prefix}{job.FAILURES}"
    if failed.exists():
        failed.replace(plan.failures)
    else:
        job.remove(plan.failures)
    shutil.rmtree(folder, ignore_errors=True)


class _Worker:
    """A worker that reads images, extracts features and writes shards."""

    def __init__(self, of: Extraction) -> None:
        self._job, self._look, self._reader = of, Look(of.settings), Reader(of.sources)
        self._columns, self._rows = of.columns, of.group_rows

    def work(self, portion: Portion) -> Tally:
        """Write a portion; a few batches and a group of rows are held at a time, of a table's portion all rows."""
        tally = Tally()

        def rows() -> Iterator[tuple[list[str], np.ndarray]]:
            for part in self._looked_at(portion.entries):
                for failure in part.failures:
                    tally.fail(failure)
                tally.written += len(part.names)
                yield part.names, part.features

        path = outputs.shard(self._job.folder, portion.number, self._job.suffix)
        with atomic_write(path, overwrite=True) as temporary:
            if self._job.suffix == ".npz":
                tables.write_part(temporary, rows())
            else:
                tables.write_parquet(temporary, tables.regrouped(rows(), self._rows), len(portion.entries), self._columns)
            tally.failures.sort()
            job.keep_failures(self._job.folder, portion.number, tally.failures)
        return tally

    def _looked_at(self, entries: Sequence[Entry]) -> Iterator[Looked]:
        """Yield what comes of the batches, in order; while some are looked at, a few more are read."""
        if self._job.threads == 1:
            yield from map(self._look, self._batches(entries))
            return
        waiting: deque[Future[Looked]] = deque()
        with ThreadPoolExecutor(self._job.threads) as pool:
            try:
                for batch in self._batches(entries):
                    waiting.append(pool.submit(self._look, batch))
                    if len(waiting) >= self._job.threads * _BATCHES_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _batches(self, entries: Sequence[Entry]) -> Iterator[FileBatch]:
        """Read the files in order; as many batches as there are threads, unless they are large."""
        most = max(1, min(_BATCH_FILES, -(-len(entries) // self._job.threads)))
        batch, size = FileBatch([], []), 0
        for entry in entries:
            batch.names.append(self._called(entry))
            try:
                batch.files.append(data := self._reader.data(entry))
                size += len(data)
            except RefusedImage as error:
                batch.files.append(error)
            if len(batch.files) >= most or size >= _BATCH_BYTES:
                yield batch
                batch, size = FileBatch([], []), 0
        if batch.files:
            yield batch

    def _called(self, entry: Entry) -> str:
        """Return the name of a picture: that in its only source, or its path where there are several sources."""
        sources = self._job.sources
        return entry.name if len(sources) == 1 else str(path_of(sources[entry.source], entry))
