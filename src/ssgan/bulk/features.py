"""Extract features of any number of images into a folder of Parquet shards that readers take for one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan.bulk import job, outputs
from ssgan.bulk.image_features import Look, Piece, Settings
from ssgan.bulk.job import Tally
from ssgan.bulk.tables import Columns, writer
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.entries import Reader
from ssgan.datasets.portions import Listing, Portion
from ssgan.datasets.sources import refuse_among
from ssgan.errors import RefusedImage
from ssgan.steganalysis.catalog import FEATURES
from ssgan.storage.atomic import atomic_write
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest
from ssgan.version import __version__

SUFFIX = ".parquet"
MANIFEST = f"_{outputs.MANIFEST}"
_GROUP_BYTES = 32 * 2**20  # of features that are written at a time


@dataclass(frozen=True)
class Extraction:
    """A job that writes rows `file` and `features` of the images in `sources`, a shard for each portion."""

    settings: Settings
    folder: Path
    sources: tuple[Path, ...]

    file_prefix = "_"

    def worker(self) -> _Worker:
        """Return a worker with the archives open."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the shard of a portion exists."""
        return outputs.shard(self.folder, number, SUFFIX).exists()


@dataclass(frozen=True)
class Plan:
    """The portions to extract; nothing is written so far."""

    job: Extraction
    listing: Listing
    finished: int
    overwrite: bool

    def __len__(self) -> int:
        return len(self.listing) - self.finished

    def to_json(self) -> dict[str, Any]:
        """Return the content of the folder's manifest."""
        settings, geometry = self.job.settings, self.job.settings.geometry
        manifest = {"command": "features", "version": __version__, "set": settings.features, "embedder": settings.embedder}
        cut = {"crop": geometry.crop, "size": geometry.size, "gray": geometry.gray, "convert": sorted(settings.convert)}
        shards = {"shard_size": self.listing.size, "images": self.listing.digest}
        return {**manifest, **cut, "dtype": settings.dtype, **shards}


def prepare(
    sources: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    limit: int | None = None,
    overwrite: bool = False,
    shard_size: int = outputs.SHARD_SIZE,
) -> Plan:
    """Return the plan for the images in `sources`. Raises InvalidSetting as a simulation does, and where pyarrow is missing."""
    writer(Path(f"shard{SUFFIX}"))
    refuse_among(sources, out)
    listing = Listing(sources, size=shard_size, limit=limit)
    made = Extraction(settings, out, listing.sources)
    plan = Plan(made, listing, 0, overwrite)
    if overwrite:
        return plan
    check_manifest(out / MANIFEST, plan.to_json(), what="features")
    return Plan(made, listing, job.count_done(made.is_done, listing), overwrite)


def run(plan: Plan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Write the shards that are missing. Images that fail are in `failures.jsonl`."""
    manifest = plan.to_json() | {"sources": [str(source) for source in plan.job.sources[:100]]}
    with alone(plan.job.folder):
        outputs.write_manifest(
            plan.job.folder, manifest, what="features", free=("sources",), overwrite=plan.overwrite, name=MANIFEST
        )
        return job.run(plan.job, plan.listing, engine, progress=progress)


class _Worker:
    """A worker that reads images, extracts features and writes shards."""

    def __init__(self, of: Extraction) -> None:
        self._job, self._look, self._reader = of, Look(of.settings), Reader(of.sources)
        found = FEATURES[of.settings.features]
        self._columns = Columns(of.settings.features, found.names(), of.settings.dtype)
        bytes_of_row = found.dimension * (4 if of.settings.dtype == "float32" else 8)
        self._rows = max(1, _GROUP_BYTES // bytes_of_row)

    def work(self, portion: Portion) -> Tally:
        """Write a portion; one group of rows at a time is held, however large the features are."""
        tally = Tally()

        def groups() -> Any:
            for start in range(0, len(portion.entries), self._rows):
                piece = Piece(0, [], [])
                for entry in portion.entries[start : start + self._rows]:
                    piece.names.append(self._called(entry.name, entry.source))
                    try:
                        piece.files.append(self._reader.data(entry))
                    except RefusedImage as error:
                        piece.files.append(error)
                part = self._look(piece)
                for failure in part.failures:
                    tally.fail(failure)
                tally.written += len(part.good)
                if len(part.good):
                    yield [piece.names[number] for number in part.good], part.features

        path = outputs.shard(self._job.folder, portion.number, SUFFIX)
        with atomic_write(path, overwrite=True) as temporary:
            writer(path)(temporary, groups(), len(portion.entries), self._columns)
            job.keep_failures(self._job.folder, portion.number, tally.failures)
        return tally

    def _called(self, name: str, source: int) -> str:
        """Return the name of a picture: as its only source says, or its path where there are several sources."""
        sources = self._job.sources
        return name if len(sources) == 1 else str(sources[source] / name)
