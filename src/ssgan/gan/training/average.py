"""The averaged generator: a running mean of the weights, which makes steadier images than any single step's.

Its half-life is counted in images; in the beginning it is a twentieth of what has been seen, so that the first weights are soon
forgotten (T. Karras et al., "Analyzing and improving the image quality of StyleGAN", CVPR 2020, its reference code).
"""

from __future__ import annotations

import copy

import torch
from torch import nn

RAMP = 0.05  # of the images seen: the longest half-life


class Average:
    """`net` follows `generator`; the running statistics of its normalization are averaged with the weights."""

    def __init__(self, generator: nn.Module, half_life_images: int) -> None:
        self.generator, self.half_life_images = generator, half_life_images
        self.net = copy.deepcopy(generator).eval().requires_grad_(False)
        pairs = list(zip(self.net.state_dict().values(), generator.state_dict().values(), strict=True))  # stay where they are
        self._moving = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counting = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def follow(self, images_seen: int, step_images: int) -> None:
        """One step: w' = 2^(-step / half-life) w' + ... w."""
        half_life = min(self.half_life_images, RAMP * images_seen)
        kept = 0.5 ** (step_images / half_life) if half_life > 0 else 0.0
        torch._foreach_lerp_([mean for mean, _ in self._moving], [now for _, now in self._moving], 1 - kept)
        for mean, now in self._counting:
            mean.copy_(now)
