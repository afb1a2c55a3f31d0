"""Write random messages by syndrome-trellis codes, in an order of samples drawn from each image's seed: the coder `stc`.

What a sender's stego looks like when the bits can be read back: a little more distortion than the bound. Real messages
and secret orders are in the rooms above.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.compute.threads import thread_count
from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs
from ssgan.embedding.stc import embed as stc
from ssgan.embedding.stc.trellis import Code
from ssgan.errors import DoesNotFit
from ssgan.images.samples import Samples

ORDER, BITS = 1, 3  # the separate streams drawn from an image's seed, as in `plain`


def simulate(
    samples: Samples[Values], costs: Costs[Values], payload: float, seeds: NDArray[np.uint64], options: tuple[str, ...]
) -> Values:
    """Return values (N, C, H, W) that carry `payload` bits per sample; the option h=12 sets the constraint height (10)."""
    made, values = embed(samples, costs, payload, seeds, height=height_of(options)), samples.values
    stegos = np.stack([embedding.stego for embedding in made])
    back = np.empty_like(stegos)
    np.put_along_axis(back, _order(values, seeds), stegos, axis=1)
    changed: Any = back.reshape(values.shape)
    return torch.from_numpy(changed).to(values.device) if is_tensor(values) else changed


def embed(
    samples: Samples[Values], costs: Costs[Values], payload: float, seeds: NDArray[np.uint64], *, height: int = 10
) -> list[stc.Embedding]:
    """Return one Embedding an image, its samples in the order of its seed. Raises DoesNotFit for the first refused image."""
    order = _order(samples.values, seeds)

    def ordered(x: np.ndarray | torch.Tensor) -> NDArray[Any]:
        return np.take_along_axis(as_array(x).reshape(len(x), -1), order, axis=1)

    usable = None if samples.usable is None else ordered(samples.usable)
    flat = Samples(ordered(samples.values), samples.low, samples.high, usable, samples.unit)
    plus, minus = (ordered(rho).astype(np.float64, copy=False) for rho in costs)
    bits = (public_seeds.uniform_array(seeds, round(payload * order.shape[1]), stream=BITS) < 0.5).astype(np.uint8)
    made = stc.embed_batch(flat, plus, minus, list(bits), Code(height), threads=thread_count())
    for i, embedding in enumerate(made):
        if isinstance(embedding, DoesNotFit):
            text = f"{payload:g} bits per sample do not fit: image {i} of the batch: {embedding}"
            raise DoesNotFit(text, reachable=embedding.reachable, hint=embedding.hint) from embedding
    return [embedding for embedding in made if isinstance(embedding, stc.Embedding)]


def height_of(options: tuple[str, ...]) -> int:
    """Return the constraint height that the options name, or 10."""
    return next((int(option.removeprefix("h=")) for option in options if option.startswith("h=")), 10)


def _order(covers: np.ndarray | torch.Tensor, seeds: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return int64 (N, n): the order of the samples, the same on every device."""
    return public_seeds.uniform_array(seeds, math.prod(covers.shape[1:]), stream=ORDER).argsort(axis=1, stable=True)


def _simulate(assignment: Assignment, samples: Samples[Values], costs: Costs[Values], seeds: NDArray[np.uint64]) -> Values:
    return simulate(samples, costs, assignment.payload, seeds, assignment.options)


ROW = Coder(
    _simulate, bound.change_probabilities, "syndrome-trellis codes, +-1 in two layers: bits that can be read back", (r"h=\d+",),
    takes_arrays=True,
)  # fmt: skip
