"""Captured games: on a graphics card, and through a stand-in for one, they are the eager game."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch

from ssgan.compute.cuda_graphs import EAGER_CALLS, Eager
from ssgan.compute.distributed import Processes
from ssgan.gan.training.assembly import assemble, faster_products
from ssgan.gan.training.captured import CapturedSsgan, runner_of
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import PRESETS, TrainingConfig
from ssgan.gan.training.ssgan import Ssgan, numbers, play
from ssgan.steganalysis.catalog import NETWORKS

STEPS = EAGER_CALLS + 4
SMALL = {"image_size": 32, "channels": 1, "width": 16, "latent": 8, "batch": 8, "duration_images": 64, "warmup_images": 0}


class Graphs:
    """A stand-in for CUDA graphs: `Captured` on a processor, which copies inputs into buffers and overwrites its outputs."""

    def __init__(self) -> None:
        self.buffers: dict[str, tuple[torch.Tensor, ...]] = {}
        self.outputs: dict[str, Any] = {}

    def __call__(self, name: str, work: Callable[..., Any], *inputs: torch.Tensor) -> Any:
        buffers = self.buffers.setdefault(name, tuple(tensor.clone() for tensor in inputs))
        for buffer, tensor in zip(buffers, inputs, strict=True):
            assert buffer.shape == tensor.shape
            buffer.copy_(tensor)
        new = work(*buffers)
        old = self.outputs.setdefault(name, new)
        for before, now in zip(_tensors(old), _tensors(new), strict=True):
            before.copy_(now)
        return old

    def forget(self) -> None:
        self.buffers, self.outputs = {}, {}


def _tensors(outputs: torch.Tensor | dict[str, torch.Tensor]) -> list[torch.Tensor]:
    return [outputs] if isinstance(outputs, torch.Tensor) else list(outputs.values())


def played(config: TrainingConfig, device: torch.device, *, capture: bool) -> tuple[Ssgan, list[dict[str, float]]]:
    """Play some steps, and return what they measured."""
    game, _ = assemble(config, device, Processes(), capture=capture)
    return game, steps_of(game, device)


def _same(real: torch.Tensor, turn: int) -> torch.Tensor:
    return real


def steps_of(game: Ssgan, device: torch.device) -> list[dict[str, float]]:
    draws, metrics = RandomDraws(game.config, Processes(), device), []
    for step in range(STEPS):
        real = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(step)).to(device) * 2 - 1
        metrics.append(numbers(play(game, draws, step, partial(_same, real), use_detector=step > 0)))
    return metrics


def test_a_training_on_a_processor_is_eager() -> None:
    game, metrics = played(replace(PRESETS["tiny"], **SMALL), torch.device("cpu"), capture=True)  # type: ignore[arg-type]
    assert not isinstance(game, CapturedSsgan)
    assert isinstance(runner_of(game), Eager)
    assert "secrecy_loss" not in metrics[0]
    assert "secrecy_loss" in metrics[1]


_EVERY_UPDATE = {"critic", "detector", "generator", "generator with detector"}


@pytest.mark.parametrize(
    ("changes", "captured"),
    [
        ({}, _EVERY_UPDATE),
        ({"secrecy": "both", "shown": "both"}, _EVERY_UPDATE),
        ({"embedder": "hill@0.4"}, _EVERY_UPDATE | {"covers"}),
        ({"embedder": "hill@0.4", "secrecy": "both", "shown": "real"}, {"critic", "covers", "detector", "generator"}),
        ({"objective": "relativistic"}, _EVERY_UPDATE),
        ({"detector": "", "alpha": 1.0}, {"critic", "generator"}),
    ],
)
def test_captured_updates_are_the_eager_ones_bit_for_bit(changes: dict[str, Any], captured: set[str]) -> None:
    """Embedders that read values stay outside of what is captured, and every other update is captured whole."""
    cpu, graphs = torch.device("cpu"), Graphs()
    config = replace(PRESETS["tiny"], **SMALL | changes)
    eager, measured = played(config, cpu, capture=False)
    game = CapturedSsgan.of(assemble(config, cpu, Processes())[0], graphs)
    assert steps_of(game, cpu) == measured
    assert set(graphs.buffers) == captured
    for net in ("generator", "critic", "detector"):
        weights = [getattr(one, net) for one in (game, eager)]
        if weights[0] is not None:
            assert all(torch.equal(a, b) for a, b in zip(*(net.parameters() for net in weights), strict=True))


@pytest.mark.gpu
@pytest.mark.parametrize("preset", list(PRESETS))
def test_replayed_steps_are_the_eager_ones(preset: str, device: str) -> None:
    """Up to the order of sums, which differs from one run to the next on a card."""
    config = replace(PRESETS[preset], **SMALL, learning_rate=1e-5, detector_learning_rate=1e-5)  # type: ignore[arg-type]
    with faster_products(torch.device(device)):
        game, metrics = played(config, torch.device(device), capture=True)
        _, plain = played(config, torch.device(device), capture=False)
    assert isinstance(game, CapturedSsgan)
    for now, then in zip(metrics, plain, strict=True):
        right = {"detector_accuracy"}  # one image on the edge is an eighth of it
        assert {k: v for k, v in now.items() if k not in right} == pytest.approx(
            {k: v for k, v in then.items() if k not in right}, rel=0.05, abs=2e-3
        )
    assert metrics[-1] != metrics[-2], "what is replayed uses the new inputs"


@pytest.mark.gpu
@pytest.mark.parametrize("detector", list(NETWORKS))
def test_every_network_can_be_the_detector_of_a_captured_game(detector: str, device: str) -> None:
    config = replace(PRESETS["paper"], **SMALL, detector=detector)  # type: ignore[arg-type]
    _, metrics = played(config, torch.device(device), capture=True)
    assert all(abs(value) < float("inf") for line in metrics for value in line.values())


@pytest.mark.gpu
def test_forgotten_updates_are_captured_with_the_new_settings(device: str) -> None:
    game, _ = played(replace(PRESETS["dcgan"], **SMALL), torch.device(device), capture=True)  # type: ignore[arg-type]
    for group in game.optimizers["critic"].param_groups:
        group["lr"] = 0.0
    runner_of(game).forget()
    before = [weight.detach().clone() for weight in game.critic.parameters()]
    draws = RandomDraws(game.config, Processes(), torch.device(device))
    for step in range(STEPS):
        game.update_critic(torch.zeros(8, 1, 32, 32, device=device), draws.latents("critic", step), draws.penalty(step))
    assert all(torch.equal(a, b) for a, b in zip(before, game.critic.parameters(), strict=True))
