"""Score any number of images by a detector, as one table: CSV or Parquet."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ssgan.bulk import job, outputs
from ssgan.bulk.job import Tally
from ssgan.bulk.tables import pyarrow_or
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.entries import Reader, path_of
from ssgan.datasets.portions import Listing, Portion
from ssgan.detection.score import Scorer
from ssgan.errors import Failure, InvalidSetting, RefusedImage
from ssgan.storage.atomic import atomic_write, refuse_existing
from ssgan.storage.locks import alone
from ssgan.storage.names import written
from ssgan.storage.runs import check_manifest
from ssgan.storage.state_files import Damaged, read_text
from ssgan.version import __version__

SUFFIXES = (".csv", ".parquet")
COLUMNS = ("file", "score", "stego", "probability", "error")
PORTION = 1000
_HINT = "give images as the detector was trained on"


@dataclass(frozen=True)
class Scoring:
    """A job that writes rows of the images in `sources`; `folder` keeps those of each portion until all exist."""

    run: Path
    folder: Path
    sources: tuple[Path, ...]
    device: str = "cpu"

    file_prefix = ""

    def worker(self) -> _Worker:
        """Return a worker with the detector loaded and the archives open."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the rows of a portion exist."""
        return outputs.shard(self.folder, number, ".csv").exists()


@dataclass(frozen=True)
class ScorePlan:
    """The images to score; nothing is written so far."""

    job: Scoring
    out: Path
    listing: Listing
    finished: int
    overwrite: bool

    def __len__(self) -> int:
        return len(self.listing) - self.finished

    def to_json(self) -> dict[str, Any]:
        """Return the settings that decide the table."""
        manifest = {"command": "score", "version": __version__, "detector": str(self.job.run.resolve())}
        return {**manifest, "images": self.listing.digest}


def prepare(
    run: Path, sources: Sequence[Path], out: Path, *, limit: int | None = None, overwrite: bool = False, device: str = "cpu"
) -> ScorePlan:
    """Return the plan for the images in `sources`.

    Raises InvalidSetting where the suffix is unknown, the run is not ready or nothing can be found, StorageFailed where `out`
    exists and may not be overwritten.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InvalidSetting(
            f"{out} ends in {out.suffix or 'nothing'}, not in {' or '.join(SUFFIXES)}",
            hint="give the table a name with such an ending",
        )
    if out.suffix.lower() == ".parquet":
        pyarrow_or(".csv")
    refuse_existing(out, overwrite=overwrite)
    Scorer(run)
    folder = outputs.parts_of(out)
    listing = Listing(sources, size=PORTION, limit=limit)
    made = Scoring(run, folder, listing.sources, device)
    plan = ScorePlan(made, out, listing, 0, overwrite)
    if overwrite:
        return plan
    check_manifest(folder / outputs.MANIFEST, plan.to_json(), what="scores")
    return ScorePlan(made, out, listing, job.count_done(made.is_done, listing), overwrite)


def run(plan: ScorePlan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Score missing images, then write the table; images without a score are in it, with the reason."""
    folder = plan.job.folder
    with alone(folder):
        outputs.write_manifest(folder, plan.to_json(), what="scores", overwrite=plan.overwrite)
        tally = job.run(plan.job, plan.listing, engine, progress=progress)
        parts = [outputs.shard(folder, number, ".csv") for number in range(plan.listing.portion_count)]
        with atomic_write(plan.out, overwrite=plan.overwrite) as temporary:
            (_join_parquet if plan.out.suffix.lower() == ".parquet" else _join_csv)(parts, temporary)
        shutil.rmtree(folder, ignore_errors=True)
    return tally


def _join_csv(parts: list[Path], path: Path) -> None:
    with path.open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for part in parts:
            file.write(part.read_bytes())


def _join_parquet(parts: list[Path], path: Path) -> None:
    """Join the portions' rows into one file, with a group of rows for every hundred portions."""
    pa = pyarrow_or(".csv")
    from pyarrow import parquet

    kinds = {"file": pa.string(), "score": pa.float64(), "stego": pa.bool_(), "probability": pa.float64(), "error": pa.string()}
    schema = pa.schema([(name, kinds[name]) for name in COLUMNS])
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        for start in range(0, len(parts), 100):
            rows = [row for part in parts[start : start + 100] for row in rows_of(part)]
            columns = zip(*rows, strict=True) if rows else ([] for _ in COLUMNS)
            arrays = [pa.array(list(column), kinds[name]) for name, column in zip(COLUMNS, columns, strict=True)]
            file.write_table(pa.table(arrays, schema=schema))


def rows_of(part: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a CSV without its header, unchanged. Raises Damaged."""
    hint = "remove it: the same command makes it again"
    try:
        text = io.StringIO(read_text(part, hint=hint), newline="")
        for name, score, stego, probability, error in csv.reader(text, strict=True):
            if score:
                yield name, float(score), stego == "True", float(probability), error
            else:
                yield name, None, None, None, error
    except (ValueError, csv.Error) as error:
        raise Damaged(part, "it is no list of scores", hint=hint) from error


class _Worker:
    """A worker that reads images, scores them and writes rows."""

    def __init__(self, of: Scoring) -> None:
        self._job, self._reader = of, Reader(of.sources)
        self._scorer = Scorer(of.run, device=of.device, threads=1)

    def work(self, portion: Portion) -> Tally:
        """Write rows in the order of the portion."""
        tally, lines = Tally(), io.StringIO()
        rows = csv.writer(lines, lineterminator="\n")
        for start in range(0, len(portion.entries), self._scorer.together):
            some = portion.entries[start : start + self._scorer.together]
            paths = [str(path_of(self._job.sources[entry.source], entry)) for entry in some]
            named = [(path, partial(self._reader.data, entry)) for path, entry in zip(paths, some, strict=True)]
            for score in self._scorer(named):
                rows.writerow((written(score.name), score.score, score.stego, score.probability, written(score.error)))
                if score.score is None:
                    tally.fail(Failure(score.name, score.error, _HINT, RefusedImage.exit_code))
                else:
                    tally.written += 1
        path = outputs.shard(self._job.folder, portion.number, ".csv")
        with atomic_write(path, overwrite=True) as temporary:
            temporary.write_text(lines.getvalue(), encoding="utf-8", newline="")
            job.keep_failures(self._job.folder, portion.number, tally.failures)
        return tally
