"""Compile EBS for the processor; the formula is that of `ebs.py`."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

_VALUES = 1 << 16  # of an int16


@compiled
def fill_costs(blocks: np.ndarray, steps: np.ndarray, floor: float, most: int, out: np.ndarray) -> None:
    """Fill out (r, c, 8, 8) with steps / H^2 + floor of int16 blocks; infinite where H = 0 or |c| >= most.

    H = ln n - sum of m ln m / n, n the AC coefficients that are not zero, m those of one value.
    """
    counts = np.zeros(_VALUES, np.int64)
    logarithms = np.zeros(65)  # m ln m
    for m in range(2, 65):
        logarithms[m] = m * np.log(m)
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            block, costs = blocks[r, c], out[r, c]
            total, different, repeated = 0, 0, 0.0
            for k in range(8):
                for side in range(8):
                    value = int(block[k, side])
                    if value != 0 and k + side > 0:
                        counts[value + _VALUES // 2] += 1
                        total += 1
            for k in range(8):
                for side in range(8):
                    place = int(block[k, side]) + _VALUES // 2
                    if counts[place] > 0:
                        different += 1
                        repeated += logarithms[counts[place]]
                        counts[place] = 0
            if different < 2:
                costs[:] = np.inf
                continue
            entropy = (logarithms[total] - repeated) / total
            for k in range(8):
                for side in range(8):
                    wet = abs(int(block[k, side])) >= most
                    costs[k, side] = np.inf if wet else steps[k, side] / (entropy * entropy) + floor
