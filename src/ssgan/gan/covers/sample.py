"""Turn latents into covers: a generator's images as pixels, the same for the same latent in any batch.

Latents have two sources. The operating system's, which is for senders: they cannot be drawn again, and they are kept
nowhere. A public seed's, for research: it has few bits compared with a latent's hundreds, so guessing it is enough to make the
very cover again and compare it with the stego.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ssgan import images
from ssgan.compute import seeds
from ssgan.errors import RefusedModel
from ssgan.gan.training.settings import TrainingConfig
from ssgan.images import Images

# Images are made in batches of this size, the last one padded with zeros: the order of sums in matrix products depends on the
# size of the batch, which moves about one pixel value in 100,000 across a rounding edge.
PIECE = 64
_BITS = 52  # so that the middle of each cell between 0 and 1 is a float64


def latents(config: TrainingConfig, numbers: Sequence[int], seed: int | None) -> torch.Tensor:
    """Return float32 (N, L): those of the seed with these numbers, or, without a seed, as many secret ones."""
    return secret_latents(config, len(numbers)) if seed is None else public_latents(config, numbers, seed)


def public_latents(config: TrainingConfig, numbers: Sequence[int], seed: int) -> torch.Tensor:
    """Return float32 (N, L): the latents of these numbers in the seed's stream, each by itself."""
    own = np.array([seeds.derive(seed, "latent", str(number)) for number in numbers], dtype=np.uint64)
    return _by_law(config, seeds.uniforms(own, config.latent))


def secret_latents(config: TrainingConfig, count: int) -> torch.Tensor:
    """Return float32 (count, L) from the operating system's random source."""
    words = np.frombuffer(os.urandom(8 * count * config.latent), dtype=np.uint64) >> np.uint64(64 - _BITS)
    return _by_law(config, torch.from_numpy(words.astype(np.float64).reshape(count, config.latent) * 2.0**-_BITS))


def paths(config: TrainingConfig, begin: torch.Tensor, end: torch.Tensor, steps: int) -> torch.Tensor:
    """Return float32 (N, steps, L): latents on paths from N to N others, both ends included.

    Straight where the law is uniform; on a great circle where it is normal, whose latents are all near one sphere and hardly
    ever near its center (T. White, "Sampling generative networks", arXiv 1609.04468).
    """
    share = torch.linspace(0, 1, steps, dtype=torch.float64)[None, :, None]
    first, last = begin.double()[:, None], end.double()[:, None]
    if config.latent_law == "uniform":
        return ((1 - share) * first + share * last).float()
    cosine = nn.functional.cosine_similarity(first, last, dim=-1).clamp(-1, 1)[..., None]
    angle = cosine.acos().clamp(min=1e-6)  # nearly parallel: sin(s a) / sin(a) is s
    return ((((1 - share) * angle).sin() * first + (share * angle).sin() * last) / angle.sin().clamp(min=1e-9)).float()


def prepared(generator: nn.Module, device: torch.device | str = "cpu") -> nn.Module:
    """Return the generator, ready for `sample` on a device: evaluation mode, channels adjacent in memory."""
    return generator.eval().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def sample(generator: nn.Module, given: torch.Tensor) -> Images:
    """Return Images (N, C, H, W) on the CPU of N latents (N, L), at least one, by a generator that is `prepared`.

    Raises RefusedModel where the generator makes something else than numbers.
    """
    device = next(generator.parameters()).device
    return torch.cat([_piece(generator, part.to(device)) for part in given.split(PIECE)])


def _piece(generator: nn.Module, given: torch.Tensor) -> Images:
    """Return Images of at most PIECE latents."""
    with torch.inference_mode():
        padded = nn.functional.pad(given, (0, 0, 0, PIECE - len(given)))
        floats = generator(padded)[: len(given)].float()
        if not bool(torch.isfinite(floats).all()):
            raise RefusedModel("the generator makes images that are not finite", hint="take an earlier one, or train it again")
        return images.to_pixels(floats).contiguous().cpu()


def _by_law(config: TrainingConfig, uniforms: torch.Tensor) -> torch.Tensor:
    """Return latents by the law of the settings, from float64 in [0, 1): the middle of one of 2^52 cells, by the inverse
    law.
    """
    centered = ((uniforms * 2.0**_BITS).floor() + 0.5) * 2.0**-_BITS
    return (torch.special.ndtri(centered) if config.latent_law == "normal" else 2 * centered - 1).float()
