"""Choose the images of each training step: easier stages first, if there are any, and shuffled epochs in each stage.

Ye-Net and SRNet learn small payloads only after larger ones (J. Ye, J. Ni, Y. Yi, IEEE TIFS 12(11), 2017; M. Boroumand,
M. Chen, J. Fridrich, IEEE TIFS 14(5), 2019). Which pair comes when, turned how, and with which fresh changes, follows from the
seed and the number of images seen alone: nothing has to be saved to resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ssgan import images
from ssgan.compute import seeds
from ssgan.errors import InvalidSetting
from ssgan.images import Images
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.jpegs import decompressed

Embed = Callable[[Images, np.ndarray], Images]  # covers uint8 (N, C, H, W), a uint64 seed for each -> stegos


@dataclass(frozen=True, eq=False)
class Stage:
    """Pairs to learn from, and the number of images, covers and stegos together, that they last; None: to the end.

    With `embed` the covers get fresh changes in every epoch in place of the stegos of the pairs, from seeds of their own. Where
    the pairs have change probabilities, `probabilities` gives those of the fresh stegos.
    """

    pairs: Pairs
    images: int | None = None
    embed: Embed | None = None
    probabilities: Callable[[Images], Probabilities] | None = None

    def __post_init__(self) -> None:
        if self.images is not None and self.images < 1:
            raise InvalidSetting(
                f"a stage lasts for {self.images} images; it must be at least 1",
                hint="give a number from 1 on, or None for the last",
            )
        if self.embed is not None and self.pairs.cover_probabilities is not None and self.probabilities is None:
            raise InvalidSetting(
                "fresh stegos have other change probabilities than those of the pairs",
                hint="give `probabilities`, a function that returns those of images",
            )


def checked_stages(train: Pairs | Sequence[Stage]) -> tuple[Stage, ...]:
    """Return the stages in order; the last, which alone lasts to the end, is the question itself."""
    stages = (Stage(train),) if isinstance(train, Pairs) else tuple(train)
    if not stages or stages[-1].images is not None or any(stage.images is None for stage in stages[:-1]):
        raise InvalidSetting(
            "each stage but the last needs a number of images, and the last takes none",
            hint="give Stage(pairs, images), ..., Stage(pairs)",
        )
    if len({(stage.pairs.covers.shape[1:], stage.pairs.cover_probabilities is None) for stage in stages}) > 1:
        raise InvalidSetting("the stages are of different images", hint="give all the same size, channels and probabilities")
    return stages


def easier_images(stages: Sequence[Stage]) -> int:
    """Return how many images the stages before the last one take."""
    return sum(stage.images or 0 for stage in stages[:-1])


def stage_at(stages: Sequence[Stage], images_seen: int) -> int:
    """Return the number of the stage of a batch after `images_seen` images; the first is 0."""
    passed = 0
    for number, stage in enumerate(stages[:-1]):
        passed += stage.images or 0
        if images_seen < passed:
            return number
    return len(stages) - 1  # it lasts to the end


class Batch(NamedTuple):
    """Images uint8 (2 n, C, H, W), n covers and then their stegos, and their change probabilities float32 or None."""

    images: Images
    probabilities: Probabilities | None


def batch(stage: Stage, places: range, *, seed: int, device: torch.device) -> Batch:
    """Return the pairs at `places` of the endless sequence of shuffled epochs, each under one symmetry, on `device`."""
    shown = list(_sequence(len(stage.pairs), seed, places))
    index = torch.tensor([pair for _, pair, _ in shown])
    covers = stage.pairs.covers[index].to(device)
    if stage.embed is None:
        stegos = stage.pairs.stegos[index].to(device)
    else:
        own = [seeds.derive(seed, "fresh", str(epoch), str(pair)) for epoch, pair, _ in shown]
        stegos = stage.embed(covers, np.array(own, dtype=np.uint64))
    maps = _probabilities(stage, index, stegos)
    turns = [symmetry for _, _, symmetry in shown] * 2
    table = stage.pairs.table
    if table is not None:
        covers, stegos = decompressed(covers, table), decompressed(stegos, table)
        turns = [k - k % 2 for k in turns]  # a quarter turn would transpose the quantization table
    return Batch(_turned(torch.cat([covers, stegos]), turns), None if maps is None else _turned(maps.to(device).float(), turns))


def _probabilities(stage: Stage, index: torch.Tensor, stegos: Images) -> Probabilities | None:
    of_covers, of_stegos = stage.pairs.cover_probabilities, stage.pairs.stego_probabilities
    if of_covers is None or of_stegos is None:
        return None
    fresh = of_stegos[index] if stage.embed is None or stage.probabilities is None else stage.probabilities(stegos)
    return torch.cat([of_covers[index].to(fresh.device), fresh])


def _turned(pictures: torch.Tensor, turns: Sequence[int]) -> torch.Tensor:
    """Return each picture (N, C, H, H) under its own symmetry."""
    turned = pictures.clone()
    for k in set(turns) - {0}:
        places = torch.tensor([i for i, other in enumerate(turns) if other == k], device=pictures.device)
        turned[places] = images.symmetry(pictures[places], k)
    return turned


def _sequence(pairs: int, seed: int, places: range) -> Iterator[tuple[int, int, int]]:
    """Yield (epoch, pair, symmetry) at each position."""
    order = symmetries = np.empty(0, dtype=np.int64)
    epoch_made = -1
    for place in places:
        epoch, at = divmod(place, pairs)
        if epoch != epoch_made:
            rng = seeds.generator(seed, "epoch", str(epoch))
            order, symmetries, epoch_made = rng.permutation(pairs), rng.integers(0, images.SYMMETRIES, pairs), epoch
        yield epoch, int(order[at]), int(symmetries[at])
