"""Write random messages by syndrome-trellis codes, in an order of samples drawn from each image's seed: the coder `stc`.

What a sender's stego looks like when the bits can be read back: a little more distortion than the bound. Real messages
and secret orders are in the rooms above.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.embedding.coder import Assignment, Coder
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs
from ssgan.embedding.stc import embed as stc
from ssgan.embedding.stc.trellis import Code
from ssgan.errors import DoesNotFit
from ssgan.images.samples import Samples

ORDER, BITS = 1, 3  # the separate streams drawn from an image's seed, as in `plain`


def simulate(
    samples: Samples[torch.Tensor], costs: Costs, payload: float, seeds: NDArray[np.uint64], options: tuple[str, ...]
) -> torch.Tensor:
    """Return values (N, C, H, W) that carry `payload` bits per sample; the option h=12 sets the constraint height (10)."""
    made, values = embed(samples, costs, payload, seeds, height=height_of(options)), samples.values
    stegos = np.stack([embedding.stego for embedding in made])
    back = np.empty_like(stegos)
    np.put_along_axis(back, _order(values, seeds), stegos, axis=1)
    return torch.from_numpy(back).reshape(values.shape).to(values.device)


def embed(
    samples: Samples[torch.Tensor], costs: Costs, payload: float, seeds: NDArray[np.uint64], *, height: int = 10
) -> list[stc.Embedding]:
    """Return one Embedding an image, its samples in the order of its seed. Raises DoesNotFit for the first refused image."""
    order = _order(samples.values, seeds)

    def ordered(x: torch.Tensor) -> NDArray[Any]:
        return np.take_along_axis(x.detach().flatten(1).cpu().numpy(), order, axis=1)

    usable = None if samples.usable is None else ordered(samples.usable)
    flat = Samples(ordered(samples.values), samples.low, samples.high, usable, samples.unit)
    plus, minus = ordered(costs.plus.double()), ordered(costs.minus.double())
    bits = (public_seeds.uniforms(seeds, round(payload * order.shape[1]), stream=BITS) < 0.5).numpy().astype(np.uint8)
    made = stc.embed_batch(flat, plus, minus, list(bits), Code(height), threads=torch.get_num_threads())
    for i, embedding in enumerate(made):
        if isinstance(embedding, DoesNotFit):
            text = f"{payload:g} bits per sample do not fit: image {i} of the batch: {embedding}"
            raise DoesNotFit(text, reachable=embedding.reachable, hint=embedding.hint) from embedding
    return [embedding for embedding in made if isinstance(embedding, stc.Embedding)]


def height_of(options: tuple[str, ...]) -> int:
    """Return the constraint height that the options name, or 10."""
    return next((int(option.removeprefix("h=")) for option in options if option.startswith("h=")), 10)


def _order(covers: torch.Tensor, seeds: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return int64 (N, n): the order of the samples, the same on every device."""
    return public_seeds.uniforms(seeds, covers[0].numel(), stream=ORDER).argsort(dim=1, stable=True).numpy()


def _simulate(assignment: Assignment, samples: Samples[torch.Tensor], costs: Costs, seeds: NDArray[np.uint64]) -> torch.Tensor:
    return simulate(samples, costs, assignment.payload, seeds, assignment.options)


ROW = Coder(
    _simulate, bound.change_probabilities, "syndrome-trellis codes, +-1 in two layers: bits that can be read back", (r"h=\d+",),
)  # fmt: skip
