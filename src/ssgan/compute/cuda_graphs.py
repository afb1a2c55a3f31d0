"""How the work of an update is given to the device: call by call, or, on a graphics card, recorded once and replayed whole.

An update of the paper's nets is some hundreds of small programs on the card. Given one by one, the processor needs longer for
that than the card for the programs; a recorded graph is given in one piece. What is replayed is what was recorded, on the same
memory, so that the work must be the same each time: no look at a value in between, and all that changes comes in as tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch

Made: TypeAlias = "torch.Tensor | dict[str, torch.Tensor]"
Work: TypeAlias = Callable[..., Made]

CALLS_BEFORE = 3  # given call by call, so that memory, moments and the choice of programs have settled


class Launch(Protocol):
    """`launch(name, work, *tensors)` does the work on the tensors, and gives what it made, which the next call may overwrite.

    The same name means the same work, on tensors of the same shapes. `records`: whether the work must stand being recorded.
    """

    records: bool

    def __call__(self, name: str, work: Work, *given: torch.Tensor) -> Made:
        """What the work makes of the tensors."""
        ...

    def forget(self) -> None:
        """The work has changed, or the memory that it is done on."""
        ...


class Direct:
    """Call by call."""

    records = False

    def __call__(self, name: str, work: Work, *given: torch.Tensor) -> Made:
        """What the work makes of the tensors."""
        return work(*given)

    def forget(self) -> None:
        """There is nothing to forget."""


@dataclass(frozen=True, eq=False)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    given: tuple[torch.Tensor, ...]
    made: Made


class Replayed:
    """As CUDA graphs on `device`, from the fourth call on."""

    records = True

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._calls: dict[str, int] = {}
        self._recorded: dict[str, _Recorded] = {}
        self._beside: torch.cuda.Stream | None = None

    def __call__(self, name: str, work: Work, *given: torch.Tensor) -> Made:
        """What the work makes of the tensors; the first calls go call by call, as steps like any other."""
        with torch.cuda.device(self.device):
            recorded = self._recorded.get(name)
            if recorded is None:
                self._calls[name] = self._calls.get(name, 0) + 1
                if self._calls[name] <= CALLS_BEFORE:
                    return self._aside(work, given)
                recorded = self._recorded[name] = _record(work, given)
            for there, now in zip(recorded.given, given, strict=True):
                there.copy_(now)
            recorded.graph.replay()
            return recorded.made

    def forget(self) -> None:
        """Record again, after some calls."""
        torch.cuda.synchronize(self.device)
        self._calls, self._recorded = {}, {}

    def _aside(self, work: Work, given: tuple[torch.Tensor, ...]) -> Made:
        """On another stream than the usual one, as is asked for before a recording."""
        self._beside = self._beside or torch.cuda.Stream()
        usual = torch.cuda.current_stream()
        self._beside.wait_stream(usual)
        with torch.cuda.stream(self._beside):
            made = work(*given)
        usual.wait_stream(self._beside)
        return made


def _record(work: Work, given: tuple[torch.Tensor, ...]) -> _Recorded:
    """Nothing is done yet."""
    there = tuple(tensor.clone() for tensor in given)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = work(*there)
    return _Recorded(graph, there, made)
