"""Compile the elimination over GF(2) of `header.py`: rows of 128 bits as two int64."""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.compiled import compiled


@compiled
def reduce_row(row: np.ndarray, sums: np.ndarray, basis: np.ndarray, has: np.ndarray, basis_sums: np.ndarray) -> Any:
    """Subtract from `row` (2,) what of `basis` (128, 2) clears its bits; the first bit that none clears, or -1.

    has bool (128,): which bits a row of the basis begins with. `sums` (2,) follows, with `basis_sums` (128, 2).
    """
    for bit in range(128):
        if row[bit >> 6] >> (bit & 63) & 1:
            if not has[bit]:
                return bit
            for half in range(2):
                row[half] ^= basis[bit, half]
                sums[half] ^= basis_sums[bit, half]
    return -1


@compiled
def independent(rows: np.ndarray, candidates: np.ndarray, chosen: np.ndarray, basis: np.ndarray, sums: np.ndarray) -> int:
    """Find the first independent ones of rows int64 (n, 2) among `candidates` int64 (m,), in order; return how many.

    chosen (128,) takes their numbers, basis (128, 2) a basis by leading bits, sums (128, 2) which chosen ones each is made of.
    """
    has = np.zeros(128, np.bool_)
    row, made = np.empty(2, np.int64), np.empty(2, np.int64)
    count = 0
    for i in range(len(candidates)):
        if count == 128:
            break
        row[:] = rows[candidates[i]]
        made[:] = 0
        leading = reduce_row(row, made, basis, has, sums)
        if leading >= 0:
            made[count >> 6] ^= np.int64(1) << (count & 63)
            basis[leading] = row
            sums[leading] = made
            has[leading] = True
            chosen[count] = candidates[i]
            count += 1
    return count
