"""Define the row of a coder: its functions, the requests of an embedder that it supports, and its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import Prices
from ssgan.images.coefficients import Coefficients
from ssgan.images.samples import Samples

Seeds: TypeAlias = NDArray[np.uint64] | torch.Tensor  # uint64 (N,), or int64 with the same bits on the covers' device


class ChangeProbabilities(NamedTuple):
    """beta+ and beta-: the probabilities that each sample is raised and lowered by one; float (N, C, H, W) in [0, 1]."""

    plus: torch.Tensor
    minus: torch.Tensor


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
Simulate = Callable[[Assignment, Samples[torch.Tensor], Costs, Any], torch.Tensor]


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
    `only`: the schemes that it belongs to; empty: any.
    """

    simulate: Simulate
    probabilities: Callable[[Costs, float], ChangeProbabilities]
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
