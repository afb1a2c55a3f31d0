"""Compile the list decoder of `polar.py`.

All paths compute a layer at the same time, so each writes into its own row and a fork exchanges only numbers of rows.
"""

from __future__ import annotations

import math

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def decode_list(ratios: np.ndarray, is_frozen: np.ndarray, decided: np.ndarray, costs: np.ndarray) -> None:
    """Fill `decided` uint8 (n, K) with up to n candidates and `costs` float64 (n,), infinite where there are fewer.

    ratios float64 (N,), N a power of two; is_frozen bool (N,), with K places that are not.
    """
    length, most, size = len(ratios), len(costs), decided.shape[1]
    layers = 0
    while (1 << layers) < length:
        layers += 1
    # Layer k has length >> k values a path, at offset starts[k]; layer 0 is the channel's and the same for all.
    starts = np.zeros(layers + 2, np.int64)
    for layer in range(1, layers + 1):
        starts[layer + 1] = starts[layer] + (length >> layer)
    total = starts[layers + 1]
    values, lefts = np.zeros((most, total)), np.zeros((most, total), np.uint8)
    value_rows, left_rows = np.zeros((layers + 1, most), np.int64), np.zeros((layers + 1, most), np.int64)
    kept_rows = np.zeros(most, np.int64)
    work, other = np.zeros(length, np.uint8), np.zeros(length, np.uint8)
    parents, bits = np.zeros((size, most), np.int64), np.zeros((size, most), np.uint8)
    path_costs, leaf, last = np.zeros(most), np.zeros(most), np.zeros(most, np.uint8)
    forks, next_costs = np.zeros(2 * most), np.zeros(most)
    active, known = 1, 0
    for place in range(length):
        begin = 1
        if place:
            begin = layers
            rest = place
            while rest & 1 == 0:
                rest >>= 1
                begin -= 1
        for layer in range(begin, layers + 1):
            width, start = length >> layer, starts[layer]
            is_right = (place >> (layers - layer)) & 1
            for path in range(active):
                if layer == 1:
                    source = ratios
                else:
                    source = values[value_rows[layer - 1, path]][starts[layer - 1] : starts[layer]]
                row = values[path]
                if is_right:
                    left = lefts[left_rows[layer, path]]
                    for j in range(width):
                        first = -source[j] if left[start + j] else source[j]
                        row[start + j] = source[j + width] + first
                else:
                    for j in range(width):
                        a, b = source[j], source[j + width]
                        least = min(abs(a), abs(b))
                        together = math.log1p(math.exp(-abs(a + b))) - math.log1p(math.exp(-abs(a - b)))
                        row[start + j] = (least if (a < 0) == (b < 0) else -least) + together
            for path in range(active):
                value_rows[layer, path] = path
        for path in range(active):
            leaf[path] = values[value_rows[layers, path], starts[layers]]
        if is_frozen[place]:
            for path in range(active):
                path_costs[path] += _surprise(leaf[path])
                last[path] = 0
        else:
            for path in range(active):
                forks[2 * path] = path_costs[path] + _surprise(leaf[path])
                forks[2 * path + 1] = path_costs[path] + _surprise(-leaf[path])
            order = np.argsort(forks[: 2 * active], kind="mergesort")
            active = min(2 * active, most)
            for path in range(active):
                parents[known, path], bits[known, path] = order[path] >> 1, order[path] & 1
                next_costs[path] = forks[order[path]]
                last[path] = bits[known, path]
            for path in range(active):
                path_costs[path] = next_costs[path]
            for layer in range(1, layers + 1):
                for path in range(active):
                    kept_rows[path] = value_rows[layer, parents[known, path]]
                for path in range(active):
                    value_rows[layer, path] = kept_rows[path]
                for path in range(active):
                    kept_rows[path] = left_rows[layer, parents[known, path]]
                for path in range(active):
                    left_rows[layer, path] = kept_rows[path]
            known += 1
        # A finished right half joins its left one, up to the layer where a left half ends.
        top = layers
        while top > 0 and (place >> (layers - top)) & 1:
            top -= 1
        for path in range(active):
            work[0] = last[path]
            width = 1
            for layer in range(layers, top, -1):
                left, start = lefts[left_rows[layer, path]], starts[layer]
                for j in range(width):
                    other[j], other[j + width] = left[start + j] ^ work[j], work[j]
                width *= 2
                for j in range(width):
                    work[j] = other[j]
            if top > 0:
                for j in range(width):
                    lefts[path, starts[top] + j] = work[j]
        for path in range(active):
            left_rows[top, path] = path
    for path in range(active):
        costs[path], row_number = path_costs[path], path
        for number in range(size - 1, -1, -1):
            decided[path, number] = bits[number, row_number]
            row_number = parents[number, row_number]


@compiled
def _surprise(ratio: float) -> float:
    """Return -log P(0) of a bit with log P(0) / P(1) = ratio."""
    return max(-ratio, 0.0) + math.log1p(math.exp(-abs(ratio)))
