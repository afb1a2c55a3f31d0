"""Hide a message in each of any number of covers, each stego proved with the key before it gets its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ssgan import images
from ssgan.bulk import job, outputs
from ssgan.bulk.job import Tally
from ssgan.bulk.simulate import BATCH
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.entries import Entry, Reader, place_of
from ssgan.datasets.portions import Listing, Portion
from ssgan.datasets.sources import refuse_among
from ssgan.errors import DoesNotFit, Failure, InvalidSetting, NothingFound, RefusedImage, StorageFailed
from ssgan.images import Picture
from ssgan.messages import plan as plans
from ssgan.messages.container import Carrier
from ssgan.messages.files import make_stego, reveal_picture
from ssgan.messages.keys import Key
from ssgan.messages.plan import HideSettings, content_task, stego_name, used_before
from ssgan.storage.atomic import unfinished
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest
from ssgan.version import __version__

MESSAGE_SUFFIXES = (".txt", ".bin")


@dataclass(frozen=True)
class Messages:
    """One message for all covers, or a folder of them: `a/b.txt` or `a/b.bin` is for the cover `a/b.png`."""

    same: bytes | None = field(default=None, repr=False)
    folder: Path | None = None

    def of(self, name: str) -> bytes:
        """Return the message for the cover of that name. Raises InvalidSetting where there is none."""
        if self.same is not None:
            return self.same
        assert self.folder is not None, "one of the two is given"
        for suffix in MESSAGE_SUFFIXES:
            path = self.folder / place_of(name, suffix)
            try:
                return path.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise InvalidSetting(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from error
        wanted = " or ".join(str(self.folder / place_of(name, suffix)) for suffix in MESSAGE_SUFFIXES)
        raise InvalidSetting(f"there is no message for {name}", hint=f"write it to {wanted}")


@dataclass(frozen=True, repr=False)
class Hiding:
    """A job that writes a stego of every cover in `sources`, as files in `folder` or, with `shards`, as tars there."""

    messages: Messages
    key: Key
    settings: HideSettings
    folder: Path
    sources: tuple[Path, ...]
    shards: bool = False

    file_prefix = ""

    def worker(self) -> _Worker:
        """Return a worker with the covers' archives open."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the shard of a portion exists; of single files, only missing ones are listed at all."""
        return self.shards and outputs.shard(self.folder, number).exists()

    def place(self, name: str) -> str:
        """Return the path of the stego of the cover `name`."""
        return place_in(self.settings, name)

    def opens(self, content: bytes, entry: Entry) -> Picture | None:
        """Return the picture in these bytes, if the key opens it to the message for that cover."""
        try:
            picture = plans.made_stego(content)
            found = reveal_picture(picture, self.key)
        except (RefusedImage, NothingFound):
            return None
        return picture if found == self.messages.of(entry.name) else None


@dataclass(frozen=True, repr=False)
class Checking:
    """A job before hiding that compares what is in the folder with what would be written there."""

    hiding: Hiding

    file_prefix = ""

    @property
    def folder(self) -> Path:
        """The folder of the stegos."""
        return self.hiding.folder

    def worker(self) -> _CheckWorker:
        """Return a worker with nothing open, since covers are not read."""
        return _CheckWorker(self.hiding)

    def is_done(self, number: int) -> bool:
        """Return False: every outcome is checked."""
        return False


@dataclass(frozen=True, repr=False)
class HideEachPlan:
    """The covers to hide in; nothing is written so far."""

    sources: tuple[Path, ...]
    folder: Path
    settings: HideSettings
    listing: Listing
    finished: int
    shards: bool

    def __len__(self) -> int:
        return len(self.listing) - (self.finished if self.shards else 0)

    def to_json(self) -> dict[str, Any]:
        """Return the settings that decide the stegos, without messages and key, of which nothing is written."""
        manifest: dict[str, Any] = {"command": "hide-each", "version": __version__, "scheme": self.settings.scheme}
        if self.settings.jpeg is not None:
            manifest["jpeg"] = self.settings.jpeg
        shards = {"shard_size": self.listing.size, "images": self.listing.digest}
        return manifest | (shards if self.shards else {"shard_size": None})


def place_in(settings: HideSettings, name: str) -> str:
    """Return the path of a cover's stego: its own name, as PNG where its format is not written, or as that of a new JPEG."""
    return place_of(name, Path(stego_name(Path(name), settings)).suffix)


def prepare(
    sources: Sequence[Path], out: Path, settings: HideSettings, *, limit: int | None = None, shard_size: int | None = None
) -> HideEachPlan:
    """Return the plan for the covers in `sources`. Raises InvalidSetting as a simulation's does, and for an unknown scheme."""
    plans.check_settings(settings)
    refuse_among(sources, out)
    shards = shard_size is not None

    def is_done(where: str) -> bool:
        return not shards and (out / where).exists()

    listing = Listing(sources, size=shard_size or BATCH, place=partial(place_in, settings), is_done=is_done, limit=limit)
    plan = HideEachPlan(listing.sources, out, settings, listing, listing.finished, shards)
    check_manifest(out / outputs.MANIFEST, plan.to_json(), what="stegos")
    if not shards:
        return plan
    done = job.count_done(lambda number: outputs.shard(out, number).exists(), listing)
    return HideEachPlan(listing.sources, out, settings, listing, done, shards)


def run(plan: HideEachPlan, messages: Messages, key: Key, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Hide in all covers of a plan; those that fail are in `failures.jsonl`, and nothing shows where stegos came from.

    First, all that is there is opened with the key: StorageFailed names what is not the stego of its cover and message, and
    nothing is written then. The same error where another run writes into the folder.
    """
    if plan.settings.ledger is not None:
        plan.settings.ledger.prepare()
    made = Hiding(messages, key, plan.settings, plan.folder, plan.sources, plan.shards)
    with alone(plan.folder):
        finished = plan.listing.done_portions() if not plan.shards else filter(_is_done(made), plan.listing.portions())
        if plan.finished:
            for _ in engine.run(Checking(made), finished):
                pass
        outputs.write_manifest(plan.folder, plan.to_json(), what="stegos")
        if not plan.shards:
            job.forget_failures(plan.folder)
        tally = job.run(made, plan.listing, engine, progress=progress)
        outputs.drop_unsealed(plan.folder)
        if not tally.failed:
            outputs.remove_manifest(plan.folder)
    return tally


def _is_done(made: Hiding) -> Callable[[Portion], bool]:
    return lambda portion: made.is_done(portion.number)


@dataclass
class _Ready:
    """A stego that waits for its name: the cover's name, the digests for the list of used covers, the notes on its encoding."""

    name: str
    mark: bytes
    covers: list[bytes]
    manner: str  # as in `ssgan.images.Encoded`; nothing for one that another process made


class _Worker:
    """A worker that reads covers, hides, proves, records and writes stegos."""

    def __init__(self, of: Hiding) -> None:
        self._job, self._reader = of, Reader(of.sources)
        self._ready: dict[str, _Ready] = {}
        self._tally = Tally()

    def work(self, portion: Portion) -> Tally:
        """Hide in one cover after the other, resuming what a killed process had made and not named."""
        self._tally, self._ready = Tally(), {}
        left = _left(self._job, portion)
        with outputs.writing(self._job.folder, portion.number, self._tally, shards=self._job.shards, seal=self._seal) as write:
            for entry in portion.entries:
                where = self._job.place(entry.name)
                try:
                    if not self._job.shards and (self._job.folder / where).exists():
                        _require(self._job, entry, self._job.folder / where)
                        self._tally.written += 1  # by a process that was lost after that
                    else:
                        write(where, self._taken_up(entry, left.get(where, ())) or self._hidden(entry))
                except (RefusedImage, DoesNotFit, InvalidSetting) as error:
                    self._tally.fail(Failure.of(entry.name, error))
        for path in {path for found in left.values() for path, _ in found}:
            job.remove(path)
        return self._tally

    def _hidden(self, entry: Entry) -> bytes:
        """Return the bytes of a proved stego."""
        settings, name = self._job.settings, entry.name
        task = content_task(name, self._reader.data(entry), self._job.messages.of(name), Path(self._job.place(name)), settings)
        stego = make_stego(task, self._job.key, settings)
        self._note(entry, stego.used, stego.hidden.manner)
        return stego.content

    def _taken_up(self, entry: Entry, left: Iterable[Left]) -> bytes | None:
        """Return a stego of this cover that has no name so far; None where its cover is recorded with another one."""
        ledger = self._job.settings.ledger
        for _, content in left:
            found = self._job.opens(content(), entry)
            if found is None:
                continue
            read = images.read(self._reader.data(entry), convert=images.CONVERSIONS)
            picture = plans.as_cover(read, entry.name, self._job.settings)
            cover, *original = plans.used_carriers(picture)
            stego = plans.picture_carrier(found)
            if cover.shape != stego.shape or _apart(cover, stego) > 1:
                continue
            self._note(entry, [stego, *original])
            recorded = ledger is None or ledger.reuse or ledger.holds(self._ready[self._job.place(entry.name)].mark)
            if recorded or ledger is not None and not ledger.knows(cover):
                return content()
        return None

    def _note(self, entry: Entry, used: Sequence[Carrier], manner: str = "") -> None:
        """Remember digests that are to be recorded, the stego's first: pictures of a whole shard would fill the memory."""
        ledger = self._job.settings.ledger
        if ledger is None:
            self._ready[self._job.place(entry.name)] = _Ready(entry.name, b"", [], manner)
        else:
            where = str(self._job.folder.resolve() / self._job.place(entry.name))
            mark, covers = ledger.mark(used[0], None, where), [ledger.digest(carrier) for carrier in used]
            self._ready[self._job.place(entry.name)] = _Ready(entry.name, mark, covers, manner)

    def _seal(self, wheres: Sequence[str]) -> Collection[str]:
        """Record the covers of stegos before these get their names; those whose cover another stego has are left out."""
        ready, ledger = [self._ready.pop(where) for where in wheres], self._job.settings.ledger
        new = [one for one in ready if ledger is not None and not ledger.holds(one.mark)]
        free = ledger.claim([[*one.covers, one.mark] for one in new]) if ledger is not None else []
        refused = {self._job.place(one.name): one.name for one, is_free in zip(new, free, strict=True) if not is_free}
        for name in refused.values():
            self._tally.fail(Failure.of(name, used_before(name)))
        self._tally.written += len(ready) - len(refused)
        self._tally.sums.update(one.manner for one in ready if one.manner and self._job.place(one.name) not in refused)
        return refused


Left: TypeAlias = "tuple[Path, Callable[[], bytes]]"  # an unfinished file, and a stego that may be in it


def _left(of: Hiding, portion: Portion) -> dict[str, list[Left]]:
    """Return by path what killed processes left of the outcomes of a portion."""
    found: dict[str, list[Left]] = {}
    if of.shards:
        for path in unfinished(outputs.unsealed(of.folder, outputs.shard(of.folder, portion.number).name)):
            found.setdefault("", []).append((path, bytes))
            with suppress(StorageFailed):  # torn where the process was killed
                for name, content in outputs.outcomes(path):
                    found.setdefault(name, []).append((path, partial(bytes, content)))
        return found
    for entry in portion.entries:
        where = of.place(entry.name)
        if left := unfinished(outputs.unsealed(of.folder, where)):
            found[where] = [(path, path.read_bytes) for path in left]
    return found


def _apart(one: Carrier, other: Carrier) -> int:
    return int(np.abs(one.values.astype(np.int16) - other.values).max())


def _require(of: Hiding, entry: Entry, path: Path, content: bytes | None = None) -> Picture:
    """Return the stego that exists, alone or in a shard. Raises StorageFailed where it is not of this cover."""
    try:
        found = of.opens(images.file_bytes(path) if content is None else content, entry)
    except RefusedImage:
        found = None
    if found is None:
        inside = "" if content is None else f" ({of.place(entry.name)} in it)"
        raise StorageFailed(
            f"{path}{inside} is not what would be written there: the key does not open it to the message of {entry.name}",
            hint="choose another folder, or give the key and the message of before",
        )
    return found


class _CheckWorker:
    """A worker that opens existing stegos, and adds to the list of used covers what it has lost."""

    def __init__(self, of: Hiding) -> None:
        self._job = of

    def work(self, portion: Portion) -> Tally:
        """Check a portion. Raises StorageFailed at the first outcome that the job would not write."""
        of = self._job
        if not of.shards:
            for entry in portion.entries:
                self._repair(_require(of, entry, of.folder / of.place(entry.name)))
            return Tally()
        path = outputs.shard(of.folder, portion.number)
        entries = {of.place(entry.name): entry for entry in portion.entries}
        for where, content in outputs.outcomes(path):
            if where not in entries:
                raise StorageFailed(
                    f"{path} holds {where}, which is no stego of these covers",
                    hint="choose another folder, or remove the shard",
                )
            entry = entries.pop(where)
            self._repair(_require(of, entry, path, content))
        failed = {failure.name for failure in job.kept_failures(of.folder, portion.number)}
        if missing := [entry.name for entry in entries.values() if entry.name not in failed]:
            raise StorageFailed(f"{path} holds no stego of {missing[0]}", hint="remove the shard, then give the command again")
        return Tally()

    def _repair(self, stego: Picture) -> None:
        ledger = self._job.settings.ledger
        carrier = plans.picture_carrier(stego)
        if ledger is None or ledger.knows(carrier):
            return
        ledger.record([carrier])  # by which its cover is known, too
