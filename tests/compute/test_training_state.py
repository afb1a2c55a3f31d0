from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ssgan.compute.optimizers import OPTIMIZERS, make_optimizer
from ssgan.compute.training_state import FiniteCheck, diverged, refusing_other_states, restore, state_tensors
from ssgan.errors import RefusedModel


def trained(name: str, seed: int, steps: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(name, network, 0.01)
    for _ in range(steps):
        step(network, optimizer)
    return network, optimizer


def step(network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    network(torch.arange(64.0).view(1, 1, 8, 8)).square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_restored_training_takes_the_same_steps(name: str, steps: int) -> None:
    network, optimizer = trained(name, 1, steps)
    saved = {key: tensor.numpy().copy() for key, tensor in state_tensors({"a": network}, {"a": optimizer}).items()}
    other, other_optimizer = trained(name, 2, 1)
    restore(saved, {"a": other}, {"a": other_optimizer})
    for trained_pair in ((network, optimizer), (other, other_optimizer)):
        step(*trained_pair)
    one, two = state_tensors({"a": network}, {"a": optimizer}), state_tensors({"a": other}, {"a": other_optimizer})
    assert one.keys() == two.keys()
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert all(np.array_equal(saved[key], value) for key, value in saved.items()), "what was saved is copied"


def test_state_of_another_network_raises() -> None:
    network, optimizer = trained("adam", 1, 1)
    tensors = state_tensors({"a": network}, {"a": optimizer})
    other = nn.Linear(2, 2)
    with pytest.raises(RefusedModel, match="not of these nets"), refusing_other_states():
        restore(tensors, {"a": other}, {"a": make_optimizer("adam", other, 0.1)})
    with pytest.raises(RefusedModel, match="not of these nets"), refusing_other_states():
        int({"images_seen": 3}["seconds"])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("part", ["a.0.weight", "a.1.running_var", "optimizer.a.0.exp_avg_sq"])
def test_one_number_that_is_not_finite_is_found(part: str, value: float) -> None:
    network, optimizer = trained("adam", 1, 0)
    is_finite = FiniteCheck(lambda: state_tensors({"a": network}, {"a": optimizer}), {"a": optimizer})
    assert is_finite([0.5])
    assert not is_finite([0.5, value])
    step(network, optimizer)  # from now on there are moments
    assert is_finite([])
    tensor = state_tensors({"a": network}, {"a": optimizer})[part]
    tensor.detach()[(-1,) * tensor.ndim] = value
    assert not is_finite([])


def test_the_error_says_when_and_at_what_rate() -> None:
    assert str(diverged(64)) == "numbers are no longer finite after 64 images"
    assert (
        str(diverged(64, rate_factor=0.125)) == "numbers are no longer finite after 64 images, at 0.125 of the learning rates"
    )
    assert diverged(64).hint
