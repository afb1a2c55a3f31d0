"""Save and restore the networks and optimizers of a training, and check that all of their numbers are finite."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from ssgan.compute.cuda_graphs import Eager, Runner
from ssgan.errors import RefusedModel, TrainingDiverged

Networks = Mapping[str, nn.Module]
Optimizers = Mapping[str, torch.optim.Optimizer]


def state_tensors(networks: Networks, optimizers: Optimizers) -> dict[str, torch.Tensor]:
    """Return weights, statistics and moments by name, not copied."""
    found = {f"{name}.{key}": tensor for name, network in networks.items() for key, tensor in network.state_dict().items()}
    for name, optimizer in optimizers.items():
        for i, moments in optimizer.state_dict()["state"].items():
            found |= {f"optimizer.{name}.{i}.{key}": torch.as_tensor(value) for key, value in moments.items()}
    return found


def restore(tensors: Mapping[str, torch.Tensor | np.ndarray], networks: Networks, optimizers: Optimizers) -> None:
    """Restore what `state_tensors` gave, from copies; other tensors are ignored. Call it within `refusing_other_states`."""
    for name, network in networks.items():
        network.load_state_dict(below(tensors, name))
    for name, optimizer in optimizers.items():
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        state = {}
        for i, weight in enumerate(weights):
            if moments := below(tensors, f"optimizer.{name}.{i}"):
                state[i] = {key: _like_memory_format(weight, value) for key, value in moments.items()}
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})


def below(tensors: Mapping[str, torch.Tensor | np.ndarray], prefix: str) -> dict[str, torch.Tensor]:
    """Return copies of the tensors whose names begin with `prefix` and a dot, by the rest of their names."""
    head = prefix + "."
    return {
        name.removeprefix(head): torch.tensor(value) if isinstance(value, np.ndarray) else value.clone()
        for name, value in tensors.items()
        if name.startswith(head)
    }


@contextmanager
def refusing_other_states() -> Iterator[None]:
    """Raise RefusedModel where what is restored within the block is of other networks, or lacks a value."""
    try:
        yield
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise RefusedModel(f"the checkpoint is not of these nets ({error})", hint="train into another folder") from error


class FiniteCheck:
    """A check of a training's figures, and of all weights, statistics and moments.

    The tensors are listed when they are first checked, and again once there are more moments: they keep their memory.
    """

    def __init__(
        self, tensors: Callable[[], Mapping[str, torch.Tensor]], optimizers: Optimizers, runner: Runner | None = None
    ) -> None:
        self._tensors, self._optimizers, self._runner = tensors, optimizers, runner or Eager()
        self.forget()

    def forget(self) -> None:
        """List the tensors again: some have been replaced."""
        self._listed: list[torch.Tensor] = []
        self._num_moments = -1

    def __call__(self, figures: Iterable[float]) -> bool:
        """Return whether all figures and tensors are finite."""
        if not all(math.isfinite(value) for value in figures):
            return False
        num_moments = sum(len(optimizer.state) for optimizer in self._optimizers.values())
        if num_moments != self._num_moments:
            self._listed = [t for t in self._tensors().values() if t.is_floating_point() and t.numel()]
            self._num_moments = num_moments
        return bool(self._runner(f"largest of {len(self._listed)}", self._largest).isfinite())

    def _largest(self) -> torch.Tensor:
        """Return the largest magnitude; nan is larger than anything."""
        return nn.utils.get_total_norm(self._listed, norm_type=math.inf)


def diverged(images_seen: int, *, rate_factor: float = 1.0, hint: str = "lower the learning rate") -> TrainingDiverged:
    """Return the error for a training whose numbers are no longer finite, at `rate_factor` of its learning rates."""
    reduced = "" if rate_factor == 1 else f", at {rate_factor:g} of the learning rates"
    return TrainingDiverged(f"numbers are no longer finite after {images_seen} images{reduced}", hint=hint)


def _like_memory_format(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Return a moment in the memory order of its weight, since fused optimizers walk both side by side."""
    return torch.empty_like(weight).copy_(value).detach() if value.shape == weight.shape else value
