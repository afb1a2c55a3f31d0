"""Compile co-occurrences weighed by change probabilities: a window adds the largest probability of its four samples.

Levels and probabilities of a strip are one long row each; a window is four places in it, a fixed distance apart.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.steganalysis.features.cooccurrence_loops import ACROSS, BINS, DOWN, LEVELS, WINDOW, merge_bins
from ssgan.steganalysis.features.residuals_loops import extreme, filter_strip, lay_out, quantize, stride_of, strip_rows


@compiled
def fill_weighted_bank(
    images: np.ndarray, weights: np.ndarray, windows: np.ndarray, taps: np.ndarray, border: int, thresholds: np.ndarray,
    members: np.ndarray, kinds: np.ndarray, merges: np.ndarray, places: np.ndarray, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill the features of one bank of residuals, in their places in out (N, D) float64.

    `weights` float64 (N, C, H, W), and `windows` (2, 4, 2): row and column of a window's four samples, in scans along and
    down; all else as in `cooccurrence_loops.fill_bank`. A window whose samples all weigh nothing is not counted.
    """
    height, width = images.shape[2] - 2 * border, images.shape[3] - 2 * border
    stride = stride_of(images.shape[3])
    rows = strip_rows(height, stride)
    length = (rows + WINDOW) * stride
    samples, plane = np.empty(length + (2 * border + 1) * stride, np.uint8), np.zeros(length, np.uint8)
    residuals, levels = np.empty((len(taps), length), np.int16), np.empty((len(taps), length), np.uint8)
    largest_weight, index = np.empty((2, rows * stride)), np.empty(rows * stride, np.uint16)
    tables, totals = np.empty((2, BINS)), np.empty(2)
    counts = np.empty((len(thresholds), len(members), 2, 2, BINS))
    for n in range(len(images)):
        counts[:], totals[:] = 0, 0
        for c in range(images.shape[1]):
            for top in range(0, height, rows):
                lay_out(images[n, c], top, stride, samples)
                for b in range(len(taps)):
                    filter_strip(samples, stride, taps[b], residuals[b])
                inside = weights[n, c, border + top : border + height, border : border + width]
                for way in range(2):
                    # As in SRM, each channel is normalized like a single one.
                    totals[way] += _weigh(inside, windows[way], stride, largest_weight[way]) / images.shape[1]
                for q in range(len(thresholds)):
                    for b in range(len(taps)):
                        quantize(residuals[b], thresholds[q], levels[b])
                    for p in range(len(members)):
                        for largest in range(1 if kinds[p] == 1 else 2):
                            for way in range(2):
                                tables[:] = 0
                                for i in range(members.shape[2]):
                                    if members[p, way, i]:
                                        extreme(levels, members[p, way, i], largest == 1, plane)
                                        _add_weights(plane, windows[way], stride, largest_weight[way], index, tables)
                                for i in range(BINS):
                                    counts[q, p, way, largest, i] += tables[0, i] + tables[1, i]
        for q in range(len(thresholds)):
            for p in range(len(members)):
                across, down = (members[p, ACROSS] != 0).sum() * totals[ACROSS], (members[p, DOWN] != 0).sum() * totals[DOWN]
                merge_bins(counts[q, p], across, down, merges[kinds[p]], kinds[p] == 1, out[n, places[q, p] :])


@compiled
def _weigh(inside: np.ndarray, window: np.ndarray, stride: int, out: np.ndarray) -> float:
    """Fill out with the largest weight in the window at each position of the strip, 0 where there is none; return their sum."""
    out[:] = 0
    total = 0.0
    deepest, widest = window[:, 0].max(), window[:, 1].max()
    for y in range(min(len(out) // stride, inside.shape[0] - deepest)):
        for x in range(inside.shape[1] - widest):
            weight = 0.0
            for k in range(WINDOW):
                weight = max(weight, inside[y + window[k, 0], x + window[k, 1]])
            out[y * stride + x] = weight
            total += weight
    return total


@compiled
def _add_weights(
    plane: np.ndarray, window: np.ndarray, stride: int, weights: np.ndarray, index: np.ndarray, tables: np.ndarray
) -> None:
    """Add the weight of each position to the bin of its window."""
    a, b, c, d = (
        plane[window[0, 0] * stride + window[0, 1] :],
        plane[window[1, 0] * stride + window[1, 1] :],
        plane[window[2, 0] * stride + window[2, 1] :],
        plane[window[3, 0] * stride + window[3, 1] :],
    )
    for i in range(len(index)):
        index[i] = ((np.uint16(a[i]) * LEVELS + np.uint16(b[i])) * LEVELS + np.uint16(c[i])) * LEVELS + np.uint16(d[i])
    for i in range(0, len(index), 2):
        tables[0, index[i]] += weights[i]
        tables[1, index[i + 1]] += weights[i + 1]
