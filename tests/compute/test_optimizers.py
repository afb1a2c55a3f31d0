from __future__ import annotations

import pytest
import torch

from ssgan.compute.optimizers import OPTIMIZERS, make_optimizer, set_rate
from ssgan.errors import InvalidSetting


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_steps_at_the_rate_that_is_set(name: str) -> None:
    network = torch.nn.Linear(3, 2)
    optimizer = make_optimizer(name, network, 0.5, is_scheduled=True, weight_decay=0.0)
    before = [weight.detach().clone() for weight in network.parameters()]
    set_rate(optimizer, 0.0)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    assert all(torch.equal(weight, old) for weight, old in zip(network.parameters(), before, strict=True))
    set_rate(optimizer, 0.25)
    optimizer.step()
    assert not any(torch.equal(weight, old) for weight, old in zip(network.parameters(), before, strict=True))
    assert optimizer.param_groups[0]["lr"] == 0.25


def test_unknown_optimizer_raises() -> None:
    with pytest.raises(InvalidSetting, match="no optimizer 'adma'") as refused:
        make_optimizer("adma", torch.nn.Linear(1, 1), 0.1)
    assert "adam" in refused.value.hint


@pytest.mark.gpu
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_captured_step_reads_the_rate(name: str, device: str) -> None:
    network = torch.nn.Linear(3, 2).to(device)
    optimizer = make_optimizer(name, network, 0.5, is_scheduled=True)
    rate = optimizer.param_groups[0]["lr"]
    set_rate(optimizer, 0.125)
    assert optimizer.param_groups[0]["lr"] is rate
    assert float(rate) == 0.125
    assert optimizer.param_groups[0]["fused" if name == "sgd" else "capturable"]
