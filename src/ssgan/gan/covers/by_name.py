"""Sample covers of a generator given by its name or folder, in one call."""

from __future__ import annotations

from pathlib import Path

import torch

from ssgan.errors import InvalidSetting
from ssgan.gan.covers import sample as sampling
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.images import Images


def sample(generator: str | Path, count: int, *, seed: int | None = None, device: torch.device | str = "cpu") -> Images:
    """Return `count` covers, uint8 (N, C, H, W) on the CPU, of a bundled generator's name, a run or a generator's folder.

    With a public `seed` the first covers are the same in every call, however many are asked for; without one they are secret
    and never made twice. Raises InvalidSetting where there is no such generator or `count` is below 1, RefusedModel where it
    is damaged.
    """
    if count < 1:
        raise InvalidSetting(f"count is {count}; it must be at least 1", hint="ask for one cover or more")
    net, card = open_generator(find_generator(Path(generator)))
    return sampling.sample(sampling.prepared(net, device), sampling.latents(card.config, range(count), seed))
