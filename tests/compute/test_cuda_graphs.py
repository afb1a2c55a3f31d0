"""Work given to a device call by call, and recorded and replayed."""

from __future__ import annotations

import pytest
import torch

from ssgan.compute.cuda_graphs import CALLS_BEFORE, Direct, Replayed


def test_directly_the_work_is_done_on_what_is_given() -> None:
    launch, seen = Direct(), []

    def work(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return x + 1

    given = torch.ones(3)
    assert torch.equal(launch("name", work, given), torch.full((3,), 2.0))  # type: ignore[arg-type]
    launch.forget()
    assert seen[0] is given


@pytest.mark.gpu
def test_what_is_replayed_is_done_on_what_is_given_and_only_recorded_once(device: str) -> None:
    launch, total, calls = Replayed(torch.device(device)), torch.zeros(3, device=device), []

    def work(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        total.add_(x)
        return total * 2

    for number in range(1, 9):
        made = launch("name", work, torch.full((3,), float(number), device=device))
    assert torch.equal(made, torch.full((3,), 72.0, device=device))  # type: ignore[arg-type]
    assert len(calls) == CALLS_BEFORE + 1
    launch.forget()
    launch("name", work, torch.zeros(3, device=device))
    assert len(calls) == CALLS_BEFORE + 2
