"""Compile the forward DCT of `fdct.py` that libjpeg takes by default ("islow"): integers, two passes, the factors of 13 bits.

The flow graph is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), as in `idct_loops.py`, read backwards.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled

_BITS = 13  # of the factors behind the point
_KEPT = 2  # bits kept between the passes


@compiled
def forward_dct(pixels: np.ndarray, table: np.ndarray, out: np.ndarray) -> None:
    """Fill out int16 (R, C, 8, 8) with the coefficients of pixels uint8 (8 R, 8 C), quantized by table uint16 (8, 8)."""
    between, line = np.empty((8, 8), np.int64), np.empty(8, np.int64)
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            for i in range(8):
                row = pixels[8 * r + i, 8 * c :]
                for j in range(8):
                    line[j] = np.int64(row[j]) - 128
                _transform(line, between[i])
                for j in range(8):
                    between[i, j] = _descaled(between[i, j], _BITS - _KEPT)
            for j in range(8):
                for i in range(8):
                    line[i] = between[i, j]
                _transform(line, line)
                for i in range(8):
                    value = _descaled(line[i], _BITS + _KEPT)
                    step = np.int64(table[i, j]) << 3
                    size = (abs(value) + (step >> 1)) // step
                    out[r, c, i, j] = size if value >= 0 else -size


@compiled
def _descaled(value: int, bits: int) -> int:
    return (value + (1 << (bits - 1))) >> bits


@compiled
def _transform(samples: np.ndarray, out: np.ndarray) -> None:
    """Fill out int64 (8,) with the transform of eight values, times 2^13 sqrt(8)."""
    a0, a7 = samples[0] + samples[7], samples[0] - samples[7]
    a1, a6 = samples[1] + samples[6], samples[1] - samples[6]
    a2, a5 = samples[2] + samples[5], samples[2] - samples[5]
    a3, a4 = samples[3] + samples[4], samples[3] - samples[4]
    total, difference, inner, high = a0 + a3, a0 - a3, a1 + a2, a1 - a2
    z = (high + difference) * 4433
    out[0], out[4] = (total + inner) << _BITS, (total - inner) << _BITS
    out[2], out[6] = z + difference * 6270, z - high * 15137
    z5 = (a4 + a6 + a5 + a7) * 9633
    z1, z2 = (a4 + a7) * -7373, (a5 + a6) * -20995
    z3, z4 = (a4 + a6) * -16069 + z5, (a5 + a7) * -3196 + z5
    out[7], out[5] = a4 * 2446 + z1 + z3, a5 * 16819 + z2 + z4
    out[3], out[1] = a6 * 25172 + z2 + z3, a7 * 12299 + z1 + z4
