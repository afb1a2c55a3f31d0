"""What a job is, and how it goes: portions to whoever works on them, outcomes counted, failures listed."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeAlias

from ssgan.datasets.portions import Portion
from ssgan.errors import Failure, SomeItemsFailed, StorageFailed
from ssgan.storage import state_files
from ssgan.storage.atomic import whole_file
from ssgan.storage.folders import make_folder
from ssgan.storage.names import json_text

FAILURES = "failures.jsonl"
FAILED = ".failures"  # the folder of what failed in each portion
SHOWN = 5  # failures that a tally keeps; all are in the file


@dataclass
class Tally:
    """What was done: pictures with an outcome, how many failed, the first failures, and other figures, added up."""

    written: int = 0
    failed: int = 0
    failures: list[Failure] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Pictures dealt with, well or badly."""
        return self.written + self.failed

    @property
    def images_per_second(self) -> float:
        """Outcomes in a second of wall clock time, starting the processes included."""
        return self.written / self.seconds if self.seconds else 0.0

    def fail(self, failure: Failure) -> None:
        """One more that got nothing."""
        self.failed += 1
        self.failures.append(failure)

    def add(self, part: Tally) -> None:
        """Count what a portion came to."""
        self.written += part.written
        self.failed += part.failed
        self.failures += part.failures[: max(0, SHOWN - len(self.failures))]
        self.sums.update(part.sums)


class Hands(Protocol):
    """What one process works with: opened archives, a loaded network."""

    def work(self, portion: Portion) -> Tally:
        """Write what comes of a portion, whole or not at all, what failed first (`keep_failures`)."""
        ...


class Job(Protocol):
    """What is wanted of every picture. It travels to other processes, and equal jobs are one job there."""

    def __hash__(self) -> int: ...

    @property
    def folder(self) -> Path:
        """Where outcomes go."""
        ...

    @property
    def beside(self) -> str:
        """What the names of files begin with that lie there and are none: readers of tables pass over an underscore."""
        ...

    def hands(self) -> Hands:
        """Made once in each process."""
        ...

    def stands(self, number: int) -> bool:
        """Whether the outcome of the portion of that number is there already."""
        ...


class Portions(Protocol):
    """What there is to do, in portions of `size`; `digest` tells other lists from this one."""

    size: int
    digest: str

    def __len__(self) -> int: ...

    def portions(self) -> Iterator[Portion]:
        """One at a time."""
        ...


class Engine(Protocol):
    """Who works."""

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Each portion with its tally, as they are finished. Errors that concern more than a picture end it."""
        ...


Report: TypeAlias = Callable[[int], None]


def silent(_: int) -> None:
    """Tells nobody."""


def run(job: Job, listed: Portions, engine: Engine, *, report: Report = silent) -> Tally:
    """Do what is left of a job; `report` is told how many pictures have been dealt with.

    What fails stands in `failures.jsonl`, also where it failed in an earlier run and its portion is done. Raises StorageFailed
    where the disk fails.
    """
    started, tally = time.monotonic(), Tally()
    make_folder(job.folder)
    try:
        for _, part in engine.run(job, _left(job, listed, tally)):
            tally.add(part)
            report(tally.done + tally.sums["stood"])
    finally:
        tally.seconds = time.monotonic() - started
        _gather_failures(job.folder, job.folder / f"{job.beside}{FAILURES}")
    return tally


def _left(job: Job, listed: Portions, tally: Tally) -> Iterator[Portion]:
    """Portions without an outcome; what failed in those that have one failed in this job, too."""
    for portion in listed.portions():
        if not job.stands(portion.number):
            yield portion
            continue
        failed = kept_failures(job.folder, portion.number)
        tally.sums["stood"] += len(portion.entries) - len(failed)
        tally.add(Tally(failed=len(failed), failures=failed))


def standing(stands: Callable[[int], bool], listed: Portions) -> int:
    """How many pictures are in portions that are done, by their numbers."""
    starts = range(0, len(listed), listed.size)
    return sum(min(listed.size, len(listed) - start) for number, start in enumerate(starts) if stands(number))


def forget_failures(folder: Path) -> None:
    """Before a job whose portions are cut anew."""
    shutil.rmtree(folder / FAILED, ignore_errors=True)


def keep_failures(folder: Path, number: int, failures: list[Failure]) -> None:
    """What failed in a portion, on the disk before its outcome is: whoever finds that, finds this."""
    path = folder / FAILED / f"{number:06d}.jsonl"
    if failures:
        make_folder(path.parent)
        write_text(path, "".join(json_text(failure._asdict()) + "\n" for failure in sorted(failures)))
    else:
        remove(path)


def work_on(job: Job, portion: Portion) -> Tally:
    """In whichever process: the portion's outcome written, unless somebody who was lost meanwhile has got so far."""
    if job.stands(portion.number):
        failed = kept_failures(job.folder, portion.number)
        return Tally(len(portion.entries) - len(failed), len(failed), failed)
    return hands_of(job).work(portion)


@lru_cache(maxsize=1)
def hands_of(job: Job) -> Hands:
    """This process' hands: what they opened and loaded stays from portion to portion."""
    import torch

    torch.set_num_threads(1)
    return job.hands()


def given_up(job: Job, portion: Portion) -> Tally:
    """The tally of a portion that nobody lives through."""
    tally = Tally()
    hint = "give the same command again with a smaller --batch or --shard-size, or leave the picture out"
    for entry in portion.entries:
        tally.fail(Failure(entry.name, "a process was ended whenever it came to this portion", hint, SomeItemsFailed.exit_code))
    keep_failures(job.folder, portion.number, tally.failures)
    return tally


def kept_failures(folder: Path, number: int) -> list[Failure]:
    """What failed in a portion whose outcome is there."""
    path = folder / FAILED / f"{number:06d}.jsonl"
    if not path.exists():
        return []
    hint = "begin anew with --force: the list of failures of this portion is lost"
    try:
        lines = state_files.read_text(path, hint=hint).splitlines()
        return [Failure(**json.loads(line)) for line in lines]
    except (ValueError, TypeError, RecursionError) as error:
        raise state_files.Damaged(path, "it is no list of failures", hint=hint) from error


def _gather_failures(folder: Path, listed: Path) -> None:
    """One file of all, by portion and name; none where nothing failed."""
    found = sorted((folder / FAILED).glob("*.jsonl")) if (folder / FAILED).is_dir() else []
    if not found:
        remove(listed)
        return
    with whole_file(listed, overwrite=True, durable=False) as temporary, temporary.open("wb") as all_of_them:
        for path in found:
            all_of_them.write(path.read_bytes())


def remove(path: Path) -> None:
    """The file, if it is there. Raises StorageFailed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be removed: {error.strerror}", hint="check the permissions") from error


def write_text(path: Path, text: str) -> None:
    """A file that can be made again, whole."""
    with whole_file(path, overwrite=True, durable=False) as temporary:
        temporary.write_text(text, encoding="utf-8")
