"""Compile MiPOD for the processor: the local variance strip by strip, and the search for the change probabilities.

The formulas are those of `mipod.py` and `deflection.py`; their torch form is differentiated, and is the reference of the tests.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.compute.exp_loops import exp_of_negative, rough_log
from ssgan.compute.plain_loops import total, total_log
from ssgan.embedding.coders.gibbs_loops import FLUSH, LANES, nearer
from ssgan.images.filters_loops import correlate_rows, mirror, strip_height


@compiled
def fill_variance(planes: np.ndarray, basis: np.ndarray, degree: int, first: int, last: int, out: np.ndarray) -> None:
    """Fill out with the energy of each 9 x 9 block outside the cosines with i + j < degree, per degree of freedom.

    For the rows first...last - 1, counted through all planes (P, H, W); `basis` (9, 9), lowest frequency first.
    """
    _, height, width = planes.shape
    block = len(basis)
    reach = block // 2
    strip = min(strip_height(width), height)
    bordered = np.empty((strip + 2 * reach, width + 2 * reach), planes.dtype)
    rows = np.empty((strip + 2 * reach, width), planes.dtype)
    share = planes.dtype.type(1 / (block**2 - degree * (degree + 1) // 2))
    row = first
    while row < last:
        plane, top = row // height, row % height
        count = min(strip, height - top, last - row)
        energy = out[plane, top : top + count]
        energy[:] = 0
        mirror(planes[plane], top - reach, reach, bordered[: count + 2 * reach])
        for i in range(degree):
            correlate_rows(bordered[: count + 2 * reach], basis[i], rows[: count + 2 * reach], True)
            for j in range(degree - i, block):
                _add_squares(rows[: count + 2 * reach], basis[j], energy)
        energy *= share
        row += count


@compiled
def _add_squares(x: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """Add to out the square of the correlation of nine taps with the columns of x."""
    a, b, c, d, e, f, g, h, i = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6], taps[7], taps[8]
    for k in range(out.shape[0]):
        sums = out[k]
        r0, r1, r2, r3, r4 = x[k], x[k + 1], x[k + 2], x[k + 3], x[k + 4]
        r5, r6, r7, r8 = x[k + 5], x[k + 6], x[k + 7], x[k + 8]
        for n in range(len(sums)):
            s = (
                a * r0[n] + b * r1[n] + c * r2[n] + d * r3[n] + e * r4[n] + f * r5[n] + g * r6[n] + h * r7[n] + i * r8[n]
            )  # fmt: skip
            sums[n] += s * s


@compiled
def solve(fisher: np.ndarray, nats: float, tolerance: float, steps: int, u: np.ndarray, rho: np.ndarray) -> None:
    """Solve rho (2 + e^rho) = e^u I in each row of Fisher information (B, n), for the u (B,) of a mean entropy `nats`."""
    lanes = np.empty((3, LANES))
    for b in range(fisher.shape[0]):
        low, high, moved, polished = -np.inf, np.inf, np.inf, False
        for _ in range(steps):
            # Halley's steps cube the error, which is about u's last move; the last evaluation is at every sample's solution.
            corrections = 4 if moved > 0.3 or polished else 2 if moved > 1e-3 else 1
            entropy, slope = _spread(fisher[b], np.exp(u[b]), corrections, moved > 1, rho[b], lanes)
            if abs(entropy - nats) <= tolerance * nats:
                if polished:
                    break
                polished, moved = True, 0.0
                continue
            polished = False
            low, high = (u[b], high) if entropy > nats else (low, u[b])
            moved = -u[b]
            u[b] = nearer(u[b], low, high, entropy, slope, nats)
            moved = abs(moved + u[b])


@compiled
def _spread(
    fisher: np.ndarray, factor: float, corrections: int, fresh: bool, rho: np.ndarray, lanes: np.ndarray
) -> tuple[float, float]:
    """Return the mean entropy in nats and its slope in ln lambda, after a correction of rho, or of a fresh guess."""
    log_z, entropy, slope, logs = lanes[0], lanes[1], lanes[2], 0.0
    log_z[:], entropy[:], slope[:] = 1, 0, 0
    if fresh:
        for i in range(len(rho)):
            y = factor * fisher[i]
            rho[i] = y / 3 if y < 3 else rough_log(1 + y / 3)
    for start in range(0, len(rho), LANES):
        part, near = fisher[start : start + LANES], rho[start : start + LANES]
        if len(part) == LANES:  # written twice, so that the compiler knows the length of the first one
            _step(part, near, LANES, factor, corrections, log_z, entropy, slope)
        else:
            _step(part, near, len(part), factor, corrections, log_z, entropy, slope)
        if start % (LANES * FLUSH) == 0:
            logs += total_log(log_z)
            log_z[:] = 1
    return (logs + total_log(log_z) + total(entropy)) / len(rho), total(slope) / len(rho)


@compiled
def _step(
    fisher: np.ndarray, rho: np.ndarray, count: int, factor: float, corrections: int,
    log_z: np.ndarray, entropy: np.ndarray, slope: np.ndarray,
) -> None:  # fmt: skip
    for _ in range(corrections):
        for k in range(count):
            r = rho[k]
            t = exp_of_negative(-r)
            # f = e^-rho (rho (2 + e^rho) - lambda I), with the derivatives of the second factor
            f, df, ddf = r * (1 + 2 * t) - factor * fisher[k] * t, 1 + 2 * t + r, 2 + r
            newton = f / df
            rho[k] = max(r - newton / max(1 - newton * ddf / (2 * df), 0.5), r / 16)
    for k in range(count):
        r = rho[k]
        t = exp_of_negative(-r)
        z = 1 + 2 * t
        log_z[k] *= z
        entropy[k] += 2 * r * t / z
        # d entropy / d rho = -2 rho e^-rho / Z^2, and d rho / d ln lambda from the sample's equation
        slope[k] -= 2 * r * t / (z * z) / (1 / r + 1 / z)
