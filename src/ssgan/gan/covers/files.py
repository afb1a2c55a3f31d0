"""Write covers to a folder: PNG files named by number, resumed after an interruption, never over existing files.

sample.json says which generator made them and with which public seed, if any; latents are not in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ssgan import images
from ssgan.compute.keystream import reader
from ssgan.compute.progress import Progress, silent
from ssgan.drawn.drawing import honest
from ssgan.drawn.model import DrawnModel
from ssgan.errors import InvalidSetting, StorageFailed
from ssgan.gan.covers.generators import Card
from ssgan.gan.covers.sample import PIECE, latents, sample
from ssgan.storage.folders import make_folder
from ssgan.storage.runs import check_manifest, write_manifest
from ssgan.version import __version__

MANIFEST = "sample.json"
_NAME = re.compile(r"[0-9]{6,}\.png")


@dataclass(frozen=True)
class Order:
    """An order of `count` covers by the generator of `card`; `seed` None takes the operating system's random source.

    With a `model` they are drawn from it (`ssgan.drawn`), sample by sample.
    """

    card: Card
    out: Path
    count: int
    seed: int | None = None
    overwrite: bool = False
    model: DrawnModel | None = None

    def target(self, number: int) -> Path:
        """Return the path of the cover of that number."""
        return self.out / f"{number:06d}.png"

    def to_json(self) -> dict[str, object]:
        """Return what the covers of one folder have in common."""
        manifest: dict[str, object] = {
            "command": "sample",
            "version": __version__,
            "generator": self.card.digest,
            "seed": self.seed,
        }
        return {**manifest, "drawn": None if self.model is None else self.model.identity.hex()}


def missing(order: Order) -> list[int]:
    """Return the numbers that have no file yet, or all of them where the order may overwrite; nothing is written.

    Raises InvalidSetting where the folder holds the covers of another generator or seed, StorageFailed where files with these
    names are of unknown origin.
    """
    if order.count < 0:
        raise InvalidSetting(f"count is {order.count}; it must be at least 1", hint="give a number from 1 on")
    if order.overwrite:
        return list(range(order.count))
    found = [number for number in range(order.count) if order.target(number).exists()]
    if (order.out / MANIFEST).exists():
        check_manifest(order.out / MANIFEST, order.to_json(), what="covers")
    elif found:
        raise StorageFailed(
            f"{order.target(found[0])} exists already and was left as it is", hint="choose another folder, or give --force"
        )
    present = set(found)
    return [number for number in range(order.count) if number not in present]


def fulfil(
    order: Order,
    numbers: list[int],
    generator: nn.Module | None,
    *,
    threads: int = 1,
    progress: Progress[()] = silent,
) -> float:
    """Make the covers of these numbers by a generator that is `prepared`; return the seconds taken.

    `progress` receives how many are done. While one batch is computed, the one before is encoded and written by `threads`.
    Raises StorageFailed, RefusedModel.
    """
    begun = time.monotonic()
    config = order.card.config
    make_folder(order.out)
    if order.overwrite:
        _clear(order)
    write_manifest(order.out / MANIFEST, order.to_json())

    def pieces() -> Iterator[tuple[int, np.ndarray]]:
        for start in range(0, len(numbers), PIECE):
            part = numbers[start : start + PIECE]
            if order.model is not None:
                yield from ((number, drawn_cover(order.model, number, order.seed)) for number in part)
            else:
                assert generator is not None
                yield from zip(part, sample(generator, latents(config, part, order.seed)).numpy(), strict=True)

    def write(number: int, cover: np.ndarray) -> None:
        images.write(order.target(number), cover, durable=False)

    written: list[Future[None]] = []
    with ThreadPoolExecutor(threads) as pool:
        for done, (number, cover) in enumerate(pieces()):
            written.append(pool.submit(write, number, cover))
            if len(written) > 2 * PIECE:
                written.pop(0).result()
                progress(done - 2 * PIECE + 1)
        for future in written:
            future.result()
    progress(len(numbers))
    return time.monotonic() - begun


def drawn_cover(model: DrawnModel, number: int, seed: int | None) -> np.ndarray:
    """Return an honest cover uint8 (C, H, W): by the operating system's random source, or that number of a public seed."""
    source = os.urandom if seed is None else reader(hashlib.sha256(f"ssgan/2/public {seed} {number}".encode()).digest())
    return np.ascontiguousarray(honest(model, source).picture.transpose(2, 0, 1))


def first_covers(order: Order, count: int) -> torch.Tensor:
    """Return Images: the first covers of a folder, as they were written."""
    wanted = range(min(count, order.count))
    return images.to_images(np.stack([images.read(order.target(number)).samples for number in wanted]))


def _clear(order: Order) -> None:
    """Remove the files of the folder's manifest, and those in the way of the new covers."""
    ours = [path for path in order.out.iterdir() if _NAME.fullmatch(path.name)] if (order.out / MANIFEST).exists() else []
    try:
        for path in {*ours, *(order.target(number) for number in range(order.count))}:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"{order.out} cannot be cleared: {error.strerror}", hint="check the permissions") from error
