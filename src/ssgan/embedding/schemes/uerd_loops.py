"""Compile UERD for the processor; the formula is that of `uerd.py`."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled, compiled_sums


@compiled_sums
def fill_energy(blocks: np.ndarray, steps: np.ndarray, out: np.ndarray) -> None:
    """Fill out (R, C) with the sum of |c| q over the AC coefficients of int16 blocks (R, C, 8, 8); exact for whole steps."""
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            block, total = blocks[r, c], 0.0
            for k in range(8):
                for side in range(8):
                    total += abs(float(block[k, side])) * steps[k, side]
            out[r, c] = total - abs(float(block[0, 0])) * steps[0, 0]


@compiled
def fill_costs(energy: np.ndarray, steps: np.ndarray, out: np.ndarray) -> None:
    """Fill out (r, c, 8, 8) with steps / D, infinite where D = 0; energies (R + 2, C + 2) with a border, R >= r, C >= c."""
    for r in range(out.shape[0]):
        above, own, below = energy[r], energy[r + 1], energy[r + 2]
        for c in range(out.shape[1]):
            around = above[c] + above[c + 1] + above[c + 2] + own[c] + own[c + 2] + below[c] + below[c + 1] + below[c + 2]
            complexity = own[c + 1] + 0.25 * around
            block = out[r, c]
            if complexity > 0:
                for k in range(8):
                    for side in range(8):
                        block[k, side] = steps[k, side] / complexity
            else:
                block[:] = np.inf
