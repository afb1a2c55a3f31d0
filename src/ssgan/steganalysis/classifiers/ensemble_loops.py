"""Compile the ensemble: features are read by columns, so that a learner touches only its own."""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def center(
    columns: np.ndarray, subspace: np.ndarray, drawn: np.ndarray, times: np.ndarray, out: np.ndarray, means: np.ndarray
) -> None:
    """Gather the drawn samples of the subspace's features, less the mean of their class.

    `columns` (D, 2 N) holds a feature a row, covers first; `drawn` are n different numbers below N, each drawn so many `times`.
    out (d, 2 n) = (feature - mean) sqrt(times / all times), so that out out' is the sum of the classes' covariances;
    means (d, 2).
    """
    count, half = len(drawn), columns.shape[1] // 2
    total = times.sum()
    roots = np.sqrt(times / total)
    for k in range(len(subspace)):
        row = columns[subspace[k]]
        for c in range(2):
            part, made = row[c * half : (c + 1) * half], out[k, c * count : (c + 1) * count]
            # Four sums side by side: one alone would wait for each addition to end.
            s0 = s1 = s2 = s3 = 0.0
            j = 0
            while j + 3 < count:
                s0 += times[j] * part[drawn[j]]
                s1 += times[j + 1] * part[drawn[j + 1]]
                s2 += times[j + 2] * part[drawn[j + 2]]
                s3 += times[j + 3] * part[drawn[j + 3]]
                j += 4
            while j < count:
                s0 += times[j] * part[drawn[j]]
                j += 1
            mean = (s0 + s1 + s2 + s3) / total
            means[k, c] = mean
            for i in range(count):
                made[i] = (part[drawn[i]] - mean) * roots[i]


@compiled
def solve(lower: np.ndarray, values: np.ndarray) -> None:
    """Replace `values` by x with (lower lower') x = values; `lower` is a lower triangular matrix (d, d)."""
    for i in range(len(values)):
        total = values[i]
        for j in range(i):
            total -= lower[i, j] * values[j]
        values[i] = total / lower[i, i]
    for i in range(len(values) - 1, -1, -1):
        values[i] /= lower[i, i]
        for j in range(i):
            values[j] -= lower[i, j] * values[i]


@compiled
def project(columns: np.ndarray, subspace: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    """Fill out (M,) with the subspace's features (D, M) times the weights (d,)."""
    out[:] = 0
    for k in range(len(subspace)):
        row, weight = columns[subspace[k]], weights[k]
        for j in range(len(out)):
            out[j] += weight * row[j]


@compiled
def project_rows(rows: np.ndarray, subspaces: np.ndarray, weights: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    """Fill out (N, L) with the L projections of an ensemble (L, d) of the images first...last - 1 with features `rows`
    (N, D).
    """
    for i in range(first, last):
        row = rows[i]
        for m in range(len(subspaces)):
            subspace, weight = subspaces[m], weights[m]
            total = 0.0
            for k in range(len(subspace)):
                total += weight[k] * row[subspace[k]]
            out[i, m] = total
