"""A message in each of any number of covers, each stego proved with the key before it stands under its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ssgan
from ssgan import images
from ssgan.bulk import job, places
from ssgan.bulk.job import Tally
from ssgan.bulk.listing import Listing, Portion
from ssgan.bulk.simulating import BATCH
from ssgan.datasets.entries import Entry, Reader, place_of
from ssgan.datasets.sources import refuse_among
from ssgan.errors import DoesNotFit, Failure, InvalidSetting, RefusedImage, StorageFailed
from ssgan.messages.files import proved
from ssgan.messages.hide import hide
from ssgan.messages.keys import Key
from ssgan.messages.plan import Settings, as_cover, stego_name, used_before

MESSAGE_SUFFIXES = (".txt", ".bin")


@dataclass(frozen=True)
class Messages:
    """One for all covers, or those in a folder: `a/b.txt` or `a/b.bin` is for the cover `a/b.png`."""

    same: bytes | None = field(default=None, repr=False)
    folder: Path | None = None

    def of(self, name: str) -> bytes:
        """The message for the cover of that name. Raises InvalidSetting where there is none."""
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
    """The job: a stego of every cover in `sources`, as files in `folder` or, with `shards`, as tars there."""

    messages: Messages
    key: Key
    settings: Settings
    folder: Path
    sources: tuple[Path, ...]
    shards: bool = False

    beside = ""

    def hands(self) -> _Hands:
        """With the covers' archives open."""
        return _Hands(self)

    def stands(self, number: int) -> bool:
        """Whether that shard is there; of single files only those that are missing are listed at all."""
        return self.shards and places.shard(self.folder, number).exists()


@dataclass(frozen=True, repr=False)
class Plan:
    """What there is to do; nothing is written so far."""

    sources: tuple[Path, ...]
    folder: Path
    settings: Settings
    listing: Listing
    finished: int
    shards: bool

    def __len__(self) -> int:
        return len(self.listing) - (self.finished if self.shards else 0)

    def told(self) -> dict[str, Any]:
        """What decides the stegos, but for messages and key, of which nothing is written anywhere."""
        told = {"command": "hide-each", "version": ssgan.__version__, "scheme": self.settings.scheme}
        shards = {"shard_size": self.listing.size, "images": self.listing.digest}
        return told | (shards if self.shards else {"shard_size": None})


def place(name: str) -> str:
    """Where the stego of that cover goes: its own name, as PNG where its format is not written."""
    return place_of(name, Path(stego_name(Path(name))).suffix)


def prepare(
    sources: Sequence[Path], out: Path, settings: Settings, *, limit: int | None = None, shard_size: int | None = None
) -> Plan:
    """The plan for the covers in `sources`. Raises InvalidSetting as a simulation's does, and for an unknown scheme."""
    from ssgan.embedding.embedder import Embedder

    Embedder(settings.scheme, 0.1)
    refuse_among(sources, out)
    shards = shard_size is not None

    def stands(where: str) -> bool:
        return not shards and (out / where).exists()

    listing = Listing(sources, size=shard_size or BATCH, place=place, stands=stands, limit=limit)
    plan = Plan(listing.sources, out, settings, listing, listing.finished, shards)
    places.check(out, plan.told(), what="stegos")
    if not shards:
        return plan
    done = job.standing(lambda number: places.shard(out, number).exists(), listing)
    return Plan(listing.sources, out, settings, listing, done, shards)


def run(plan: Plan, messages: Messages, key: Key, engine: job.Engine, *, report: job.Report = job.silent) -> Tally:
    """Hide; covers that fail are in `failures.jsonl`. When all is done, nothing in the folder says where stegos came from."""
    if plan.settings.ledger is not None:
        plan.settings.ledger.prepare()
    places.claim(plan.folder, plan.told(), what="stegos")
    if not plan.shards:
        job.forget_failures(plan.folder)
    made = Hiding(messages, key, plan.settings, plan.folder, plan.sources, plan.shards)
    tally = job.run(made, plan.listing, engine, report=report)
    if not tally.failed:
        places.give_up_claim(plan.folder)
    return tally


class _Hands:
    """Read, hide, prove, write."""

    def __init__(self, of: Hiding) -> None:
        self._job, self._reader = of, Reader(of.sources)

    def work(self, portion: Portion) -> Tally:
        """One cover after the other; the list of used covers is read once, and added to when the stegos stand."""
        tally, ledger = Tally(), self._job.settings.ledger
        known = ledger.known() if ledger is not None and not ledger.reuse else lambda image, alpha: False
        used: list[Any] = []
        with places.writing(self._job.folder, portion.number, tally, shards=self._job.shards) as write:
            for entry in portion.entries:
                if not self._job.shards and (self._job.folder / place(entry.name)).exists():
                    tally.written += 1  # by a process that was lost after that
                    continue
                try:
                    where, content, images_used = self._hidden(entry, known)
                except (RefusedImage, DoesNotFit, InvalidSetting) as error:
                    tally.fail(Failure.of(entry.name, error))
                    continue
                write(where, content)
                tally.written += 1
                used += images_used
                if ledger is not None and not self._job.shards:
                    ledger.record(images_used)
        if ledger is not None and self._job.shards and used:
            ledger.record(used)
        return tally

    def _hidden(self, entry: Entry, known: Any) -> tuple[str, bytes, list[Any]]:
        """Place and bytes of a stego, and the images that count as used then."""
        settings = self._job.settings
        picture = as_cover(images.read(self._reader.data(entry), convert=images.CONVERSIONS, name=entry.name), entry.name)
        if known(picture.samples, picture.alpha):
            raise used_before(entry.name)
        message, where = self._job.messages.of(entry.name), place(entry.name)
        hidden = hide(
            picture.samples, message, self._job.key, alpha=picture.alpha,
            scheme=settings.scheme, compress=settings.compress, allow_flat=settings.allow_flat,
        )  # fmt: skip
        content = images.encode(hidden.stego, images.written_format(Path(where)), alpha=picture.alpha)
        if not proved(content, hidden, message, self._job.key):
            raise StorageFailed(f"the stego of {entry.name} did not come back as it was made", hint="try again")
        return where, content, [(hidden.cover, hidden.alpha), (hidden.stego, hidden.alpha)]
