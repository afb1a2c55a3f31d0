"""Coder `plain`: one message bit on each visited sample, no coding: the +-1 embedding of the SSGAN paper and of SGAN.

A visited sample whose last bit differs from the message bit is changed by +1 or -1 at random, or in the one direction that is
dry: inward at 0 and 255, and always so under LSB replacement. Half the bits match already: change rate = payload / 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ssgan.compute import seeds as public_seeds
from ssgan.embedding.coder import Assignment, ChangeProbabilities, Coder, Seeds
from ssgan.embedding.costs import Costs
from ssgan.errors import DoesNotFit, InvalidSetting

ORDER, SIGN, BITS = 1, 2, 3  # the separate streams drawn from an image's seed


@dataclass(frozen=True)
class Path:
    """Which samples are visited, and in which order.

    `keyed` is an order of its own for each image, drawn from its seed; `raster` runs through the rows from the top, channel by
    channel. `red` keeps to the first channel, as SGAN's code does; the payload then counts per red sample.
    """

    order: Literal["keyed", "raster"] = "keyed"
    channels: Literal["all", "red"] = "all"


def simulate(
    covers: torch.Tensor, costs: Costs, payload: float, seeds: Seeds, *, path: Path = Path(), text: bytes | None = None
) -> torch.Tensor:
    """Images (N, C, H, W) that carry `payload` bits per sample, random ones or those of `text`, one uint64 seed an image.

    Each image begins at a place of the text that its seed draws, so that images carry different passages; the text's end is
    followed by its beginning.
    """
    visited = order(covers, payload, seeds, path=path)
    bits = random_bits(visited, seeds) if text is None else text_bits(text, visited, seeds)
    return embed(covers, costs, bits, visited, seeds)


def change_probabilities(costs: Costs, payload: float) -> ChangeProbabilities:
    """Half the payload, shared by the directions that are dry."""
    up, down = (costs.plus < torch.inf).to(costs.plus.dtype), (costs.minus < torch.inf).to(costs.plus.dtype)
    share = payload / 2 / (up + down).clamp(min=1)
    return ChangeProbabilities(up * share, down * share)


def order(covers: torch.Tensor, payload: float, seeds: Seeds, *, path: Path = Path()) -> torch.Tensor:
    """int64 (N, bits): the flat positions of the samples visited, in order; as many as the payload asks for."""
    samples = covers[0].numel() if path.channels == "all" else covers[0, 0].numel()
    if not 0 <= payload <= 1:
        raise DoesNotFit(
            f"{payload:g} bits per sample do not fit: without coding a sample carries at most one bit",
            reachable=samples,
            hint="lower the payload to 1 or less, or use the coder bound or stc",
        )
    bits = round(payload * samples)
    if path.order == "raster":
        return torch.arange(bits, device=covers.device).expand(len(covers), bits)
    drawn = public_seeds.uniforms(seeds, samples, stream=ORDER, device=covers.device)
    return drawn.argsort(dim=1, stable=True)[:, :bits]


def random_bits(visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """bool (N, bits): fair bits of each image's seed."""
    return public_seeds.uniforms(seeds, visited.shape[1], stream=BITS, device=visited.device) < 0.5


def text_bits(text: bytes, visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """bool (N, bits): the text from a byte on that the image's seed draws, and round again; each byte's highest bit first."""
    if not text:
        raise InvalidSetting("the text to embed is empty", hint="give a text of one byte or more")
    bits = torch.from_numpy(np.unpackbits(np.frombuffer(text, dtype=np.uint8)).astype(bool)).to(visited.device)
    start = (public_seeds.uniforms(seeds, 1, stream=BITS, device=visited.device) * len(text)).long() * 8  # (N, 1)
    return bits[(start + torch.arange(visited.shape[1], device=visited.device)) % len(bits)]


def embed(covers: torch.Tensor, costs: Costs, bits: torch.Tensor, visited: torch.Tensor, seeds: Seeds) -> torch.Tensor:
    """Images whose visited samples bear `bits` (N, bits) in their last bit, each changed by one at most."""
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
    change = torch.where(wrong, torch.where(raised, 1, -1), 0).to(covers.dtype)  # -1 wraps in uint8
    return flat.scatter(1, visited, flat.gather(1, visited) + change).reshape(covers.shape)


def extract(stegos: torch.Tensor, visited: torch.Tensor) -> torch.Tensor:
    """bool (N, bits): what `embed` put on the visited samples."""
    return (stegos.flatten(1).gather(1, visited) & 1).bool()


def _simulate(assignment: Assignment, covers: torch.Tensor, costs: Costs, seeds: Seeds) -> torch.Tensor:
    options = assignment.options
    path = Path("raster" if "raster" in options else "keyed", "red" if "red" in options else "all")
    return simulate(covers, costs, assignment.payload, seeds, path=path, text=assignment.text)


ROW = Coder(
    _simulate, change_probabilities, "one bit on each visited sample, no coding; change rate = payload / 2",
    ("raster", "red"), adaptive=False, takes_text=True, capturable=True, default_for_flat_costs=True,
)  # fmt: skip
