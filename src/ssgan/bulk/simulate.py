"""Simulate stegos of many covers.

A stego depends on nothing but the cover, its name, the embedder and the seed: not on the batch, the processes or the order.
The covers of a scheme for coefficients are JPEGs, and their stegos are the same files up to the coefficients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan import images
from ssgan.bulk import job, outputs
from ssgan.bulk.job import Tally
from ssgan.compute import seeds
from ssgan.compute.lazy_torch import as_array, torch
from ssgan.compute.progress import Progress, silent
from ssgan.datasets import Geometry
from ssgan.datasets.entries import Entry, Reader, place_of
from ssgan.datasets.portions import Listing, Portion
from ssgan.datasets.sources import refuse_among
from ssgan.embedding.titles import SIDE_INFORMED, is_for_jpegs, wrong_kind
from ssgan.errors import DoesNotFit, Failure, InvalidSetting, RefusedImage, unknown
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.samples import OPAQUE, Samples, pixels
from ssgan.storage.locks import alone
from ssgan.storage.runs import check_manifest
from ssgan.version import __version__

# Covers are collected up to this many samples, then embedded: memory does not grow with the portion.
TOGETHER_SAMPLES = {"cpu": 2**20, "cuda": 2**25}
BATCH = 64  # covers of a portion whose stegos are files of their own
JPEG_SUFFIX = "jpg"  # of the stegos of JPEGs


@dataclass(frozen=True)
class SimulationSettings:
    """All that decides which pixels are written. A folder holds the stegos of one Settings."""

    embedder: str
    seed: int = 0
    dtype: str = "float64"
    image_format: str = "png"
    geometry: Geometry = field(default_factory=Geometry)
    convert: tuple[str, ...] = ()
    text: bytes | None = None

    def __post_init__(self) -> None:
        if missing := set(self.convert) - set(images.CONVERSIONS):
            raise unknown("conversion", min(missing), images.CONVERSIONS)
        scheme = self.embedder.partition("@")[0].strip()
        if scheme in SIDE_INFORMED:
            raise InvalidSetting(
                f"{self.embedder} needs what rounding took from the coefficients, and the covers are JPEGs already",
                hint=f"use {self.embedder.replace(scheme, 'juniward', 1)}",
            )
        if self.changes_jpegs and (self.geometry != Geometry() or self.convert):
            raise InvalidSetting(
                f"{self.embedder} changes the coefficients of JPEGs, which are neither cut, resized nor converted",
                hint="leave the options of reading covers out, or use a scheme for pixels",
            )
        if self.changes_jpegs != (self.image_format == JPEG_SUFFIX):
            raise InvalidSetting(
                f"{self.embedder} gives no stegos in the format {self.image_format}",
                hint="leave the format out: stegos of JPEGs are JPEGs, all others are written without loss",
            )

    @property
    def changes_jpegs(self) -> bool:
        """Whether the embedder changes the coefficients of JPEGs."""
        return is_for_jpegs(self.embedder)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as the manifest holds them, with the version of this package."""
        digest = None if self.text is None else hashlib.sha256(self.text).hexdigest()
        record = {"command": "simulate", "version": __version__}
        return {**record, **asdict(self), "convert": sorted(self.convert), "text": digest}


class Cover(Protocol):
    """The samples of one file, and how others in their place become the bytes of a file."""

    @property
    def samples(self) -> Samples[NDArray[Any]]:
        """(C, H, W)."""

    def encode(self, values: NDArray[Any], place: str) -> bytes:
        """Return the file of changed values (C, H, W), to be called `place`."""


# (a file's bytes, its name, settings) -> its samples; raises RefusedImage.
Read: TypeAlias = Callable[[bytes, str, SimulationSettings], Cover]


@dataclass(frozen=True)
class PixelCover:
    """The pixels of an image."""

    samples: Samples[NDArray[Any]]

    def encode(self, values: NDArray[Any], place: str) -> bytes:
        """Return an image file in the format of its name."""
        return images.encode(values, images.written_format(Path(place)))


def read_pixels(data: bytes, name: str, settings: SimulationSettings) -> Cover:
    """Return the pixels of an image file, uint8 (C, H, W), cut after the settings. Raises RefusedImage."""
    if data.startswith(images.JPEG_SIGNATURE) and "jpeg" not in settings.convert:
        raise wrong_kind(settings.embedder, name, RefusedImage)
    picture = images.read(data, convert=settings.convert, name=name)
    if picture.alpha is not None and picture.alpha.min() < OPAQUE:
        raise RefusedImage(f"{name} is transparent in places", hint="lay it on a background first")
    (_, samples), *_ = settings.geometry.cut(images.upright(picture).samples)
    return PixelCover(pixels(samples))


@dataclass(frozen=True)
class Simulation:
    """A job that writes stegos of the covers in `sources`, as files in `folder` or, with `shards`, as tars there."""

    settings: SimulationSettings
    folder: Path
    sources: tuple[Path, ...]
    shards: bool = False
    device: str = "cpu"
    read: Read = read_pixels

    file_prefix = ""

    def worker(self) -> _Worker:
        """Return a worker with the embedder, and the covers' archives open."""
        return _Worker(self)

    def is_done(self, number: int) -> bool:
        """Return whether the shard of a portion exists; of single files, only missing ones are listed at all."""
        return self.shards and outputs.shard(self.folder, number).exists()

    def place(self, name: str) -> str:
        """Return the path of the stego of the cover `name` in the folder or in the shards."""
        return place_of(name, f".{self.settings.image_format}")


@dataclass(frozen=True)
class SimulationPlan:
    """The covers without a stego, and the number of those with one; nothing is written so far."""

    job: Simulation
    listing: Listing
    finished: int
    overwrite: bool

    def __len__(self) -> int:
        return len(self.listing) - (self.finished if self.job.shards else 0)

    def to_json(self) -> dict[str, Any]:
        """Return the content of the folder's manifest."""
        manifest = {**self.job.settings.to_json(), "shard_size": None}
        return manifest | {"shard_size": self.listing.size, "images": self.listing.digest} if self.job.shards else manifest


def prepare(
    sources: Sequence[Path],
    out: Path,
    settings: SimulationSettings,
    *,
    limit: int | None = None,
    overwrite: bool = False,
    shard_size: int | None = None,
    batch: int = BATCH,
    device: str = "cpu",
    read: Read = read_pixels,
) -> SimulationPlan:
    """Return the plan for the covers in `sources`; with a `shard_size`, stegos go into tars of that many. `read` makes their
    samples.

    Raises InvalidSetting where nothing can be found, two covers would have one stego, the first covers are all JPEGs and the
    embedder changes pixels, or the other way round, or `out` holds the stegos of other settings; with `overwrite` all stegos
    are made again.
    """
    refuse_among(sources, out)
    shards = shard_size is not None
    made = Simulation(settings, out, tuple(sources), shards, device, read)
    if not overwrite:  # before the covers are listed, which may take long
        check_manifest(out / outputs.MANIFEST, settings.to_json(), what="stegos", free=("convert",))

    def is_done(place: str) -> bool:
        return not shards and not overwrite and (out / place).exists()

    listing = Listing(sources, size=shard_size or batch, place=made.place, is_done=is_done, limit=limit)
    _check_kind(settings, listing)
    made = Simulation(settings, out, listing.sources, shards, device, read)
    plan = SimulationPlan(made, listing, listing.finished, overwrite)
    if shards and not overwrite:
        check_manifest(out / outputs.MANIFEST, plan.to_json(), what="stegos", free=("convert",))
        plan = SimulationPlan(made, listing, job.count_done(made.is_done, listing), overwrite)
    return plan


def run(plan: SimulationPlan, engine: job.Engine, *, progress: Progress[()] = silent) -> Tally:
    """Write the stegos of a plan; `progress` receives the number of covers done.

    Covers that fail are in `failures.jsonl`; a disk that fails stops all (StorageFailed).
    """
    folder = plan.job.folder
    manifest = plan.to_json() | {"sources": [str(source) for source in plan.job.sources[:100]]}
    with alone(folder):
        if plan.overwrite and not plan.job.shards:  # first, so that a run that is cut off leaves none of other settings
            for portion in plan.listing.portions():
                for entry in portion.entries:
                    job.remove(folder / plan.job.place(entry.name))
        outputs.write_manifest(folder, manifest, what="stegos", free=("convert", "sources"), overwrite=plan.overwrite)
        if not plan.job.shards:
            job.forget_failures(folder)
        tally = job.run(plan.job, plan.listing, engine, progress=progress)
        if not tally.written and not plan.finished and not plan.job.shards:
            outputs.remove_manifest(folder)  # other settings may be tried
    return tally


def _check_kind(settings: SimulationSettings, listing: Listing) -> None:
    """Raise InvalidSetting where the first covers, by their suffixes, are all of the kind that the embedder does not change."""
    first = next(listing.portions(), None)
    if first is None:
        return
    are_jpegs = {Path(entry.name).suffix.lower() in images.JPEG_SUFFIXES for entry in first.entries}
    if are_jpegs == {not settings.changes_jpegs} and "jpeg" not in settings.convert:
        raise wrong_kind(settings.embedder, first.entries[0].name, InvalidSetting)


def change_rate(tally: Tally) -> float:
    """Return the fraction of samples changed."""
    return tally.sums["changes"] / tally.sums["samples"] if tally.sums["samples"] else 0.0


class _Worker:
    """A worker that reads covers, embeds and writes stegos."""

    def __init__(self, of: Simulation) -> None:
        from ssgan.embedding.embedder import Embedder

        self._job, settings = of, of.settings
        self._embedder = Embedder.parse(settings.embedder, dtype=settings.dtype, text=settings.text)
        self._reader = Reader(of.sources)
        self._together = TOGETHER_SAMPLES["cuda" if of.device.startswith("cuda") else "cpu"]

    def work(self, portion: Portion) -> Tally:
        """Embed covers of one shape together, JPEGs each by itself; a cover that fails does not affect the others."""
        tally = Tally()
        if self._job.settings.changes_jpegs:
            with outputs.writing(self._job.folder, portion.number, tally, shards=self._job.shards) as self._write:
                for entry in portion.entries:
                    self._embed_jpeg(entry, tally)
            return tally
        shapes: dict[tuple[Any, ...], list[tuple[str, Cover]]] = {}
        held = 0
        with outputs.writing(self._job.folder, portion.number, tally, shards=self._job.shards) as self._write:
            for entry in portion.entries:
                try:
                    cover = self._job.read(self._reader.data(entry), entry.name, self._job.settings)
                except RefusedImage as error:
                    tally.fail(Failure.of(entry.name, error))
                    continue
                shapes.setdefault(_kind(cover.samples), []).append((entry.name, cover))
                held += cover.samples.values.size
                if held >= self._together:
                    self._embed_all(shapes, tally)
                    shapes, held = {}, 0
            self._embed_all(shapes, tally)
        return tally

    def _embed_jpeg(self, entry: Entry, tally: Tally) -> None:
        from ssgan.embedding import coefficient_embedder

        seed = np.uint64(seeds.derive(self._job.settings.seed, entry.name))
        try:
            data = self._reader.data(entry)
            if not data.startswith(images.JPEG_SIGNATURE):
                tally.fail(Failure.of(entry.name, wrong_kind(self._job.settings.embedder, entry.name, RefusedImage)))
                return
            cover = read_coefficients(data, name=entry.name)
            stego = coefficient_embedder.simulate_seeded(cover, self._embedder, seed)
            content = encode_coefficients(stego)
        except (RefusedImage, DoesNotFit) as error:
            tally.fail(Failure.of(entry.name, error))
            return
        self._write(self._job.place(entry.name), content)
        tally.written += 1
        pairs = list(zip(cover.components, stego.components, strict=True))
        changes = sum(int(np.count_nonzero(before.blocks != after.blocks)) for before, after in pairs)
        tally.sums.update(samples=sum(before.carriers.size for before, _ in pairs), changes=changes)

    def _embed_all(self, shapes: dict[tuple[Any, ...], list[tuple[str, Cover]]], tally: Tally) -> None:
        for covers in shapes.values():
            self._embed(covers, tally)

    def _embed(self, covers: list[tuple[str, Cover]], tally: Tally) -> None:
        """Embed covers of one shape, together or, where one of them does not take the payload, one by one."""
        batch = together([cover.samples for _, cover in covers], self._job.device)
        image_seeds = np.array([seeds.derive(self._job.settings.seed, name) for name, _ in covers], dtype=np.uint64)
        try:
            stegos = as_array(self._embedder.simulate_seeded(batch, image_seeds))
        except DoesNotFit as error:
            if len(covers) == 1:
                tally.fail(Failure.of(covers[0][0], error))
            else:
                for one in covers:
                    self._embed([one], tally)
            return
        for (name, cover), stego in zip(covers, stegos, strict=True):
            place = self._job.place(name)
            self._write(place, cover.encode(stego, place))
        tally.written += len(covers)
        tally.sums.update(samples=stegos.size, changes=int((as_array(batch.values) != stegos).sum()))


def _kind(samples: Samples[NDArray[Any]]) -> tuple[Any, ...]:
    """Return what samples that are embedded together have in common."""
    has_mask = samples.usable is not None
    return samples.values.shape, samples.values.dtype, samples.low, samples.high, samples.unit, has_mask


def together(covers: Sequence[Samples[NDArray[Any]]], device: str) -> Samples[Any]:
    """Return samples (C, H, W) of one kind as a batch (N, C, H, W): arrays, on another device tensors."""
    masks = [cover.usable for cover in covers if cover.usable is not None]
    values: Any = np.stack([cover.values for cover in covers])
    usable: Any = np.stack(masks) if masks else None
    if device != "cpu":
        values = torch.from_numpy(values).to(device)
        usable = None if usable is None else torch.from_numpy(usable).to(device)
    return Samples(values, covers[0].low, covers[0].high, usable, covers[0].unit)
