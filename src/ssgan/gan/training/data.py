"""Read real images once into a cache, split them first, and show them to the critic in shuffled epochs.

Images held back are never shown, so that samples can be compared with them. The order of images, and which are mirrored, follow
from the seed and the number of the batch.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from ssgan import images
from ssgan.compute import seeds
from ssgan.compute.progress import Progress
from ssgan.datasets import Geometry, cached, groups, open_source, split
from ssgan.errors import InvalidSetting
from ssgan.images import Floats, Images

RESIDENT_SHARE = 0.25  # of an accelerator's free memory, that images may take


class ReadingConfig(Protocol):
    """The settings of a training that concern its real images."""

    @property
    def image_size(self) -> int:
        """Side of the images, in pixels."""

    @property
    def channels(self) -> int:
        """1 gray, 3 color."""

    @property
    def batch(self) -> int:
        """Images in an update."""

    @property
    def flips(self) -> bool:
        """Whether images are mirrored, each by chance."""

    @property
    def train_share(self) -> float:
        """Share of the people, or else pictures, to learn from."""

    @property
    def seed(self) -> int:
        """The public seed."""


@dataclass(frozen=True, eq=False)
class RealImages:
    """Images uint8 (N, C, H, W), mapped from the cache, and the numbers of the training ones.

    names     the N names
    chosen    int64 (M,), ascending: the rows that are shown
    held_back the names of those that never are
    bad       the refused pictures, each with the reason
    """

    images: Images
    names: tuple[str, ...]
    chosen: np.ndarray
    held_back: tuple[str, ...]
    bad: list[tuple[str, str]]

    def some(self, count: int, seed: int) -> Floats:
        """Return at most `count` of the training images, always the same."""
        rows = seeds.generator(seed, "grid", "real").permutation(self.chosen)[:count]
        return images.to_floats(self.images[torch.from_numpy(rows)])


def read(
    data: Path,
    config: ReadingConfig,
    cache: Path,
    *,
    geometry: Geometry,
    convert: Collection[str] = (),
    strict: bool = False,
    workers: int = 1,
    progress: Progress[int] | None = None,
) -> RealImages:
    """Return the images of a folder, zip or tar, through a cache in the folder `cache`; split by person, else by picture.

    An unusable picture is left out and listed, or, if `strict`, refused. Raises InvalidSetting where the images are
    not of the shape in the settings, and as `datasets.cached` does.
    """
    with open_source(data) as source:
        found = cached(
            source,
            geometry,
            cache,
            convert=convert,
            on_bad="refuse" if strict else "skip",
            workers=workers,
            progress=progress,
            shape=(config.channels, config.image_size, config.image_size),
        )
    shares = (config.train_share, 0.0, 1 - config.train_share)
    parts = split(found.names, shares, seed=config.seed, by=groups(found.names, found.identities))
    if not len(parts.train):
        raise InvalidSetting("no image is left to learn from", hint="give more images, or a larger train_share")
    held_back = tuple(found.names[i] for part in (parts.validate, parts.test) for i in part)
    return RealImages(found.images, found.names, parts.train, held_back, found.bad)


class Batches:
    """Batches of Floats on the device: `batches.at(number)` is this process's part, `mine`, of the number-th."""

    def __init__(self, real: RealImages, config: ReadingConfig, mine: slice, device: torch.device) -> None:
        self.real, self.config, self.mine, self.device = real, config, mine, device
        self.images, self.chosen = real.images, torch.from_numpy(real.chosen)
        if device.type == "cuda" and real.images.nbytes <= RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
            self.images = real.images.to(device)
        self._epochs: dict[int, np.ndarray] = {}

    def at(self, number: int) -> Floats:
        """Return float32 (n, C, H, W)."""
        rows = self.chosen[torch.from_numpy(self._rows(number)[self.mine])]
        # The one copy of what is mapped. A few numbers go to a device without a wait for the work that is on its way there.
        batch = self.images[rows.to(self.images.device, non_blocking=True)]
        if self.config.flips:
            coin = seeds.generator(self.config.seed, "flips", str(number)).integers(0, 2, self.config.batch)[self.mine]
            mirrored = torch.from_numpy(np.flatnonzero(coin)).to(batch.device, non_blocking=True)
            batch[mirrored] = batch[mirrored].flip(-1)
        return images.to_floats(batch.to(self.device))

    def _rows(self, number: int) -> np.ndarray:
        """Return int64 (batch,): positions among the chosen, of the number-th batch of the endless sequence of epochs."""
        epochs, places = np.divmod(np.arange(number * self.config.batch, (number + 1) * self.config.batch), len(self.chosen))
        return np.array([self._epoch(int(epoch))[place] for epoch, place in zip(epochs, places, strict=True)])

    def _epoch(self, epoch: int) -> np.ndarray:
        """Return the order of an epoch; the last two are kept."""
        if epoch not in self._epochs:
            self._epochs = {e: order for e, order in self._epochs.items() if e == epoch - 1}
            self._epochs[epoch] = seeds.generator(self.config.seed, "epoch", str(epoch)).permutation(len(self.chosen))
        return self._epochs[epoch]
