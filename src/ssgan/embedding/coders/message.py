"""List the coder `message`: stegos as `hide` makes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values
from ssgan.embedding import provided
from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs
from ssgan.embedding.titles import LUMA
from ssgan.errors import InvalidSetting
from ssgan.images.coefficients import Coefficients
from ssgan.images.samples import PIXEL_UNIT, Samples


def _simulate(assignment: Assignment, samples: Samples[Values], costs: Costs[Values], seeds: NDArray[np.uint64]) -> Values:
    if samples.unit != PIXEL_UNIT:
        raise InvalidSetting(
            f"the coder message sends what `hide` does in images and JPEGs; these samples are in units of a {samples.unit}",
            hint="use the coder stc, which writes bits into samples of any kind",
        )
    # Messages are made in a room above, which builds on this one. The package hands them down, so that the coder is there in
    # a worker process that only unpickles an embedder, too.
    scheme = f"{assignment.scheme}:{LUMA}" if assignment.joins_channels else assignment.scheme
    stegos: Values = provided.simulate_messages(samples.values, scheme, assignment.payload, seeds)
    return stegos


def _simulate_jpeg(cover: Coefficients, scheme: str, payload: float, seed: int) -> Coefficients:
    stego: Coefficients = provided.simulate_jpeg_message(cover, scheme, payload, seed)
    return stego


ROW = Coder(
    _simulate, bound.change_probabilities,
    "what `hide` really sends: container, rungs, frozen places, keyed codes; for claims about messages",
    takes_pictures=True, takes_arrays=True, simulate_jpeg=_simulate_jpeg,
)  # fmt: skip
