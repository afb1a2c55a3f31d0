"""The compiled loops behind `filters.correlate`: one-dimensional correlation along rows and along columns.

Each output row is built up in the first-level cache, eight, three or one taps at a time: the taps of a group are scalars, so
that all sums of a row run side by side in vector registers.
"""

from __future__ import annotations

import numpy as np

from ssgan.compiled import compiled


@compiled
def along_rows(x: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """out[p, i, j] = sum over t of taps[t] x[p, i, j + t]; x (P, H, W), out (P, H, W - len(taps) + 1)."""
    for p in range(out.shape[0]):
        for i in range(out.shape[1]):
            row = x[p, i]
            sums = out[p, i]
            sums[:] = 0
            t = 0
            while t + 8 <= len(taps):
                a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
                e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
                r = row[t:]
                for j in range(len(sums)):
                    sums[j] += (
                        a * r[j] + b * r[j + 1] + c * r[j + 2] + d * r[j + 3]
                        + e * r[j + 4] + f * r[j + 5] + g * r[j + 6] + h * r[j + 7]
                    )  # fmt: skip
                t += 8
            while t + 3 <= len(taps):
                a, b, c = taps[t], taps[t + 1], taps[t + 2]
                r = row[t:]
                for j in range(len(sums)):
                    sums[j] += a * r[j] + b * r[j + 1] + c * r[j + 2]
                t += 3
            while t < len(taps):
                a = taps[t]
                r = row[t:]
                for j in range(len(sums)):
                    sums[j] += a * r[j]
                t += 1


@compiled
def along_columns(x: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """out[p, i, j] = sum over t of taps[t] x[p, i + t, j]; x (P, H, W), out (P, H - len(taps) + 1, W)."""
    for p in range(out.shape[0]):
        for i in range(out.shape[1]):
            sums = out[p, i]
            sums[:] = 0
            t = 0
            while t + 8 <= len(taps):
                a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
                e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
                k = i + t
                r0, r1, r2, r3 = x[p, k], x[p, k + 1], x[p, k + 2], x[p, k + 3]
                r4, r5, r6, r7 = x[p, k + 4], x[p, k + 5], x[p, k + 6], x[p, k + 7]
                for j in range(len(sums)):
                    sums[j] += (
                        a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j]
                        + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
                    )  # fmt: skip
                t += 8
            while t + 3 <= len(taps):
                a, b, c = taps[t], taps[t + 1], taps[t + 2]
                r0, r1, r2 = x[p, i + t], x[p, i + t + 1], x[p, i + t + 2]
                for j in range(len(sums)):
                    sums[j] += a * r0[j] + b * r1[j] + c * r2[j]
                t += 3
            while t < len(taps):
                a = taps[t]
                r0 = x[p, i + t]
                for j in range(len(sums)):
                    sums[j] += a * r0[j]
                t += 1
