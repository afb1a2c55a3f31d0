"""Compiled sums over the optimal sender's samples: entropy, distortion and its variance at a given lambda.

Both exponentials of a sample, its probabilities and moments are made in one pass. The logarithms of the partition functions are
taken of products: a lane multiplies up hundreds of them (each is at most 3) before one logarithm is due.
"""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled
from ssgan.elementary import exp_of_negative

LANES = 32  # sums kept side by side, so that they fill vector registers
FLUSH = 512  # rounds after which a lane's product, at most 3^512, is turned into a logarithm
NEVER = 800.0  # exp(-800) is zero, and 800 times it, too: keeps infinite costs out of the sums


@compiled
def survey(plus: np.ndarray, minus: np.ndarray, out: np.ndarray) -> None:
    """out (B, 5): of each row of costs (B, n): samples with one and with two dry ways, the sums of the cheaper cost and of both
    costs over (1 + ways), and how many costs are negative or not a number."""  # noqa: D209
    for b in range(plus.shape[0]):
        one, two, wrong, cheaper, spread = 0, 0, 0, 0.0, 0.0
        for i in range(plus.shape[1]):
            up, down = plus[b, i], minus[b, i]
            wrong += (not up >= 0) + (not down >= 0)
            if up < np.inf and down < np.inf:
                two += 1
                cheaper += min(up, down)
                spread += (up + down) / 3
            elif up < np.inf or down < np.inf:
                one += 1
                cheaper += min(up, down)
                spread += min(up, down) / 2
        out[b, 0], out[b, 1], out[b, 2], out[b, 3], out[b, 4] = one, two, cheaper, spread, wrong


@compiled
def moments(plus: np.ndarray, minus: np.ndarray, lam: np.ndarray, floor: np.ndarray, out: np.ndarray) -> None:
    """out (B, 3): for each row of costs (B, n) and x = lambda rho under the Gibbs law: sums of ln Z, E[x] and Var[x].

    `floor` (B,) is what a change costs at least.
    """
    log_z, first, second = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    columns = plus.shape[1]
    for b in range(plus.shape[0]):
        logs, factor, least = 0.0, lam[b], floor[b]
        log_z[:], first[:], second[:] = 1, 0, 0
        for start in range(0, columns, LANES):
            up, down = plus[b, start : start + LANES], minus[b, start : start + LANES]
            if len(up) == LANES:  # said twice, so that the compiler knows how long the first one is
                _add(up, down, LANES, factor, least, log_z, first, second)
            else:
                _add(up, down, len(up), factor, least, log_z, first, second)
            if start % (LANES * FLUSH) == 0:
                logs += np.log(log_z).sum()
                log_z[:] = 1
        out[b, 0] = logs + np.log(log_z).sum()
        out[b, 1], out[b, 2] = first.sum(), second.sum()


@compiled
def _add(
    up: np.ndarray, down: np.ndarray, count: int, factor: float, least: float, log_z: np.ndarray, first: np.ndarray, second: np.ndarray
) -> None:
    for k in range(count):
        x, y = min(factor * max(up[k], least), NEVER), min(factor * max(down[k], least), NEVER)
        p, q = exp_of_negative(-x), exp_of_negative(-y)
        z = 1 + p + q
        x_p, y_q = x * p / z, y * q / z
        mean = x_p + y_q
        first[k] += mean
        second[k] += x * x_p + y * y_q - mean * mean
        log_z[k] *= z


@compiled
def fill_probabilities(
    plus: np.ndarray, minus: np.ndarray, lam: np.ndarray, floor: np.ndarray, raised: np.ndarray, lowered: np.ndarray
) -> None:
    """raised, lowered (B, n) = exp(-lambda rho) / Z."""
    for b in range(plus.shape[0]):
        factor, least = lam[b], floor[b]
        for i in range(plus.shape[1]):
            p = exp_of_negative(-min(factor * max(plus[b, i], least), NEVER))
            q = exp_of_negative(-min(factor * max(minus[b, i], least), NEVER))
            z = 1 + p + q
            raised[b, i], lowered[b, i] = p / z, q / z
