"""Compile the inverse DCT of `idct.py` that libjpeg takes by default ("islow"): integers, two passes, the factors of 13 bits.

The flow graph is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989): 11 multiplications for 8 values.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

_BITS = 13  # of the factors behind the point
_KEPT = 2  # bits kept between the passes
_HALF_COLUMNS = 1 << (_BITS - _KEPT - 1)
_HALF_ROWS = 1 << (_BITS + _KEPT + 2)


@compiled
def inverse_dct(blocks: np.ndarray, table: np.ndarray, out: np.ndarray) -> None:
    """Fill out uint8 (8 R, 8 C) with the pixels of blocks int16 (R, C, 8, 8), quantized by table uint16 (8, 8)."""
    between = np.empty((8, 8), np.int64)
    line = np.empty(8, np.int64)
    steps = table.astype(np.int64)
    for r in range(blocks.shape[0]):
        for c in range(blocks.shape[1]):
            block = blocks[r, c]
            for j in range(8):
                _transform(
                    block[0, j] * steps[0, j], block[1, j] * steps[1, j], block[2, j] * steps[2, j], block[3, j] * steps[3, j],
                    block[4, j] * steps[4, j], block[5, j] * steps[5, j], block[6, j] * steps[6, j], block[7, j] * steps[7, j],
                    line,
                )  # fmt: skip
                for i in range(8):
                    between[i, j] = (line[i] + _HALF_COLUMNS) >> (_BITS - _KEPT)
            for i in range(8):
                row = between[i]
                _transform(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], line)
                for j in range(8):
                    value = ((line[j] + _HALF_ROWS) >> (_BITS + _KEPT + 3)) + 128
                    out[8 * r + i, 8 * c + j] = min(max(value, 0), 255)


@compiled
def _transform(a0: int, a1: int, a2: int, a3: int, a4: int, a5: int, a6: int, a7: int, out: np.ndarray) -> None:
    """Fill out int64 (8,) with the inverse transform of eight values, times 2^13 sqrt(8)."""
    z = (a2 + a6) * 4433
    low = z - a6 * 15137
    high = z + a2 * 6270
    total = (a0 + a4) << _BITS
    difference = (a0 - a4) << _BITS
    e0, e3 = total + high, total - high
    e1, e2 = difference + low, difference - low
    z5 = (a7 + a3 + a5 + a1) * 9633
    z1 = (a7 + a1) * -7373
    z2 = (a5 + a3) * -20995
    z3 = (a7 + a3) * -16069 + z5
    z4 = (a5 + a1) * -3196 + z5
    o0 = a7 * 2446 + z1 + z3
    o1 = a5 * 16819 + z2 + z4
    o2 = a3 * 25172 + z2 + z3
    o3 = a1 * 12299 + z1 + z4
    out[0], out[7] = e0 + o3, e0 - o3
    out[1], out[6] = e1 + o2, e1 - o2
    out[2], out[5] = e2 + o1, e2 - o1
    out[3], out[4] = e3 + o0, e3 - o0
