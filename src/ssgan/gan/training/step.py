"""One step of the game, as the paper has it: the critic learns, then the detector, then the generator, who hears both."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ssgan.gan.training.random_draws import Draws
from ssgan.gan.training.ssgan import Scalars, Ssgan

Shown = Callable[[int], torch.Tensor]  # which update of the critic in this step -> real images, Floats (N, C, H, W)


def play(game: Ssgan, draws: Draws, number: int, shown: Shown, *, learns: bool = True, heard: bool = True) -> Scalars:
    """The updates of the step of that number, and what they say; the last real images shown serve the other two as well.

    `learns` is whether the detector learns in this step, `heard` whether the generator hears it.
    """
    config, given = game.config, Scalars()
    for turn in range(config.critic_steps):
        real = shown(turn)
        given |= game.update_critic(real, draws.latents("critic", number, turn), draws.penalty(number, turn))
    for turn in range(config.detector_steps if config.secret and learns else 0):
        latents, own = draws.latents("detector", number, turn), draws.own_seeds("detector", number, turn)
        given |= game.update_detector(latents, own, real)
    for turn in range(config.generator_steps):
        latents, own = draws.latents("generator", number, turn), draws.own_seeds("generator", number, turn)
        given |= game.update_generator(latents, own, real=real, use_detector=heard)
    return given
