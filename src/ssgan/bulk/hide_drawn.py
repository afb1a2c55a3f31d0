"""Draw any number of covers, a message in each, every one read back before it counts; as files, or in tar shards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan import images
from ssgan.bulk import job, outputs
from ssgan.bulk.hide import MESSAGE_SUFFIXES, Messages
from ssgan.bulk.job import Tally
from ssgan.bulk.simulate import BATCH
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.portions import Numbers, Portion
from ssgan.drawn.model import DrawnModel, load
from ssgan.errors import DoesNotFit, Failure, InvalidSetting, NothingFound, RefusedImage, StorageFailed
from ssgan.messages import drawn
from ssgan.messages.drawn_files import draw_file
from ssgan.messages.keys import Key
from ssgan.messages.reveal import reveal_any
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest
from ssgan.version import __version__


@dataclass(frozen=True, repr=False)
class DrawnHiding:
    """A job that draws a cover by each message, as files in `folder` or, with `shards`, as tars there."""

    messages: Messages
    key: Key
    model: Path
    compress: bool
    folder: Path
    shards: bool = False

    file_prefix = ""

    def worker(self) -> _Worker:
        """Return a worker with the model loaded."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the shard of a portion exists; single files are checked one by one."""
        return self.shards and outputs.shard(self.folder, number).exists()


@dataclass(frozen=True, repr=False)
class DrawnHidingPlan:
    """The covers to draw; nothing is written so far."""

    job: DrawnHiding
    drawn_by: DrawnModel
    listing: Numbers
    finished: int

    def __len__(self) -> int:
        return len(self.listing) - self.finished

    def manifest(self) -> dict[str, Any]:
        """Return the settings that decide the covers, without messages and key, of which nothing is written."""
        shard_size = self.listing.size if self.job.shards else None
        return {
            "command": "hide-each", "version": __version__, "drawn": self.drawn_by.identity.hex(), "shard_size": shard_size,
            "count": len(self.listing),
        }  # fmt: skip


def prepare(
    messages: Messages,
    key: Key,
    model: Path,
    out: Path,
    *,
    count: int | None = None,
    compress: bool = False,
    shard_size: int | None = None,
) -> DrawnHidingPlan:
    """Return the plan for `count` covers, or for one cover a message of a folder, named like the message.

    Raises InvalidSetting where `out` holds something else, DoesNotFit for a message that is too long for every cover.
    """
    names = [f"{number:06d}.png" for number in range(count or 0)]
    if messages.folder is not None:
        names = _names(messages.folder)
        if count is not None and count != len(names):
            raise InvalidSetting(
                f"count is {count}, and {messages.folder} holds {len(names)} messages", hint="leave out --count"
            )
    if not names:
        raise InvalidSetting("no cover would be drawn", hint="give --count, or a folder with messages")
    drawn_by = load(model)
    if messages.same is not None and not compress and len(messages.same) > drawn.capacity_bytes(drawn_by):
        raise DoesNotFit(
            f"{len(messages.same)} bytes do not fit: {drawn_by.name} promises {drawn.capacity_bytes(drawn_by)}",
            reachable=drawn.capacity_bytes(drawn_by),
            unit="bytes",
            hint="send less, or spread the message with ssgan hide --covers generated --count",
        )
    made = DrawnHiding(messages, key, model, compress, out, shard_size is not None)
    listing = Numbers(len(names), shard_size or BATCH, names.__getitem__)
    finished = job.count_done(made.is_done, listing) if made.shards else sum((out / name).exists() for name in names)
    plan = DrawnHidingPlan(made, drawn_by, listing, finished)
    check_manifest(out / outputs.MANIFEST, plan.manifest(), what="stegos")
    return plan


def run(plan: DrawnHidingPlan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Draw; messages that do not fit are in `failures.jsonl`.

    Raises StorageFailed where a file in the folder is not the cover of its message, or another run writes into the folder.
    """
    folder = plan.job.folder
    with alone(folder):
        outputs.write_manifest(folder, plan.manifest(), what="stegos")
        if not plan.job.shards:
            job.forget_failures(folder)
        tally = job.run(plan.job, plan.listing, engine, progress=progress)
        if not tally.failed:
            outputs.remove_manifest(folder)
    return tally


class _Worker:
    """State that one process keeps between portions: the model."""

    def __init__(self, of: DrawnHiding) -> None:
        self._job, self._model = of, load(of.model)

    def work(self, portion: Portion) -> Tally:
        """Draw one cover after the other; files that are there must open to their message."""
        tally, of = Tally(), self._job
        with outputs.writing(of.folder, portion.number, tally, shards=of.shards) as write:
            for entry in portion.entries:
                try:
                    message = of.messages.of(entry.name)
                    if not of.shards and (of.folder / entry.name).exists():
                        self._require(of.folder / entry.name, message)
                    else:
                        write(entry.name, self._drawn(entry.name, message))
                    tally.written += 1
                except (DoesNotFit, InvalidSetting) as error:
                    tally.fail(Failure.of(entry.name, error))
        return tally

    def _drawn(self, name: str, message: bytes) -> bytes:
        """Return the file of a cover, drawn once and read back."""
        return draw_file(message, self._job.key, self._model, Path(name), compress=self._job.compress)[1]

    def _require(self, path: Path, message: bytes) -> None:
        """Check the file in the way. Raises StorageFailed where it is not the cover of this message."""
        try:
            found = reveal_any(images.read(path).samples, self._job.key, models=[self._model])
        except (RefusedImage, NothingFound):
            found = None
        if found != message:
            raise StorageFailed(
                f"{path} is not what would be written there: the key does not open it to its message",
                hint="choose another folder, or give the key and the message of before",
            )


def _names(folder: Path) -> list[str]:
    """Return covers named like the messages in a folder. Raises InvalidSetting where two would have one name."""
    found: Sequence[Path] = sorted(path for path in folder.rglob("*") if path.suffix in MESSAGE_SUFFIXES and path.is_file())
    names = [str(path.relative_to(folder).with_suffix(".png")) for path in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidSetting(f"two messages are for {twice}", hint="rename one of them")
    return names
