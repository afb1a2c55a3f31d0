"""List the coder `drawn`: no cover is changed, a new one is drawn by a message (docs/drawn.md)."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values
from ssgan.embedding import provided
from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.costs import Costs
from ssgan.errors import InvalidSetting
from ssgan.images.samples import Samples


def _simulate(assignment: Assignment, samples: Samples[Values], costs: Costs[Values], seeds: NDArray[np.uint64]) -> Values:
    # Covers are drawn in a room above, see `message.py`.
    model = assignment.options[0] if assignment.options else ""
    drawn: Values = provided.simulate_drawn(samples.values, model, assignment.payload, seeds)
    return drawn


def _change_probabilities(costs: Costs[Any], payload: float) -> NoReturn:
    raise InvalidSetting(
        "a drawn cover has no change probabilities: no cover is changed", hint="leave the selection channel and its maps out"
    )


ROW = Coder(
    _simulate, _change_probabilities,
    "a cover drawn by a message in place of each one, written drawn@BITS; against honest covers of the same model",
    (r"[^/,]+",), adaptive=False, redraws=True, joins_channels=False, takes_arrays=True,
)  # fmt: skip
