"""Ask where the texture of covers lies: how much gray values vary around each place, and where two sets of covers differ."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssgan.images import Images
from ssgan.images.filters import average

WINDOW = 5  # pixels
FIFTHS = 5


def local_deviation(covers: Images) -> NDArray[np.float32]:
    """Return float32 (N, H, W) in gray values: the standard deviation over WINDOW x WINDOW pixels, of all channels together."""
    values = covers.double()
    variance = average(values**2, size=WINDOW) - average(values, size=WINDOW) ** 2
    return np.asarray(variance.mean(dim=1).clamp_min(0).sqrt().float().numpy())


def texture_by_fifths(covers: Images, plain: Images) -> list[float]:
    """Return how much more `covers` vary than `plain` ones of the same latents, in fifths of the places, the smoothest first.

    Both are uint8 (N, C, H, W), 0...255; each figure is the ratio of the mean local deviations. Places are sorted by the sum of
    both, so that chance alone lifts no fifth: sorted by one of them, its smoothest places would look rougher in any other. The
    ratio is 1 where neither varies at all, and infinite where the plain ones alone do not.
    """
    mine, theirs = local_deviation(covers).ravel(), local_deviation(plain).ravel()
    fifths = np.array_split(np.argsort(mine + theirs, kind="stable"), FIFTHS)
    means = [(float(mine[places].mean(dtype=np.float64)), float(theirs[places].mean(dtype=np.float64))) for places in fifths]
    return [ours / other if other else 1.0 if ours == 0 else math.inf for ours, other in means]
