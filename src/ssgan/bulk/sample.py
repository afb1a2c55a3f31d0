"""Sample any number of covers by a generator into tar shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan import images
from ssgan.bulk import job, outputs
from ssgan.bulk.job import Tally
from ssgan.compute.progress import Progress, silent
from ssgan.datasets.portions import Numbers, Portion
from ssgan.errors import InvalidSetting
from ssgan.gan.covers.generators import Card
from ssgan.gan.covers.sample import PIECE
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest, manifest
from ssgan.version import __version__


@dataclass(frozen=True)
class Sampling:
    """A job that writes covers by number from the generator in `generator`; without a `seed`, from secret latents."""

    generator: Path
    folder: Path
    seed: int | None
    device: str = "cpu"

    file_prefix = ""

    def worker(self) -> _Worker:
        """Return a worker with the generator loaded."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the shard of a portion exists."""
        return outputs.shard(self.folder, number).exists()


@dataclass(frozen=True)
class SamplePlan:
    """The covers to sample; nothing is written so far."""

    job: Sampling
    card: Card
    listing: Numbers
    finished: int
    overwrite: bool

    def __len__(self) -> int:
        return len(self.listing) - self.finished

    def to_json(self) -> dict[str, Any]:
        """Return what the covers of one folder have in common; more of them may follow."""
        manifest = {"command": "sample", "version": __version__, "generator": self.card.digest}
        return {**manifest, "seed": self.job.seed, "shard_size": self.listing.size, "count": len(self.listing)}


def prepare(
    card: Card,
    out: Path,
    count: int,
    *,
    seed: int | None = None,
    overwrite: bool = False,
    shard_size: int = outputs.SHARD_SIZE,
    device: str = "cpu",
) -> SamplePlan:
    """Return the plan for `count` covers.

    Raises InvalidSetting where `out` holds covers of another generator, seed or shard size, or ends with a shard that is not
    full, since its further covers could not be determined.
    """
    made, listing = Sampling(card.folder, out, seed, device), Numbers(count, shard_size, lambda number: f"{number:09d}.png")
    plan = SamplePlan(made, card, listing, 0, overwrite)
    if overwrite:
        return plan
    check_manifest(out / outputs.MANIFEST, plan.to_json(), what="covers", free=("count",))
    before = manifest(out / outputs.MANIFEST).get("count", count)
    if before != count and before % shard_size:
        raise InvalidSetting(
            f"{out} ends with a shard of {before % shard_size} covers, to which none can be added",
            hint=f"choose another folder, or ask for {before} covers, as before",
        )
    return SamplePlan(made, card, listing, job.count_done(made.is_done, listing), overwrite)


def run(plan: SamplePlan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Write the shards that are missing. Raises RefusedModel where the generator makes no images."""
    with alone(plan.job.folder):
        outputs.write_manifest(plan.job.folder, plan.to_json(), what="covers", free=("count",), overwrite=plan.overwrite)
        return job.run(plan.job, plan.listing, engine, progress=progress)


class _Worker:
    """A worker that draws latents, generates covers and writes shards."""

    def __init__(self, of: Sampling) -> None:
        from ssgan.gan.covers.generators import load_generator
        from ssgan.gan.covers.sample import prepared

        self._job = of
        generator, self._config = load_generator(of.generator)
        self._generator = prepared(generator, of.device)

    def work(self, portion: Portion) -> Tally:
        """Write a portion, one batch at a time."""
        from ssgan.gan.covers.sample import latents, sample

        tally = Tally()
        with outputs.writing(self._job.folder, portion.number, tally, shards=True) as write:
            for start in range(0, len(portion.entries), PIECE):
                some = portion.entries[start : start + PIECE]
                given = latents(self._config, [entry.offset for entry in some], self._job.seed)
                covers = sample(self._generator, given).numpy()
                for entry, cover in zip(some, covers, strict=True):
                    write(entry.name, images.encode(cover))
                tally.written += len(some)
        return tally
