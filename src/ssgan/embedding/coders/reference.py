"""Write the stegos of the authors' own programs, bit for bit, to repeat published results: the coder `authors`.

Their bisection, their tables, MATLAB's random numbers column by column, after `reference_formulas.py`. Gray covers only, and
the payload is met to 1e-3; for everything else the coder `bound` is better.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.coders import bound, reference_formulas
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import Prices
from ssgan.embedding.schemes import mipod
from ssgan.errors import InvalidSetting
from ssgan.images.samples import Samples

_WORD = 2**32  # MT19937 is seeded with 32 bits


def simulate(
    samples: Samples[torch.Tensor],
    costs: Costs,
    payload: float,
    seeds: NDArray[np.uint64],
    *,
    scheme: str,
    options: tuple[str, ...],
) -> torch.Tensor:
    """Return values (N, 1, H, W); the option seed=K gives every image MATLAB's seed K, without it each gets its own."""
    if samples.values.shape[1] != 1:
        raise InvalidSetting(
            "the authors' programs take gray covers", hint="use the coder bound for color, or make covers gray"
        )
    fixed = next((int(option.removeprefix("seed=")) for option in options), None)
    stegos = torch.empty_like(samples.values)
    usable = None if samples.usable is None else samples.usable[:, 0].cpu().numpy()
    for i, values in enumerate(samples.values[:, 0].cpu().numpy()):
        cover = Samples(values, samples.low, samples.high, None if usable is None else usable[i], samples.unit)
        seed = int(seeds[i]) % _WORD if fixed is None else fixed % _WORD
        if scheme in ("mipod", "mg"):
            beta = reference_formulas.least_detectable(_fisher(values, scheme), payload)
            made = reference_formulas.least_detectable_stego(cover, beta, seed)
        else:
            plus, minus = costs.plus[i, 0].double().cpu().numpy(), costs.minus[i, 0].double().cpu().numpy()
            made = reference_formulas.stego(cover, plus, minus, payload, seed, scheme=scheme)
        stegos[i, 0] = torch.from_numpy(made)
    return stegos


def simulate_plane(assignment: Assignment, plane: Samples[NDArray[Any]], prices: Prices, seed: int) -> NDArray[Any]:
    """Return the coefficients (H, W) of a gray JPEG as the authors' programs change them; seed=K as in `simulate`."""
    fixed = next((int(option.removeprefix("seed=")) for option in assignment.options), seed) % _WORD
    if assignment.scheme == "nsf5":
        return reference_formulas.nsf5_stego(plane, assignment.payload, fixed)
    nonzero = np.count_nonzero(plane.values) - np.count_nonzero(plane.values[::8, ::8])
    per_sample = round(assignment.payload * nonzero) / plane.values.size
    return reference_formulas.stego(plane, prices.plus, prices.minus, per_sample, fixed, scheme=assignment.scheme)


def _fisher(cover: NDArray[np.uint8], scheme: str) -> NDArray[np.float64]:
    if scheme == "mg":
        return reference_formulas.mg_fisher_information(cover)
    return mipod.fisher_information(cover.astype(np.float64)[None, None])[0, 0]


def _simulate(assignment: Assignment, samples: Samples[torch.Tensor], costs: Costs, seeds: NDArray[np.uint64]) -> torch.Tensor:
    return simulate(samples, costs, assignment.payload, seeds, scheme=assignment.scheme, options=assignment.options)


ROW = Coder(
    _simulate, bound.change_probabilities, "the optimal sender as the authors' programs simulate it, bit for bit",
    (r"seed=\d+",), joins_channels=False, simulate_plane=simulate_plane,
)  # fmt: skip
