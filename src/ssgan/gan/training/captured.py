"""Play the game on a graphics card: the same updates as in `ssgan.gan.training.ssgan`, each captured once and replayed whole.

A captured update may read no value on its way. The networks read none; most embedders do not either (`Embedder.capturable`).
Where one does, it runs between two captured parts, or the update runs eagerly.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import torch

from ssgan.compute.cuda_graphs import Eager, Runner
from ssgan.embedding.coder import Seeds
from ssgan.gan.training.ssgan import EMBEDDING_FORMS, Scalars, Ssgan


@dataclass(eq=False)
class CapturedSsgan(Ssgan):
    """The game with its updates given to `runner`."""

    runner: Runner

    @classmethod
    def of(cls, game: Ssgan, runner: Runner) -> CapturedSsgan:
        """Return the same game, on the same networks, given to `runner`."""
        return cls(**{f.name: getattr(game, f.name) for f in fields(game)}, runner=runner)

    def update_critic(
        self, real: torch.Tensor, latents: torch.Tensor, drawn: torch.Tensor, *, penalize: bool = True
    ) -> Scalars:
        """Update D as `Ssgan.update_critic` does."""
        update = partial(super().update_critic, penalize=penalize)
        return self.runner("critic" if penalize else "critic without penalty", update, real, latents, drawn)

    def update_detector(self, latents: torch.Tensor, image_seeds: Seeds, real: torch.Tensor | None = None) -> Scalars:
        """Update S as `Ssgan.update_detector` does."""
        real_covers = () if real is None or self.config.shown == "generated" else (real,)
        if self.embedder.capturable:
            update = super().update_detector
            return self.runner("detector", update, latents, on_device(image_seeds, latents.device), *real_covers)
        covers = self.runner("covers", self.covers, latents, *real_covers)
        stegos = self.embedder.simulate_seeded(covers, image_seeds)
        return self.runner("detector", self.learn_pairs, covers, stegos)

    def update_generator(
        self, latents: torch.Tensor, image_seeds: Seeds, real: torch.Tensor | None = None, *, use_detector: bool = True
    ) -> Scalars:
        """Update G as `Ssgan.update_generator` does."""
        asks_detector = use_detector and self.detector is not None
        if asks_detector and self.config.secrecy in EMBEDDING_FORMS and not self.embedder.capturable:
            return super().update_generator(latents, image_seeds, real)
        update = partial(super().update_generator, use_detector=use_detector)
        compares = self.objective.relative or (asks_detector and self.config.roughness)
        compared = () if real is None or not compares else (real,)
        name = "generator with detector" if asks_detector else "generator"
        return self.runner(name, update, latents, on_device(image_seeds, latents.device), *compared)


def runner_of(game: Ssgan) -> Runner:
    """Return the runner of this game."""
    return game.runner if isinstance(game, CapturedSsgan) else Eager()


def on_device(image_seeds: Seeds, device: torch.device) -> torch.Tensor:
    """Return int64 (N,): uint64 seeds, with the same bits, on the device."""
    if isinstance(image_seeds, np.ndarray):
        image_seeds = torch.from_numpy(image_seeds.view(np.int64))
    return image_seeds.to(device, non_blocking=True)
