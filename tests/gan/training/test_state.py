"""All that changes, out and back in; what is sound; how it goes on more slowly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ssgan.compute.distributed import Processes
from ssgan.errors import RefusedModel, TrainingDiverged
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import PRESETS, TrainingConfig
from ssgan.gan.training.ssgan import Scalars, numbers
from ssgan.gan.training.state import Snapshot, State
from ssgan.storage.checkpoints import Checkpoints

CPU = torch.device("cpu")
SMALL = replace(
    PRESETS["tiny"], image_size=32, channels=1, width=4, latent=8, batch=4, duration_images=40, warmup_images=0, ema_images=8
)


def made(config: TrainingConfig = SMALL) -> State:
    return State(*assemble(config, CPU, Processes()))


def step(state: State) -> Scalars:
    """One step of the game, as the loop plays it."""
    draws, number = RandomDraws(state.game.config, Processes(), CPU), state.images_seen // 4
    real = torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(number)) * 2 - 1
    metrics = state.game.update_critic(real, draws.latents("critic", number), draws.penalty(number))
    metrics |= state.game.update_detector(draws.latents("detector", number), draws.image_seeds("detector", number), real)
    metrics |= state.game.update_generator(
        draws.latents("generator", number), draws.image_seeds("generator", number), real=real
    )
    state.images_seen += 4
    assert state.average is not None
    state.average.follow(state.images_seen, 4)
    return metrics


def equal(one: State, other: State) -> bool:
    a, b = one.tensors(), other.tensors()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a) and one.to_json() == other.to_json()


@pytest.mark.parametrize("precision", ["float32", "bf16"])  # bf16 lays weights out with channels side by side
@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
@pytest.mark.parametrize("steps", [0, 2])
def test_a_state_from_the_disk_goes_on_as_if_nothing_had_been(
    optimizer: str, steps: int, precision: str, tmp_path: Path
) -> None:
    config = replace(SMALL, optimizer=optimizer, momentum=0.5, precision=precision)  # type: ignore[arg-type]
    state, other, checkpoints = made(config), made(replace(config, seed=1)), Checkpoints(tmp_path)
    for _ in range(steps):
        step(state)
    checkpoints.save(state.tensors(), state.to_json())
    found = checkpoints.newest()
    assert found is not None
    other.take(*found)
    assert equal(state, other)
    other.game.config = state.game.config  # the seed of what is drawn from now on
    assert step(state) == step(other)
    assert equal(state, other)


def test_what_is_kept_in_memory_is_a_copy() -> None:
    state = made()
    step(state)
    snapshot, before = Snapshot(state), {name: tensor.clone() for name, tensor in state.tensors().items()}
    for _ in range(2):  # a second time too: going back does not hand out what is kept
        step(state)
        snapshot.go_back()
        assert state.images_seen == 4
        assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors().items())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("part", ["critic.dense.bias", "generator.first_norm.running_var", "optimizer.critic.0.exp_avg_sq"])
def test_one_number_that_is_not_finite_makes_it_unsound(part: str, value: float) -> None:
    state = made()
    measured = numbers(step(state))
    assert state.sound(measured)
    assert not state.sound(measured | {"critic_loss": value})
    tensor = state.tensors()[part]
    tensor[(-1,) * tensor.ndim] = value
    assert not state.sound(measured)


def test_the_rates_are_halved_three_times_at_most() -> None:
    state = made()
    for halved in (1, 2, 3):
        state.slower()
        for name, rate in (("critic", SMALL.learning_rate), ("detector", SMALL.detector_learning_rate)):
            assert state.game.optimizers[name].param_groups[0]["lr"] == rate * 0.5**halved
    again = made()
    again.take(state.tensors(), json.loads(json.dumps(state.to_json())))
    assert again.game.optimizers["critic"].param_groups[0]["lr"] == SMALL.learning_rate / 8
    with pytest.raises(TrainingDiverged):
        again.slower()


def test_a_state_of_other_nets_is_refused() -> None:
    with pytest.raises(RefusedModel, match="not of these nets"):
        made().take(made(replace(SMALL, width=8)).tensors(), made().to_json())
