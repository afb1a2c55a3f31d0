"""The work of a simulation: batches of covers read, embedded and written, in this process or in many."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssgan import images, seeds
from ssgan.datasets import Source, open_source
from ssgan.datasets.listing import Item
from ssgan.errors import DoesNotFit, RefusedImage, SomeItemsFailed, SsganError, StorageFailed
from ssgan.folders import make_folder
from ssgan.simulation.plan import MANIFEST, Plan

FAILURES = "failures.jsonl"
# Covers are held until they have so many samples together, then embedded: memory does not grow with the batch.
_PIECE_SAMPLES = 2**20


class Failure(NamedTuple):
    """A cover that got no stego, and why."""

    name: str
    error: str
    hint: str
    exit_code: int


@dataclass
class Tally:
    """What was done so far: stegos written, their samples, how many of these changed, what failed."""

    written: int = 0
    samples: int = 0
    changes: int = 0
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Covers dealt with, well or badly."""
        return self.written + len(self.failures)

    @property
    def change_rate(self) -> float:
        """The fraction of samples changed."""
        return self.changes / self.samples if self.samples else 0.0

    @property
    def images_per_second(self) -> float:
        """Stegos written in a second of wall clock time, starting the processes included."""
        return self.written / self.seconds if self.seconds else 0.0

    def add(self, part: Tally) -> None:
        """Count what a batch did."""
        self.written += part.written
        self.samples += part.samples
        self.changes += part.changes
        self.failures += part.failures


def run(
    plan: Plan, *, workers: int, batch: int = 64, device: str = "cpu", report: Callable[[int], None] = lambda done: None
) -> Tally:
    """Write the stegos of a plan with so many processes; `report` is told how many covers have been dealt with.

    Covers that fail are in the Tally and in `failures.jsonl`; a disk that fails stops all (StorageFailed).
    """
    started = time.monotonic()
    make_folder(plan.out)
    if plan.overwrite:  # gone first, so that a run that is cut off leaves no stego of other settings to be taken for done
        for item in plan.items:
            _remove(plan.target(item.name))
    _write_text(
        plan.out / MANIFEST, json.dumps(plan.settings.as_json() | {"sources": [str(s) for s in plan.sources]}, indent=2) + "\n"
    )
    tally = Tally()
    try:
        for part in _tallies(plan, workers=workers, batch=batch, device=device):
            tally.add(part)
            report(tally.done)
    finally:
        tally.seconds = time.monotonic() - started
        _write_failures(plan.out / FAILURES, tally.failures)
    if not tally.written and not plan.finished:
        _remove(plan.out / MANIFEST)  # it speaks of stegos, and there are none: other settings may be tried
    return tally


def _tallies(plan: Plan, *, workers: int, batch: int, device: str) -> Iterator[Tally]:
    """The Tally of each batch of the plan, as they are finished."""
    batches = [plan.items[start : start + batch] for start in range(0, len(plan.items), batch)]
    if min(workers, len(batches)) <= 1:
        hands = _Hands(plan, device)
        yield from (hands.work(items) for items in batches)
    else:
        yield from _in_processes(plan, batches, min(workers, len(batches)), device)


def _in_processes(plan: Plan, batches: list[tuple[Item, ...]], workers: int, device: str) -> Iterator[Tally]:
    """Fresh processes rather than forked ones: torch and OpenMP do not survive a fork. Whatever stops us stops them too."""
    bare = replace(plan, items=())  # the list of items need not travel with each batch
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_process) as pool:
        try:
            for future in as_completed([pool.submit(_work, bare, device, items) for items in batches]):
                yield future.result()
        except BrokenProcessPool as error:
            raise SomeItemsFailed(
                "A process was ended from outside, perhaps for want of memory.",
                hint="Try fewer --workers or a smaller --batch; the same command goes on from here.",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin_process() -> None:
    """One thread each, set before torch or numba is imported; an interrupt is for the parent, which lets the batch end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"


def _work(plan: Plan, device: str, items: Sequence[Item]) -> Tally:
    return _process_hands(plan, device).work(items)


@lru_cache(maxsize=1)
def _process_hands(plan: Plan, device: str) -> _Hands:
    """This process' hands: the archives that they opened stay open from batch to batch."""
    import torch

    torch.set_num_threads(1)
    return _Hands(plan, device)


class _Hands:
    """Read, embed, write; keeps the sources open."""

    def __init__(self, plan: Plan, device: str) -> None:
        import torch

        from ssgan.embedding.embedder import Embedder

        self._plan = plan
        self._device = device
        self._embedder = Embedder.parse(
            plan.settings.embedder, dtype=getattr(torch, plan.settings.dtype), text=plan.settings.text
        )
        self._sources: dict[Path, Source] = {}

    def work(self, items: Sequence[Item]) -> Tally:
        """One batch: covers of one shape are embedded together, and one that fails fails alone."""
        tally = Tally()
        shapes: dict[tuple[int, ...], list[tuple[str, np.ndarray]]] = {}
        held = 0
        for item in items:
            try:
                cover = self._read(item)
            except RefusedImage as error:
                tally.failures.append(_failed(item.name, error))
                continue
            shapes.setdefault(cover.shape, []).append((item.name, cover))
            held += cover.size
            if held >= _PIECE_SAMPLES:
                tally.add(self._embed_all(shapes))
                shapes, held = {}, 0
        tally.add(self._embed_all(shapes))
        return tally

    def _embed_all(self, shapes: dict[tuple[int, ...], list[tuple[str, np.ndarray]]]) -> Tally:
        tally = Tally()
        for covers in shapes.values():
            tally.add(self._embed(covers))
        return tally

    def _read(self, item: Item) -> np.ndarray:
        """The cover, uint8 (C, H, W), cut as the settings say."""
        settings = self._plan.settings
        if item.source not in self._sources:
            self._sources[item.source] = open_source(item.source)
        picture = self._sources[item.source].picture(item.name, convert=settings.convert)
        if picture.alpha is not None and picture.alpha.min() < 255:
            raise RefusedImage(f"{item.name} is transparent in places.", hint="Lay it on a background first.")
        (_, samples), *_ = settings.geometry.cut(picture.samples)
        return samples

    def _embed(self, covers: list[tuple[str, np.ndarray]]) -> Tally:
        """Embed covers of one shape, together or, where one of them does not take the payload, one by one."""
        batch = np.stack([cover for _, cover in covers])
        image_seeds = np.array([seeds.derive(self._plan.settings.seed, name) for name, _ in covers], dtype=np.uint64)
        try:
            stegos = self._embedder.simulate_seeded(images.to_images(batch).to(self._device), image_seeds).cpu().numpy()
        except DoesNotFit as error:
            if len(covers) == 1:
                return Tally(failures=[_failed(covers[0][0], error)])
            tally = Tally()
            for cover in covers:
                tally.add(self._embed([cover]))
            return tally
        for (name, _), stego in zip(covers, stegos, strict=True):
            self._write(name, stego)
        return Tally(written=len(covers), samples=batch.size, changes=int((batch != stegos).sum()))

    def _write(self, name: str, stego: np.ndarray) -> None:
        target = self._plan.target(name)
        make_folder(target.parent)
        # A run that is cut off can be run again, so nothing waits for the disk.
        images.write(target, stego, durable=False)


def _failed(name: str, error: SsganError) -> Failure:
    return Failure(name, str(error), error.hint, error.exit_code)


def _write_failures(path: Path, failures: list[Failure]) -> None:
    """One JSON object a line; no file where nothing failed."""
    if failures:
        _write_text(path, "".join(json.dumps(failure._asdict(), ensure_ascii=False) + "\n" for failure in sorted(failures)))
    else:
        _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be removed: {error.strerror}.", hint="Check the permissions.") from error


def _write_text(path: Path, text: str) -> None:
    with images.whole_file(path, overwrite=True, durable=False) as temporary:
        temporary.write_text(text, encoding="utf-8")
