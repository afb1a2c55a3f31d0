"""Games on a graphics card: recorded and replayed, they are what they are call by call."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ssgan.compute.cuda_graphs import CALLS_BEFORE, Direct, Replayed
from ssgan.compute.distributed import Processes
from ssgan.gan.training.assembly import assemble, faster_products
from ssgan.gan.training.random_draws import Draws
from ssgan.gan.training.settings import PRESETS, TrainingConfig
from ssgan.gan.training.ssgan import Ssgan, numbers
from ssgan.steganalysis.catalog import NETWORKS

STEPS = CALLS_BEFORE + 4
SMALL = {"image_size": 32, "channels": 1, "width": 16, "latent": 8, "batch": 8, "duration_images": 64, "warmup_images": 0}


def played(config: TrainingConfig, device: torch.device, *, directly: bool) -> tuple[Ssgan, list[dict[str, float]]]:
    """Some steps, and what they measured."""
    game, _ = assemble(config, device, Processes())
    if directly:
        game.launch = Direct()
    draws, told = Draws(config, Processes(), device), []
    for step in range(STEPS):
        real = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(step)).to(device) * 2 - 1
        given = game.update_critic(real, draws.latents("critic", step), draws.penalty(step))
        if game.detector is not None:
            given |= game.update_detector(draws.latents("detector", step), draws.own_seeds("detector", step), real)
        latents, own = draws.latents("generator", step), draws.own_seeds("generator", step)
        given |= game.update_generator(latents, own, real=real, secrecy=step > 0)
        told.append(numbers(given))
    return game, told


def test_a_training_on_a_processor_goes_call_by_call() -> None:
    game, told = played(replace(PRESETS["tiny"], **SMALL), torch.device("cpu"), directly=False)  # type: ignore[arg-type]
    assert isinstance(game.launch, Direct)
    assert "secrecy_loss" not in told[0]
    assert "secrecy_loss" in told[1]


@pytest.mark.gpu
@pytest.mark.parametrize("preset", list(PRESETS))
def test_replayed_steps_are_those_given_call_by_call(preset: str, device: str) -> None:
    """Up to the order of sums, which differs from one run to the next on a card."""
    config = replace(PRESETS[preset], **SMALL, learning_rate=1e-5, detector_learning_rate=1e-5)  # type: ignore[arg-type]
    with faster_products(torch.device(device)):
        game, told = played(config, torch.device(device), directly=False)
        _, plain = played(config, torch.device(device), directly=True)
    assert isinstance(game.launch, Replayed)
    for now, then in zip(told, plain, strict=True):
        right = {"detector_accuracy"}  # one image on the edge is an eighth of it
        assert {k: v for k, v in now.items() if k not in right} == pytest.approx(
            {k: v for k, v in then.items() if k not in right}, rel=0.05, abs=2e-3
        )
    assert told[-1] != told[-2], "what is replayed hears what is given"


@pytest.mark.gpu
@pytest.mark.parametrize("detector", list(NETWORKS))
def test_every_network_can_be_the_detector_of_a_recorded_game(detector: str, device: str) -> None:
    config = replace(PRESETS["paper"], **SMALL, detector=detector)  # type: ignore[arg-type]
    _, told = played(config, torch.device(device), directly=False)
    assert all(abs(value) < float("inf") for line in told for value in line.values())


@pytest.mark.gpu
def test_what_is_forgotten_is_recorded_anew_with_other_settings(device: str) -> None:
    game, _ = played(replace(PRESETS["dcgan"], **SMALL), torch.device(device), directly=False)  # type: ignore[arg-type]
    for group in game.optimizers["critic"].param_groups:
        group["lr"] = 0.0
    game.launch.forget()
    before = [weight.detach().clone() for weight in game.critic.parameters()]
    draws = Draws(game.config, Processes(), torch.device(device))
    for step in range(STEPS):
        game.update_critic(torch.zeros(8, 1, 32, 32, device=device), draws.latents("critic", step), draws.penalty(step))
    assert all(torch.equal(a, b) for a, b in zip(before, game.critic.parameters(), strict=True))
