"""Draw all randomness of a training by seed, use and step: latents, embedding, penalties and the order of images.

Nothing has to be saved to resume from a step. Processes that share a batch draw the whole of it and take their part.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch

from ssgan.compute import seeds
from ssgan.compute.distributed import Processes
from ssgan.errors import InvalidSetting
from ssgan.gan.training.settings import TrainingConfig

Use: TypeAlias = Literal["critic", "detector", "generator", "grid"]


def latents(config: TrainingConfig, rng: np.random.Generator, count: int) -> torch.Tensor:
    """Return float32 (count, L) by the law of the settings."""
    shape = (count, config.latent)
    if config.latent_law == "normal":
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    return torch.from_numpy(rng.random(shape, dtype=np.float32) * 2 - 1)


class RandomDraws:
    """The draws of one process. `turn` counts the updates of one net within a step."""

    def __init__(self, config: TrainingConfig, processes: Processes, device: torch.device) -> None:
        if config.batch % processes.count:
            raise InvalidSetting(
                f"a batch of {config.batch} images cannot be shared out among {processes.count} processes",
                hint=f"take a multiple of {processes.count} as batch",
            )
        size = config.batch // processes.count
        self.config, self.device = config, device
        self.mine = slice(processes.rank * size, (processes.rank + 1) * size)

    def latents(self, use: Use, step: int, turn: int = 0) -> torch.Tensor:
        """Return float32 (n, L) on the device."""
        rng = seeds.generator(self.config.seed, use, "latents", str(step), str(turn))
        return latents(self.config, rng, self.config.batch)[self.mine].to(self.device, non_blocking=True)

    def image_seeds(self, use: Use, step: int, turn: int = 0) -> np.ndarray:
        """Return uint64 (n,): one seed an image, for its embedding."""
        rng = seeds.generator(self.config.seed, use, "embedding", str(step), str(turn))
        return seeds.image_seeds(rng, self.config.batch)[self.mine]

    def penalty(self, step: int, turn: int = 0) -> torch.Tensor:
        """Return float32 (n,) in [0, 1) on the device: one number an image, for penalties that need one."""
        rng = torch.Generator().manual_seed(seeds.derive(self.config.seed, "penalty", str(step), str(turn)) % 2**63)
        return torch.rand(self.config.batch, generator=rng)[self.mine].to(self.device, non_blocking=True)
