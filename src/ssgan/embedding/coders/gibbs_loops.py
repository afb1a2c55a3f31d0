"""Compile sums over the optimal sender's samples: entropy, distortion and its variance at a given lambda.

Both exponentials of a sample, its probabilities and moments are made in one pass. The logarithms of the partition functions are
taken of products: a lane multiplies up hundreds of them (each is at most 3) before one logarithm is due.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute import seeds_loops
from ssgan.compute.compiled import compiled
from ssgan.compute.exp_loops import exp_of_negative
from ssgan.compute.plain_loops import total, total_log

BLOCK = 1024  # samples changed at a time
LANES = 32  # sums kept side by side, so that they fill vector registers
LONGEST_STEP = 3.0  # of Newton's, in ln lambda
FLUSH = 512  # rounds after which a lane's product, at most 3^512, is turned into a logarithm
NEVER = 800.0  # exp(-800) is zero, and 800 times it, too: keeps infinite costs out of the sums


@compiled
def survey(
    plus: np.ndarray, minus: np.ndarray, values: np.ndarray, usable: np.ndarray, least: int, most: int, out: np.ndarray
) -> None:
    """Fill out (B, 5) with a survey of each row of costs (B, n). `ends` uint8 (B, n) are the covers, or (B, 0): see `Sender`.

    values (B, n) of any integer type, or (B, 0), and usable bool (B, n), or (B, 0), make wet what may not leave least...most
    or may not change at all: see `Sender`.

    Samples with one and with two dry ways, the sum of the cheaper costs, that of the costs each over (1 + ways), and how many
    costs are negative or not a number.
    """
    for b in range(plus.shape[0]):
        one, two, wrong, cheaper, spread = 0, 0, 0, 0.0, 0.0
        for i in range(plus.shape[1]):
            up, down = plus[b, i], minus[b, i]
            if values.shape[1]:
                up, down = _inside(up, down, values[b, i], least, most)
            if usable.shape[1] and not usable[b, i]:
                up, down = np.inf, np.inf
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
def moments(
    plus: np.ndarray, minus: np.ndarray, values: np.ndarray, usable: np.ndarray, least: int, most: int, lam: np.ndarray,
    floor: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill out (B, 3) for each row of costs (B, n) and x = lambda rho under the Gibbs law: sums of ln Z, E[x] and Var[x].

    `floor` (B,) is what a change costs at least.
    """
    lanes = np.empty((3, LANES))
    for b in range(plus.shape[0]):
        out[b, 0], out[b, 1], out[b, 2] = _row_moments(
            plus[b], minus[b], values[b], usable[b], least, most, lam[b], floor[b], lanes
        )


@compiled
def solve(
    plus: np.ndarray, minus: np.ndarray, values: np.ndarray, usable: np.ndarray, least: int, most: int, floor: np.ndarray,
    target: np.ndarray, distortion: bool, tolerance: float, steps: int, u: np.ndarray,
) -> None:  # fmt: skip
    """Move u = ln lambda (B,) to where each row's entropy in nats, or its expected distortion, is `target` (B,)."""
    lanes = np.empty((3, LANES))
    for b in range(plus.shape[0]):
        low, high = -np.inf, np.inf
        for _ in range(steps):
            log_z, mean, variance = _row_moments(
                plus[b], minus[b], values[b], usable[b], least, most, np.exp(u[b]), floor[b], lanes
            )
            value, slope = _level(u[b], log_z, mean, variance, distortion)
            if abs(value - target[b]) <= tolerance * target[b]:
                break
            low, high = (u[b], high) if value > target[b] else (low, u[b])
            u[b] = nearer(u[b], low, high, value, slope, target[b])


@compiled
def _level(u: float, log_z: float, mean: float, variance: float, distortion: bool) -> tuple[float, float]:
    """Return a row's entropy in nats, or its expected distortion, at u = ln lambda, and its slope."""
    if distortion:
        return mean * np.exp(-u), -variance * np.exp(-u)
    return log_z + mean, -variance


@compiled
def nearer(u: float, low: float, high: float, value: float, slope: float, target: float) -> float:
    """Return a Newton step on the logarithm of a falling function towards `target`, kept inside the bracket (low, high)
    of u.
    """
    step = abs(np.log(target / value) * value / slope)
    step = min(step, LONGEST_STEP) if step == step else LONGEST_STEP  # 0 / 0 far out, where nothing is left to measure
    near = u + step if value > target else u - step
    if low < near < high:
        return near
    if low == -np.inf:
        return high - LONGEST_STEP
    return low + LONGEST_STEP if high == np.inf else (low + high) / 2


@compiled
def _row_moments(
    plus: np.ndarray, minus: np.ndarray, values: np.ndarray, usable: np.ndarray, least: int, most: int, factor: float,
    floor: float, lanes: np.ndarray,
) -> tuple[float, float, float]:  # fmt: skip
    log_z, first, second, logs = lanes[0], lanes[1], lanes[2], 0.0
    log_z[:], first[:], second[:] = 1, 0, 0
    inside = np.empty((2, LANES), plus.dtype)
    for start in range(0, len(plus), LANES):
        up, down = plus[start : start + LANES], minus[start : start + LANES]
        if len(values):
            for k in range(len(up)):
                inside[0, k], inside[1, k] = _inside(up[k], down[k], values[start + k], least, most)
            up, down = inside[0, : len(up)], inside[1, : len(down)]
        if len(usable):
            for k in range(len(up)):
                if not usable[start + k]:
                    up[k], down[k] = np.inf, np.inf
        if len(up) == LANES:  # written twice, so that the compiler knows the length of the first one
            _add(up, down, LANES, factor, floor, log_z, first, second)
        else:
            _add(up, down, len(up), factor, floor, log_z, first, second)
        if start % (LANES * FLUSH) == 0:
            logs += total_log(log_z)
            log_z[:] = 1
    return logs + total_log(log_z), total(first), total(second)


@compiled
def _inside(up: float, down: float, value: int, least: int, most: int) -> tuple[float, float]:
    """Return the costs of +1 and -1 at a sample of that value, neither of which may begin or end outside least...most."""
    return np.inf if value >= most or value < least else up, np.inf if value <= least or value > most else down


@compiled
def _add(
    up: np.ndarray, down: np.ndarray, count: int, factor: float, least: float,
    log_z: np.ndarray, first: np.ndarray, second: np.ndarray,
) -> None:  # fmt: skip
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
def survey_alike(rho: np.ndarray, out: np.ndarray) -> None:
    """Fill out (B, 5) as `survey` does for two arrays that are this one, rho (B, n), without covers."""
    for b in range(rho.shape[0]):
        two, wrong, cheaper = 0, 0, 0.0
        for i in range(rho.shape[1]):
            cost = rho[b, i]
            wrong += not cost >= 0
            two += cost < np.inf
            cheaper += cost if cost < np.inf else 0.0
        out[b, 0], out[b, 1], out[b, 2], out[b, 3], out[b, 4] = 0, two, cheaper, 2 * cheaper / 3, 2 * wrong


@compiled
def moments_alike(rho: np.ndarray, lam: np.ndarray, floor: np.ndarray, out: np.ndarray) -> None:
    """Fill out (B, 3) as `moments` does for two arrays that are this one, rho (B, n)."""
    lanes = np.empty((3, LANES))
    for b in range(rho.shape[0]):
        out[b, 0], out[b, 1], out[b, 2] = _row_moments_alike(rho[b], lam[b], floor[b], lanes)


@compiled
def solve_alike(
    rho: np.ndarray, floor: np.ndarray, target: np.ndarray, distortion: bool, tolerance: float, steps: int, u: np.ndarray
) -> None:
    """Move u = ln lambda (B,) as `solve` does for two arrays that are this one, rho (B, n): one exponential a sample."""
    lanes = np.empty((3, LANES))
    for b in range(rho.shape[0]):
        low, high = -np.inf, np.inf
        for _ in range(steps):
            log_z, mean, variance = _row_moments_alike(rho[b], np.exp(u[b]), floor[b], lanes)
            value, slope = _level(u[b], log_z, mean, variance, distortion)
            if abs(value - target[b]) <= tolerance * target[b]:
                break
            low, high = (u[b], high) if value > target[b] else (low, u[b])
            u[b] = nearer(u[b], low, high, value, slope, target[b])


@compiled
def _row_moments_alike(rho: np.ndarray, factor: float, floor: float, lanes: np.ndarray) -> tuple[float, float, float]:
    log_z, first, second, logs = lanes[0], lanes[1], lanes[2], 0.0
    log_z[:], first[:], second[:] = 1, 0, 0
    for start in range(0, len(rho), LANES):
        part = rho[start : start + LANES]
        if len(part) == LANES:  # written twice, so that the compiler knows the length of the first one
            _add_alike(part, LANES, factor, floor, log_z, first, second)
        else:
            _add_alike(part, len(part), factor, floor, log_z, first, second)
        if start % (LANES * FLUSH) == 0:
            logs += total_log(log_z)
            log_z[:] = 1
    return logs + total_log(log_z), total(first), total(second)


@compiled
def _add_alike(
    rho: np.ndarray, count: int, factor: float, least: float, log_z: np.ndarray, first: np.ndarray, second: np.ndarray
) -> None:
    for k in range(count):
        x = min(factor * max(rho[k], least), NEVER)
        p = exp_of_negative(-x)
        z = 1 + p + p
        mean = 2 * x * p / z
        first[k] += mean
        second[k] += x * mean - mean * mean
        log_z[k] *= z


@compiled
def fill_probabilities_alike(rho: np.ndarray, lam: np.ndarray, floor: np.ndarray, out: np.ndarray) -> None:
    """Fill out (B, n) with exp(-lambda rho) / Z of both ways, whose costs are rho (B, n)."""
    for b in range(rho.shape[0]):
        _row_probabilities_alike(rho[b], lam[b], floor[b], out[b])


@compiled
def _row_probabilities_alike(rho: np.ndarray, factor: float, least: float, out: np.ndarray) -> None:
    for i in range(len(rho)):
        p = exp_of_negative(-min(factor * max(rho[i], least), NEVER))
        out[i] = p / (1 + p + p)


@compiled
def fill_probabilities(
    plus: np.ndarray, minus: np.ndarray, lam: np.ndarray, floor: np.ndarray, raised: np.ndarray, lowered: np.ndarray
) -> None:
    """Fill raised, lowered (B, n) with exp(-lambda rho) / Z."""
    for b in range(plus.shape[0]):
        _row_probabilities(plus[b], minus[b], lam[b], floor[b], raised[b], lowered[b])


@compiled
def _row_probabilities(
    plus: np.ndarray, minus: np.ndarray, factor: float, least: float, raised: np.ndarray, lowered: np.ndarray
) -> None:
    for i in range(len(plus)):
        p = exp_of_negative(-min(factor * max(plus[i], least), NEVER))
        q = exp_of_negative(-min(factor * max(minus[i], least), NEVER))
        z = 1 + p + q
        raised[i], lowered[i] = p / z, q / z


@compiled
def change(
    values: np.ndarray, plus: np.ndarray, minus: np.ndarray, alike: bool, lam: np.ndarray, floor: np.ndarray,
    starts: np.ndarray, constants: np.ndarray, first: int, last: int,
) -> None:  # fmt: skip
    """Change the samples first...last - 1 of whole `values` (B, n) at random, in place, one draw a sample.

    The probabilities are those of `fill_probabilities`, or with `alike` of `fill_probabilities_alike`, the draws those of
    `seeds_loops.fill_uniforms`; both are made BLOCK at a time and stay in the cache.
    """
    drawn, raised, lowered = np.empty(BLOCK), np.empty(BLOCK, plus.dtype), np.empty(BLOCK, plus.dtype)
    for b in range(plus.shape[0]):
        for start in range(first, last, BLOCK):
            stop = min(start + BLOCK, last)
            r, up, down = drawn[: stop - start], raised[: stop - start], lowered[: stop - start]
            seeds_loops.fill_row(starts[b] + np.uint64(start) * constants[0], constants, r)
            if alike:
                _row_probabilities_alike(plus[b, start:stop], lam[b], floor[b], up)
                _change(values[b, start:stop], r, up, up)
            else:
                _row_probabilities(plus[b, start:stop], minus[b, start:stop], lam[b], floor[b], up, down)
                _change(values[b, start:stop], r, up, down)


@compiled
def _change(values: np.ndarray, r: np.ndarray, raised: np.ndarray, lowered: np.ndarray) -> None:
    for i in range(len(r)):
        up = r[i] < raised[i]
        down = r[i] < np.float64(raised[i]) + lowered[i]
        values[i] += 2 * up - (up | down)
