"""The compiled form of `seeds.uniforms`: the SplitMix64 sequence of each seed, as uniform numbers."""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled
from ssgan.seeds import GOLDEN_GAMMA, MIX


@compiled
def fill_uniforms(starts: np.ndarray, out: np.ndarray) -> None:
    """out float64 (N, samples) in [0, 1) from the uint64 states `starts` (N,)."""
    for n in range(out.shape[0]):
        start, row = starts[n], out[n]
        for i in range(len(row)):
            z = start + np.uint64(i + 1) * np.uint64(GOLDEN_GAMMA)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX[0])
            z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX[1])
            z = z ^ (z >> np.uint64(31))
            row[i] = np.float64(np.int64(z >> np.uint64(11))) * 2.0**-53
