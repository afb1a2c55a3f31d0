"""Coder `message`: stegos as `hide` really sends them."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import torch

from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs


def _simulate(assignment: Assignment, covers: torch.Tensor, costs: Costs, seeds: np.ndarray) -> torch.Tensor:
    # Messages are made in a room above, which builds on this one, so they are looked up when they are first asked for. Were
    # the room above to add this row, `hill@0.4/message` would be unknown wherever nobody had imported that room: in a worker
    # process that only unpickles an embedder, or in a program that only imports `Embedder`.
    simulated = import_module("ssgan.messages.simulated")
    stegos: torch.Tensor = simulated.simulate(covers, assignment.scheme, assignment.payload, seeds)
    return stegos


ROW = Coder(
    _simulate, bound.change_probabilities,
    "what `hide` really sends: container, rungs, frozen places, keyed codes; for claims about messages",
)  # fmt: skip
