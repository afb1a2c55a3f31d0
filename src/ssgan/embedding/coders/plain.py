"""Embed one message bit in each visited sample, without coding: the ±1 embedding of the SSGAN paper and of SGAN.

A visited sample whose last bit differs from the message bit is changed by +1 or -1 at random, or in the one direction that is
dry: inward at the ends of the range, and always so under LSB replacement. Half the bits match already, so the change rate is
payload / 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import torch
from ssgan.embedding.coder import Assignment, ChangeProbabilities, Coder, Seeds
from ssgan.embedding.costs import Costs
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import Samples

ORDER, SIGN, BITS = 1, 2, 3  # the separate streams drawn from an image's seed


@dataclass(frozen=True)
class Path:
    """The visited samples and their order.

    `keyed` is an order of its own for each image, drawn from its seed; `raster` runs through the rows from the top, channel by
    channel. `red` keeps to the first channel, as SGAN's code does; the payload then counts per red sample.
    """

    order: Literal["keyed", "raster"] = "keyed"
    channels: Literal["all", "red"] = "all"


def simulate(
    samples: Samples[torch.Tensor], costs: Costs, payload: float, seeds: Seeds, *, path: Path = Path(),
    text: bytes | None = None,
) -> torch.Tensor:  # fmt: skip
    """Return values (N, C, H, W) that carry `payload` bits per sample, random ones or those of `text`, one uint64 seed an
    image.

    Each image begins at a place of the text that its seed draws, so that images carry different passages; the text's end is
    followed by its beginning.
    """
    visited = order(visitable(samples, costs), payload, seeds, path=path)
    bits = random_bits(visited, seeds) if text is None else text_bits(text, visited, seeds)
    return embed(samples.values, costs, bits, visited, seeds)


def change_probabilities(costs: Costs, payload: float) -> ChangeProbabilities:
    """Return half the share of samples that are visited, divided among the directions that are not wet.

    Samples that may not change are passed over, so that more of the others are visited.
    """
    up, down = (costs.plus < torch.inf).to(costs.plus.dtype), (costs.minus < torch.inf).to(costs.plus.dtype)
    ways = up + down
    visited = payload / ways.gt(0).flatten(1).to(up.dtype).mean(1).clamp(min=payload or 1.0)
    share = visited.view(-1, *[1] * (ways.ndim - 1)) / 2 / ways.clamp(min=1)
    return ChangeProbabilities(up * share, down * share)


def visitable(samples: Samples[torch.Tensor], costs: Costs) -> Samples[torch.Tensor]:
    """Return the samples with those not usable, too, that the costs leave no way; as they come where all are usable."""
    if samples.usable is None:
        return samples
    return replace(samples, usable=(costs.plus < torch.inf) | (costs.minus < torch.inf))


def order(samples: Samples[torch.Tensor], payload: float, seeds: Seeds, *, path: Path = Path()) -> torch.Tensor:
    """Return int64 (N, bits): the flat positions of the visited samples in order, as many as the payload needs.

    Samples that are not usable are passed over. Raises DoesNotFit where the others are fewer.
    """
    values = samples.values
    count = values[0].numel() if path.channels == "all" else values[0, 0].numel()
    bits, most = round(payload * count), count
    usable = None if samples.usable is None else samples.usable.flatten(1)[:, :count]
    if usable is not None:
        most = int(usable.sum(1).min())
    if not 0 <= payload <= 1 or bits > most:
        raise DoesNotFit(
            f"{payload:g} bits per sample do not fit: without coding a sample carries at most one bit",
            reachable=most,
            hint="lower the payload, or use the coder bound or stc",
        )
    if path.order == "raster":
        if usable is not None:
            return (~usable).to(torch.uint8).argsort(dim=1, stable=True)[:, :bits]
        return torch.arange(bits, device=values.device).expand(len(values), bits)
    drawn = public_seeds.uniforms(seeds, count, stream=ORDER, device=values.device)
    if usable is not None:
        drawn = drawn.masked_fill(~usable, 2.0)  # behind all others
    return drawn.argsort(dim=1, stable=True)[:, :bits]


def random_bits(visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """Return bool (N, bits): fair bits of each image's seed."""
    return public_seeds.uniforms(seeds, visited.shape[1], stream=BITS, device=visited.device) < 0.5


def text_bits(text: bytes, visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """Return bool (N, bits): the text from a byte that the image's seed draws, repeated; each byte's highest bit first."""
    if not text:
        raise InvalidSetting("the text to embed is empty", hint="give a text of one byte or more")
    bits = torch.from_numpy(np.unpackbits(np.frombuffer(text, dtype=np.uint8)).astype(bool)).to(visited.device)
    start = (public_seeds.uniforms(seeds, 1, stream=BITS, device=visited.device) * len(text)).long() * 8  # (N, 1)
    return bits[(start + torch.arange(visited.shape[1], device=visited.device)) % len(bits)]


def embed(covers: torch.Tensor, costs: Costs, bits: torch.Tensor, visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """Return samples (N, C, H, W) whose visited ones carry `bits` (N, bits) in their last bit, each changed by one at most."""
    flat = covers.flatten(1)
    wrong = (flat.gather(1, visited) & 1).bool() != bits
    up = (costs.plus.flatten(1) < torch.inf).gather(1, visited)
    down = (costs.minus.flatten(1) < torch.inf).gather(1, visited)
    # A CUDA graph may not read a value; the embedders that it captures (`Embedder.capturable`) can change every sample.
    captured = covers.device.type != "cpu" and torch.cuda.is_current_stream_capturing()
    if not captured and bool((wrong & ~up & ~down).any()):
        raise InvalidSetting("the coder plain met a sample that may not change at all", hint="use the schemes lsb or lsbr")
    heads = public_seeds.uniforms(seeds, visited.shape[1], stream=SIGN, device=covers.device) < 0.5
    raised = (up & ~down) | (up & heads)
    change = torch.where(wrong, torch.where(raised, 1, -1), 0).to(covers.dtype)  # -1 wraps where the type has no sign
    return flat.scatter(1, visited, flat.gather(1, visited) + change).reshape(covers.shape)


def extract(stegos: torch.Tensor, visited: torch.Tensor) -> torch.Tensor:
    """Return bool (N, bits): the bits that `embed` wrote into the visited samples."""
    return (stegos.flatten(1).gather(1, visited) & 1).bool()


def _simulate(assignment: Assignment, samples: Samples[torch.Tensor], costs: Costs, seeds: Seeds) -> torch.Tensor:
    options = assignment.options
    path = Path("raster" if "raster" in options else "keyed", "red" if "red" in options else "all")
    return simulate(samples, costs, assignment.payload, seeds, path=path, text=assignment.text)


ROW = Coder(
    _simulate, change_probabilities, "one bit on each visited sample, no coding; change rate = payload / 2",
    ("raster", "red"), adaptive=False, takes_text=True, capturable=True, default_for_flat_costs=True,
)  # fmt: skip
