"""Keep everything that changes in a training: nets, average, optimizers, balance, and counters. Save it, and restore it.

A state is sound as long as every number in it is finite. From an unsound one, the training returns to the last sound
state kept, and resumes at half the learning rates.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from ssgan.compute.optimizers import set_rate
from ssgan.compute.training_state import FiniteCheck, diverged, refusing_other_states, restore, state_tensors
from ssgan.gan.training.captured import runner_of
from ssgan.gan.training.ssgan import Ssgan

MOST_RETRIES = 3
RATE_FACTOR = 0.5  # of the learning rates, at each retry
RAMP = 0.05  # of the images seen: the longest half-life of the average
_COUNTED = ("images_seen", "retries", "seconds", "collapsed")


class Average:
    """A running mean of the generator's weights, which makes steadier images than those of any single step.

    `net` follows `generator`; the running statistics of its normalization are averaged with the weights. The half-life is
    counted in images. In the beginning it is a twentieth of what has been seen, so that the first weights are soon forgotten
    (T. Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, its reference code).
    """

    def __init__(self, generator: nn.Module, half_life_images: int) -> None:
        self.generator, self.half_life_images = generator, half_life_images
        self.net = copy.deepcopy(generator).eval().requires_grad_(False)
        pairs = list(zip(self.net.state_dict().values(), generator.state_dict().values(), strict=True))  # stay where they are
        self._moving = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counting = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def follow(self, images_seen: int, step_images: int) -> None:
        """Average one step: w' = 2^(-step / half-life) w' + ... w."""
        half_life = min(self.half_life_images, RAMP * images_seen)
        kept = 0.5 ** (step_images / half_life) if half_life > 0 else 0.0
        torch._foreach_lerp_([mean for mean, _ in self._moving], [now for _, now in self._moving], 1 - kept)
        for mean, now in self._counting:
            mean.copy_(now)


class State:
    """The state of one training.

    collapsed  whether the last look found all samples alike
    sums       of figures since the last line of statistics, each with how many went into it
    """

    def __init__(self, game: Ssgan, nets: dict[str, nn.Module]) -> None:
        self.game, self.nets, config = game, nets, game.config
        self.runner = runner_of(game)
        self.average = Average(nets["generator"], config.ema_images) if config.ema_images else None
        self.rates = {name: float(optimizer.param_groups[0]["lr"]) for name, optimizer in game.optimizers.items()}
        self.images_seen, self.retries, self.seconds, self.collapsed = 0, 0, 0.0, False
        self.sums: dict[str, list[float]] = {}
        self._is_finite = FiniteCheck(self.tensors, game.optimizers, self.runner)

    @property
    def best_generator(self) -> nn.Module:
        """The averaged generator, where there is one."""
        return self.average.net if self.average is not None else self.nets["generator"]

    def modules(self) -> dict[str, nn.Module]:
        """Return the nets, and the average, by name."""
        return self.nets | ({"average": self.average.net} if self.average is not None else {})

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return all parts that are tensors, not copied."""
        return state_tensors(self.modules(), self.game.optimizers)

    def to_json(self) -> dict[str, Any]:
        """Return all other parts as JSON values."""
        balance = self.game.balance
        return {
            **{name: getattr(self, name) for name in _COUNTED},
            "balance": {"norms": balance.running_norms.tolist(), "accuracy": float(balance.running_accuracy)},
            "sums": {name: list(sums) for name, sums in self.sums.items()},
        }

    def take(self, tensors: Mapping[str, torch.Tensor | np.ndarray], record: Mapping[str, Any]) -> None:
        """Restore what `tensors` and `record` gave. Raises RefusedModel where they are of other nets."""
        with refusing_other_states():
            restore(tensors, self.modules(), self.game.optimizers)
            for name in _COUNTED:
                setattr(self, name, record[name])
            self.game.balance.running_norms.copy_(torch.tensor(record["balance"]["norms"], dtype=torch.float64))
            self.game.balance.running_accuracy.fill_(record["balance"]["accuracy"])
            self.sums = {name: list(sums) for name, sums in record["sums"].items()}
        self._is_finite.forget()  # the moments are other tensors now
        self._set_rates()

    def sound(self, measured: Mapping[str, float]) -> bool:
        """Return whether all figures, and every weight, statistic and moment, are finite."""
        return self._is_finite(measured.values())

    def slower(self) -> None:
        """Halve the learning rates. Raises TrainingDiverged when that was done often enough."""
        if self.retries >= MOST_RETRIES:
            raise diverged(
                self.images_seen,
                rate_factor=RATE_FACTOR**self.retries,
                hint="lower --learning-rate or take another objective, in another folder; the last sound state is saved",
            )
        self.retries += 1
        self._set_rates()

    def _set_rates(self) -> None:
        for name, optimizer in self.game.optimizers.items():
            set_rate(optimizer, self.rates[name] * RATE_FACTOR**self.retries)
        self.runner.forget()  # a captured step has the old rates in it


class Snapshot:
    """A sound state in memory that a training can return to."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.keep()

    def keep(self) -> None:
        """Copy the current state."""
        self.tensors = {name: tensor.detach().clone() for name, tensor in self.state.tensors().items()}
        self.record = self.state.to_json()

    def go_back(self) -> None:
        """Restore the state, except the number of retries."""
        retries = self.state.retries
        self.state.take(self.tensors, self.record | {"retries": retries})
