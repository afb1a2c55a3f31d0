"""Compile `seeds.uniforms`: the SplitMix64 sequence of each seed, as uniform numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def fill_uniforms(starts: np.ndarray, constants: np.ndarray, out: np.ndarray) -> None:
    """Fill out float64 (N, samples) in [0, 1) from the uint64 states `starts` (N,).

    `constants` uint64 (3,): what a state grows by, and the two factors of the output function.
    """
    for n in range(out.shape[0]):
        fill_row(starts[n], constants, out[n])


@compiled
def fill_row(start: Any, constants: np.ndarray, row: np.ndarray) -> None:
    """Fill row float64 (samples,) with the numbers after the uint64 state `start`."""
    gamma, first, second = constants[0], constants[1], constants[2]
    for i in range(len(row)):
        z = start + np.uint64(i + 1) * gamma
        z = (z ^ (z >> np.uint64(30))) * first
        z = (z ^ (z >> np.uint64(27))) * second
        z = z ^ (z >> np.uint64(31))
        row[i] = np.float64(np.int64(z >> np.uint64(11))) * 2.0**-53
