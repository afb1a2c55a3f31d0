"""Run the same work on a device many times: eagerly, or captured once as a CUDA graph and replayed.

An update of the paper's nets is some hundreds of small kernels. Launched one by one, they take the processor longer than the
card; a graph is launched in one piece. A graph repeats what was captured, on the same memory. So the work must be the same at
each call: it may not read a value, and all that changes comes in as tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import torch

T = TypeVar("T", bound="torch.Tensor | dict[str, torch.Tensor]")

EAGER_CALLS = 3  # before the capture, so that memory, moments and the choice of kernels have settled


class Runner(Protocol):
    """A way to run work: `run(name, work, *inputs)` returns its tensors, which the next call may overwrite.

    Equal names mean equal work, on tensors of the same shapes.
    """

    def __call__(self, name: str, work: Callable[..., T], *inputs: torch.Tensor) -> T:
        """Run the work on the tensors."""
        ...

    def forget(self) -> None:
        """Drop captured graphs: the work has changed, or the memory that it uses."""
        ...


class Eager:
    """A runner that calls the work directly."""

    def __call__(self, name: str, work: Callable[..., T], *inputs: torch.Tensor) -> T:
        """Run the work on the tensors."""
        return work(*inputs)

    def forget(self) -> None:
        """Do nothing: nothing is captured."""


@dataclass(frozen=True, eq=False)
class _Graph:
    graph: torch.cuda.CUDAGraph
    inputs: tuple[torch.Tensor, ...]
    outputs: Any


class Captured:
    """A runner that replays CUDA graphs on `device`, from the fourth call on."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._calls: dict[str, int] = {}
        self._graphs: dict[str, _Graph] = {}
        self._side_stream: torch.cuda.Stream | None = None

    def __call__(self, name: str, work: Callable[..., T], *inputs: torch.Tensor) -> T:
        """Run the work on the tensors; the first calls run eagerly, as steps like any other."""
        with torch.cuda.device(self.device):
            captured = self._graphs.get(name)
            if captured is None:
                self._calls[name] = self._calls.get(name, 0) + 1
                if self._calls[name] <= EAGER_CALLS:
                    return self._on_side_stream(work, inputs)
                captured = self._graphs[name] = _capture(work, inputs)
            for buffer, tensor in zip(captured.inputs, inputs, strict=True):
                buffer.copy_(tensor)
            captured.graph.replay()
            outputs: T = captured.outputs
            return outputs

    def forget(self) -> None:
        """Capture again, after some eager calls."""
        torch.cuda.synchronize(self.device)
        self._calls, self._graphs = {}, {}

    def _on_side_stream(self, work: Callable[..., T], inputs: tuple[torch.Tensor, ...]) -> T:
        """Run eagerly on another stream than the current one, as torch requires before a capture."""
        self._side_stream = self._side_stream or torch.cuda.Stream()
        current = torch.cuda.current_stream()
        self._side_stream.wait_stream(current)
        with torch.cuda.stream(self._side_stream):
            outputs = work(*inputs)
        current.wait_stream(self._side_stream)
        return outputs


def runner_for(device: torch.device, *, processes: int = 1) -> Runner:
    """Return the fastest runner: graphs on a card of one process. Several processes wait for each other within the work."""
    return Captured(device) if device.type == "cuda" and processes == 1 else Eager()


def _capture(work: Callable[..., Any], inputs: tuple[torch.Tensor, ...]) -> _Graph:
    """Capture the work on copies of the tensors, without running it."""
    buffers = tuple(tensor.clone() for tensor in inputs)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = work(*buffers)
    return _Graph(graph, buffers, outputs)
