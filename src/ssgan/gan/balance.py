"""How loud the detector is beside the critic: as loud as it comes, or as loud as alpha says.

The two gradients at the generator's images differ by a factor of tens to thousands, which moves with the clipping, the width
and the scale of the detector's input, so that a plain alpha is no share of anything. Balanced, the detector's gradient
is brought to the critic's norm first, both norms taken as running means.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

DECAY = 0.99  # of the running means, a generator step


@dataclass
class Balance:
    """`scale(realism, secrecy)` takes both gradients' norms and says by what to multiply the secrecy's."""

    mode: str = "plain"
    whole: Callable[[float], float] = float  # the norm over the whole batch, where processes share it out
    norms: list[float] = field(default_factory=lambda: [0.0, 0.0])  # running means of realism and secrecy
    steps: int = 0

    def norm(self, gradient: torch.Tensor) -> float:
        """The Euclidean norm of a gradient at the images."""
        return self.whole(float(gradient.norm()))

    def scale(self, realism: float, secrecy: float) -> float:
        """1 in the plain mode; else the ratio of the running means, 0 as long as a norm is no number."""
        if math.isfinite(realism) and math.isfinite(secrecy):
            self.norms = [DECAY * old + (1 - DECAY) * new for old, new in zip(self.norms, (realism, secrecy), strict=True)]
            self.steps += 1
        if self.mode == "plain":
            return 1.0
        return self.norms[0] / self.norms[1] if self.norms[1] > 0 else 0.0
