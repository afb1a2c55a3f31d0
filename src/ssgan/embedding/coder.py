"""Define the row of a coder: its functions, the requests of an embedder that it supports, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.embedding.costs import Costs, Kind
from ssgan.embedding.entry import Prices
from ssgan.images.coefficients import Coefficients
from ssgan.images.samples import Samples

Seeds: TypeAlias = "NDArray[np.uint64] | torch.Tensor"  # uint64 (N,), or int64 with the same bits on the covers' device


class ChangeProbabilities(NamedTuple, Generic[Kind]):
    """beta+ and beta-: the probabilities that each sample is raised and lowered by one; float (N, C, H, W) in [0, 1]."""

    plus: Kind
    minus: Kind


class Assignment(Protocol):
    """The settings of an embedder that a coder reads beside covers and costs."""

    @property
    def scheme(self) -> str:
        """A key of SCHEMES."""

    @property
    def payload(self) -> float:
        """Bits per sample, at least 0."""

    @property
    def joins_channels(self) -> bool:
        """Whether the channels of a color pixel change together."""

    @property
    def options(self) -> tuple[str, ...]:
        """The options after the colon, each as the row allows."""

    @property
    def text(self) -> bytes | None:
        """The text to write in place of random bits."""


# (assignment, samples (N, C, H, W), costs, seeds) -> changed values; the seeds are NumPy's but for a coder that is capturable.
Simulate: TypeAlias = "Callable[[Assignment, Samples[torch.Tensor], Costs, Any], torch.Tensor]"


# (costs, payload in bits per sample) -> how probable each change is
Probabilities: TypeAlias = "Callable[[Costs, float], ChangeProbabilities]"


# (assignment, with its payload in bpnzAC; coefficients (H, W) side by side as in the image; their costs; seed) -> changed ones
SimulatePlane = Callable[[Assignment, Samples[NDArray[Any]], Prices, int], NDArray[Any]]


# (cover, scheme, payload in bpnzAC, seed) -> its stego
SimulateJpeg = Callable[[Coefficients, str, float, int], Coefficients]


@dataclass(frozen=True)
class Coder:
    """One coder: its embedding of a batch, its change probabilities, and its properties.

    `options` are regular expressions, one an option. An `adaptive` coder uses the costs. With `takes_text` it writes a given
    text in place of random bits. `capturable`: without a text and on flat costs it reads no value, so that a CUDA graph can
    hold it. `default_for_flat_costs`: it is taken for schemes that are not adaptive where no coder is named. With `free_signs`
    the signs of its changes carry nothing, so that a scheme may choose others. One that `redraws` changes no cover: it makes
    other images of the same shape, and is written in a scheme's place. With `joins_channels` it takes pixels of color images
    as samples (`ssgan.embedding.luma`); one that `takes_pictures` gets whole pictures, and does so itself. `simulate_plane`:
    where given, this embeds in a JPEG of one component, and the coder takes no other; `simulate_jpeg`: this makes stegos of
    whole JPEGs; without either, a JPEG is embedded in as flat samples.
    `only`: the schemes that it belongs to; empty: any. `takes_arrays`: both functions take NumPy arrays as they take tensors,
    and then give arrays; call them through `change` and `change_probabilities`.
    """

    simulate: Simulate
    probabilities: Probabilities
    summary: str
    options: tuple[str, ...] = ()
    adaptive: bool = True
    takes_text: bool = False
    capturable: bool = False
    default_for_flat_costs: bool = False
    free_signs: bool = False
    redraws: bool = False
    joins_channels: bool = True
    takes_pictures: bool = False
    simulate_plane: SimulatePlane | None = None
    simulate_jpeg: SimulateJpeg | None = None
    only: tuple[str, ...] = ()
    takes_arrays: bool = False

    def change(self, assignment: Assignment, samples: Samples[Values], costs: Costs[Values], seeds: Seeds) -> Values:
        """Return changed values (N, C, H, W): a tensor of tensors, an array of arrays."""
        simulate: Any = self.simulate
        if is_tensor(samples.values) or self.takes_arrays:
            changed: Values = simulate(assignment, samples, costs, seeds)
            return changed
        return as_array(simulate(assignment, _of_tensors(samples), _tensors(costs), seeds))

    def change_probabilities(self, costs: Costs[Values], payload: float) -> ChangeProbabilities[Values]:
        """Return how probable each change is: tensors of tensors, arrays of arrays."""
        probabilities: Any = self.probabilities
        if is_tensor(costs.plus) or self.takes_arrays:
            found: ChangeProbabilities[Values] = probabilities(costs, payload)
            return found
        return ChangeProbabilities(*(beta.numpy() for beta in probabilities(_tensors(costs), payload)))


def _tensors(costs: Costs[NDArray[Any]]) -> Costs:
    plus = torch.from_numpy(costs.plus)
    return Costs(plus, plus if costs.minus is costs.plus else torch.from_numpy(costs.minus))


def _of_tensors(samples: Samples[NDArray[Any]]) -> Samples[torch.Tensor]:
    usable = None if samples.usable is None else torch.from_numpy(samples.usable)
    return Samples(torch.from_numpy(samples.values), samples.low, samples.high, usable, samples.unit)
