"""Load a generator by its name or folder, and sample covers of it, in one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from ssgan.compute import seeds
from ssgan.errors import InvalidSetting
from ssgan.gan.covers import sample as sampling
from ssgan.gan.covers.generators import Card, find_generator, open_generator
from ssgan.gan.training.settings import TrainingConfig
from ssgan.images import Images


@dataclass(frozen=True, eq=False)
class CoverGenerator:
    """A trained generator of covers, on a device, with the settings of its training."""

    name: str
    net: nn.Module = field(repr=False)
    card: Card = field(repr=False)

    @property
    def config(self) -> TrainingConfig:
        """The settings of its training: `image_size`, `latent`, `embedder`, `detector` and more."""
        return self.card.config

    def sample(self, count: int, *, seed: int | None = None) -> Images:
        """Return `count` covers, uint8 (N, C, H, W), a torch tensor on the CPU.

        With a public `seed` the first covers are the same in every call, however many are asked for; without one they are
        secret and never made twice, as a sender needs them. Raises InvalidSetting where `count` is below 1.
        """
        if count < 1:
            raise InvalidSetting(f"count is {count}; it must be at least 1", hint="ask for one cover or more")
        own = None if seed is None else seeds.as_seed(seed)
        return sampling.sample(self.net, sampling.latents(self.config, range(count), own))

    def between(self, first: int, last: int, *, steps: int = 8, seed: int = 0) -> Images:
        """Return covers on the path from the seed's cover number `first` to number `last`, uint8 (steps, C, H, W)."""
        if steps < 2 or min(first, last) < 0:
            raise InvalidSetting(
                f"steps is {steps} and the covers are {first} and {last}; steps begin at 2, covers at 0",
                hint="number the covers as sample(count, seed=...) does",
            )
        begin, end = (sampling.public_latents(self.config, [number], seeds.as_seed(seed)) for number in (first, last))
        return sampling.sample(self.net, sampling.paths(self.config, begin, end, steps)[0])


def load_generator(name: str | Path, *, device: torch.device | str = "cpu") -> CoverGenerator:
    """Return a generator of covers: a bundled one, or that of a run of `ssgan train`.

    name    "faces64", which comes with the package; or the folder of a run or of a generator
    device  "cpu" or "cuda": where covers are computed; they always come back on the CPU

    Raises InvalidSetting where there is no such generator, RefusedModel where it is damaged.

    >>> import ssgan
    >>> ssgan.load_generator("faces64").sample(2, seed=1).shape
    torch.Size([2, 3, 64, 64])
    """
    net, card = open_generator(find_generator(Path(name)))
    return CoverGenerator(str(name), sampling.prepared(net, device), card)


def sample(generator: str | Path, count: int, *, seed: int | None = None, device: torch.device | str = "cpu") -> Images:
    """Return `count` covers, uint8 (N, C, H, W) on the CPU, of a generator that `load_generator` finds by its name or folder.

    With a public `seed` the first covers are the same in every call, however many are asked for; without one they are secret
    and never made twice. Raises as `load_generator` does, and InvalidSetting where `count` is below 1.
    """
    return load_generator(generator, device=device).sample(count, seed=seed)
