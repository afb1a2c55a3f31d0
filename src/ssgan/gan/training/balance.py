"""How loud the detector is beside the critic: as loud as it comes, or as loud as alpha says.

The two gradients at the generator's images differ by a factor of tens to thousands, which moves with the clipping, the width
and the scale of the detector's input, so that a plain alpha is no share of anything. Balanced, the detector's gradient
is brought to the critic's norm first, both norms taken as running means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

DECAY = 0.99  # of the running means, a generator step


@dataclass
class Balance:
    """`scale(realism, secrecy)` takes both gradients' norms and says by what to multiply the secrecy's.

    All of it are tensors on the device of the gradients, so that nobody has to wait for a number.
    """

    mode: str = "plain"
    whole: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.double  # over the whole batch, where processes share it out
    norms: torch.Tensor = field(default_factory=lambda: torch.zeros(2, dtype=torch.float64))  # means, of realism and secrecy

    def norm(self, gradient: torch.Tensor) -> torch.Tensor:
        """float64 (): the Euclidean norm of a gradient at the images."""
        return self.whole(gradient.norm())

    def scale(self, realism: torch.Tensor, secrecy: torch.Tensor) -> torch.Tensor:
        """float64 (): 1 in the plain mode; else the ratio of the running means, 0 as long as a norm is no number."""
        new = torch.stack([realism, secrecy])
        self.norms.copy_(torch.where(new.isfinite().all(), DECAY * self.norms + (1 - DECAY) * new, self.norms))
        if self.mode == "plain":
            return torch.ones_like(realism)
        return torch.where(self.norms[1] > 0, self.norms[0] / self.norms[1], 0.0)
