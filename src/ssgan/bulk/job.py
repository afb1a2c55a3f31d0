"""Define a job and run it: portions for an engine, outcomes counted, failures listed."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from ssgan.compute.progress import Progress, silent
from ssgan.compute.threads import limit_threads
from ssgan.datasets.portions import Portion
from ssgan.errors import Failure, SomeItemsFailed, StorageFailed
from ssgan.storage import state_files
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.names import json_text

FAILURES = "failures.jsonl"
FAILED = ".failures"  # the folder of what failed in each portion
SHOWN = 5  # failures that a tally keeps; all are in the file


@dataclass
class Tally:
    """Counts of a job: pictures with an outcome, failures, the first of them, and other figures, added up."""

    written: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Number of pictures done, with an outcome or a failure."""
        return self.written + self.failed

    @property
    def images_per_second(self) -> float:
        """Outcomes per second of wall clock time, including the start of processes."""
        return self.written / self.seconds if self.seconds else 0.0

    def fail(self, failure: Failure) -> None:
        """Count one more failed picture."""
        self.failed += 1
        self.failures.append(failure)

    def add(self, part: Tally) -> None:
        """Add the counts of a portion."""
        self.written += part.written
        self.failed += part.failed
        self.failures += part.failures[: max(0, SHOWN - len(self.failures))]
        self.sums.update(part.sums)


class Worker(Protocol):
    """State that a worker process keeps between portions: open archives, a loaded network."""

    def work(self, portion: Portion) -> Tally:
        """Write the outcome of a portion, whole or not at all, after its failures (`keep_failures`)."""
        ...


class Job(Protocol):
    """The work on every picture. It is sent to other processes, where equal jobs are one job."""

    def __hash__(self) -> int: ...

    @property
    def folder(self) -> Path:
        """The folder of the outcomes."""
        ...

    @property
    def file_prefix(self) -> str:
        """Prefix of the names of files beside the outcomes: readers of tables ignore names with an underscore."""
        ...

    def worker(self) -> Worker:
        """Return a worker; called once in each process."""
        ...

    def is_done(self, number: int) -> bool:
        """Return whether the outcome of the portion of that number exists."""
        ...


class Portions(Protocol):
    """The files of a job, in portions of `size`; `digest` identifies the list."""

    size: int
    digest: str

    def __len__(self) -> int: ...

    def portions(self) -> Iterator[Portion]:
        """Yield one portion at a time."""
        ...


class Engine(Protocol):
    """Anything that runs a job's portions: this process, several, or a cluster."""

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield each portion with its tally, as they are finished. Raises errors that concern more than a picture."""
        ...


def run(job: Job, listed: Portions, engine: Engine, *, progress: Progress[()] = silent) -> Tally:
    """Do what is left of a job; `progress` receives the number of pictures done.

    Failures are listed in `failures.jsonl`, including those of earlier runs whose portions are done. Raises StorageFailed where
    the disk fails.
    """
    started, tally = time.monotonic(), Tally()
    make_folder(job.folder)
    try:
        for _, part in engine.run(job, _left(job, listed, tally)):
            tally.add(part)
            progress(tally.done + tally.sums["stood"])
    finally:
        tally.seconds = time.monotonic() - started
        _gather_failures(job.folder, job.folder / f"{job.file_prefix}{FAILURES}")
    return tally


def _left(job: Job, listed: Portions, tally: Tally) -> Iterator[Portion]:
    """Yield portions without an outcome, and count the failures of those that have one."""
    for portion in listed.portions():
        if not job.is_done(portion.number):
            yield portion
            continue
        failed = kept_failures(job.folder, portion.number)
        tally.sums["stood"] += len(portion.entries) - len(failed)
        tally.add(Tally(failed=len(failed), failures=failed))


def count_done(is_done: Callable[[int], bool], listed: Portions) -> int:
    """Return how many pictures are in portions with an outcome, by their numbers."""
    starts = range(0, len(listed), listed.size)
    return sum(min(listed.size, len(listed) - start) for number, start in enumerate(starts) if is_done(number))


def forget_failures(folder: Path) -> None:
    """Remove lists of failures, before a job whose portions are cut again."""
    shutil.rmtree(folder / FAILED, ignore_errors=True)


def keep_failures(folder: Path, number: int, failures: list[Failure]) -> None:
    """Write the failures of a portion to the disk before its outcome, so that one is never found without the other."""
    path = folder / FAILED / f"{number:06d}.jsonl"
    if failures:
        make_folder(path.parent)
        write_text(path, "".join(json_text(failure._asdict()) + "\n" for failure in sorted(failures)))
    else:
        remove(path)


def work_on(job: Job, portion: Portion) -> Tally:
    """Work on a portion in any process, and skip it where its outcome has been written meanwhile."""
    if job.is_done(portion.number):
        failed = kept_failures(job.folder, portion.number)
        return Tally(len(portion.entries) - len(failed), len(failed), failed)
    return worker_of(job).work(portion)


@lru_cache(maxsize=1)
def worker_of(job: Job) -> Worker:
    """Return the worker of this process: what it opened and loaded is kept from portion to portion."""
    limit_threads(1)
    return job.worker()


def record_lost(job: Job, portion: Portion) -> Tally:
    """Return the tally of a portion that ends every process."""
    tally = Tally()
    hint = "give the same command again with a smaller --batch or --shard-size, or leave the picture out"
    for entry in portion.entries:
        tally.fail(Failure(entry.name, "a process was ended whenever it came to this portion", hint, SomeItemsFailed.exit_code))
    keep_failures(job.folder, portion.number, tally.failures)
    return tally


def kept_failures(folder: Path, number: int) -> list[Failure]:
    """Return the failures of a portion with an outcome."""
    path = folder / FAILED / f"{number:06d}.jsonl"
    if not path.exists():
        return []
    hint = "begin again with --force: the list of failures of this portion is lost"
    try:
        lines = state_files.read_text(path, hint=hint).splitlines()
        return [Failure(**json.loads(line)) for line in lines]
    except (ValueError, TypeError, RecursionError) as error:
        raise state_files.Damaged(path, "it is no list of failures", hint=hint) from error


def _gather_failures(folder: Path, listed: Path) -> None:
    """Join the lists of failures into one file, by portion and name; write none where nothing failed."""
    found = sorted((folder / FAILED).glob("*.jsonl")) if (folder / FAILED).is_dir() else []
    if not found:
        remove(listed)
        return
    with atomic_write(listed, overwrite=True, durable=False) as temporary, temporary.open("wb") as all_of_them:
        for path in found:
            all_of_them.write(path.read_bytes())


def remove(path: Path) -> None:
    """Remove a file, if it exists. Raises StorageFailed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be removed: {error.strerror}", hint="check the permissions") from error


def write_text(path: Path, text: str) -> None:
    """Write a file that can be made again, whole."""
    with atomic_write(path, overwrite=True, durable=False) as temporary:
        temporary.write_text(text, encoding="utf-8")
