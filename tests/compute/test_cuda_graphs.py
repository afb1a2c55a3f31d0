"""Work run call by call, and captured and replayed."""

from __future__ import annotations

import pytest
import torch

from ssgan.compute.cuda_graphs import EAGER_CALLS, Captured, Eager


def test_eager_work_runs_on_the_tensors_given() -> None:
    run, seen = Eager(), []

    def work(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return x + 1

    given = torch.ones(3)
    assert torch.equal(run("name", work, given), torch.full((3,), 2.0))
    run.forget()
    assert seen[0] is given


@pytest.mark.gpu
def test_replayed_work_uses_new_inputs_and_is_captured_once(device: str) -> None:
    run, total, calls = Captured(torch.device(device)), torch.zeros(3, device=device), []

    def work(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        total.add_(x)
        return total * 2

    for number in range(1, 9):
        made = run("name", work, torch.full((3,), float(number), device=device))
    assert torch.equal(made, torch.full((3,), 72.0, device=device))
    assert len(calls) == EAGER_CALLS + 1
    run.forget()
    run("name", work, torch.zeros(3, device=device))
    assert len(calls) == EAGER_CALLS + 2
