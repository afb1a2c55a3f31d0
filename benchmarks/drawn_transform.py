"""Transform drawn samples by the tables that they were drawn from: the values are uniform where the samples follow them.

The laws' means are computed here in NumPy, neighbors and all, so that the compiled ones are checked as well.
"""

from __future__ import annotations

import numpy as np

from ssgan.drawn import drawing
from ssgan.drawn.header import find_pivots
from ssgan.drawn.model import DrawnModel
from ssgan.drawn.planes import header_plane, split
from ssgan.drawn.tables import cumulative, is_dry

NEAR = ((0, -1), (-1, 0), (-1, -1), (-1, 1))


def probability_transform(model: DrawnModel, picture: np.ndarray, latent: bytes, rng: np.random.Generator) -> np.ndarray:
    """Return the probability transform of every sample but the pivots', float64 in 0...1."""
    planes, found = split(picture), []
    laws = drawing._Laws(model, model.stages[-1], drawing._base(model, latent))
    for phase in range(4):
        laws.begin(phase, planes)
        for plane in range(model.shape[2]):
            samples = planes[phase, plane].astype(np.int64)
            scales, base, weights = laws.plane(plane)
            means = base.copy()
            if weights.shape[2]:
                residual, (height, width) = np.pad(16 * samples - base, 1), base.shape
                around = (residual[1 + i : 1 + i + height, 1 + j : 1 + j + width] for i, j in NEAR)
                means += (sum(weights[:, :, k] * near for k, near in enumerate(around)) + 512) >> 10
            below = cumulative(model.tables, scales, means, samples)
            above = cumulative(model.tables, scales, means, samples + 1)
            kept = np.ones(samples.size, bool)
            if header_plane(phase, plane):
                kept[find_pivots(is_dry(model.tables, scales, means).ravel()).places] = False
            found.append(((below + (above - below) * rng.random(samples.shape)) / 65536).ravel()[kept])
            laws.drawn(plane, planes[phase, plane])
    return np.concatenate(found)
