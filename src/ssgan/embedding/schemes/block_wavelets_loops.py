"""Compile `block_wavelets.py` for the processor: residuals in a ring of rows, then two products with the taps of the cosines.

The formula is that of `block_wavelets.py`. A row of blocks looks at 23 rows of residuals, 15 of which the next one needs
again, so both the rows filtered along and the susceptibilities are kept in rings of RING rows, and the taps of a product are
turned with the ring. Columns are parted by their place in a block: then the windows of all blocks of a row are read side by
side.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.compiled import compiled
from ssgan.images.filters_loops import correlate_rows

RING = 24  # rows kept: three times a block, one more than a window has
WINDOW = 23  # residuals a side that the change of a block reaches: 8 + 16 - 1
TAPS = 16  # of the wavelet
CHUNK = 128  # columns worked on at a time, so that the rings' part of them stays in the first-level cache


@compiled
def fill_costs(
    pixels: np.ndarray, steps: np.ndarray, bank: np.ndarray, reach: np.ndarray, sigma: float, shift: int, first: int,
    last: int, out: np.ndarray,
) -> None:  # fmt: skip
    """Fill out (R, C, 8, 8) with rho of the block rows first...last - 1 of a plane (H, W), H >= 8 R, W >= 8 C.

    `steps` (8, 8) are the quantization steps, `bank` (2, 16) the low- and the high-pass taps, `reach` (2, 8, 24) the absolute
    full correlation of each cosine with either, followed by a zero. `shift` moves all windows down and to the right.
    """
    columns = out.shape[1] + 2  # groups of eight that the windows reach into
    width = 8 * columns
    bordered = np.empty((8, width + TAPS - 1), np.float64)
    along = np.empty((2, RING, width), np.float64)
    residual = np.empty((8, width), np.float64)
    ring = np.zeros((3, RING, width), np.float64)  # of LH, HH and HL; its first garbage meets a tap of zero
    turned = np.zeros((3, 2, 8, RING), np.float64)
    for turn in range(3):
        for slot in range(RING):
            turned[turn, :, :, (slot + 8 * turn) % RING] = reach[:, :, slot]
    up = np.empty((8, width), np.float64)
    split = np.empty((2, 8, 8 * columns), np.float64)
    sums = np.empty((8, 8 * columns), np.float64)

    # Group g of eight residual rows begins at row 8 g - 15 + shift; a row of blocks needs the groups g, g + 1 and g + 2.
    # Such a row of residuals needs 16 rows filtered along, which are two groups more than itself.
    filtered = first
    for group in range(first, last + 2):
        while filtered < group + 3:
            _mirror(pixels, 8 * filtered - (TAPS - 1) + shift, shift - (TAPS - 1), bordered)
            place = 8 * (filtered % 3)
            for band in range(2):
                correlate_rows(bordered, bank[band], along[band, place : place + 8], True)
            filtered += 1
        place = 8 * (group % 3)
        for band in range(3):
            # LH, HH, HL: low or high down the columns, along the rows
            vertical, horizontal = (0, 1) if band == 0 else (1, 1) if band == 1 else (1, 0)
            _correlate_ring(along[horizontal], bank[vertical], place, residual)
            _susceptibility(residual, sigma, ring[band, place : place + 8])
        row = group - 2
        if row < first:
            continue
        taps = turned[row % 3]
        for start in range(0, width, CHUNK):
            stop = min(width, start + CHUNK)
            for k in range(8):
                part = up[k, start:stop]
                _weigh(ring[0, :, start:stop], taps[0, k], part, True)
                _weigh(ring[1, :, start:stop], taps[1, k], part, False)
        _part(up, split[0])
        for start in range(0, width, CHUNK):
            stop = min(width, start + CHUNK)
            for k in range(8):
                _weigh(ring[2, :, start:stop], taps[1, k], up[k, start:stop], True)
        _part(up, split[1])
        for side in range(8):
            _gather(split[0], reach[1, side], sums[side], True)
            _gather(split[1], reach[0, side], sums[side], False)
        _store(sums, steps, columns, out[row])


@compiled
def _mirror(pixels: np.ndarray, top: int, left: int, out: np.ndarray) -> None:
    """Fill out (8, n) with the pixels from (top, left) on, mirrored beyond the plane, the edge repeated."""
    height, width = pixels.shape
    inside = min(max(width - left, 0), out.shape[1])
    for i in range(out.shape[0]):
        y = (top + i) % (2 * height)
        row, filled = pixels[min(y, 2 * height - 1 - y)], out[i]
        begin = min(-left, inside)
        for j in range(begin, inside):
            filled[j] = row[left + j]
        for j in range(begin):
            x = (left + j) % (2 * width)
            filled[j] = row[min(x, 2 * width - 1 - x)]
        for j in range(inside, out.shape[1]):
            x = (left + j) % (2 * width)
            filled[j] = row[min(x, 2 * width - 1 - x)]


@compiled
def _correlate_ring(rows: np.ndarray, taps: np.ndarray, place: int, out: np.ndarray) -> None:
    """Correlate 16 taps down the columns of a ring (24, n) from row `place` on, for out (8, n)."""
    for i in range(8):
        total = out[i]
        for half in range(2):
            a, b, c, d = taps[8 * half], taps[8 * half + 1], taps[8 * half + 2], taps[8 * half + 3]
            e, f, g, h = taps[8 * half + 4], taps[8 * half + 5], taps[8 * half + 6], taps[8 * half + 7]
            k = place + i + 8 * half
            r0, r1, r2, r3 = rows[k % RING], rows[(k + 1) % RING], rows[(k + 2) % RING], rows[(k + 3) % RING]
            r4, r5, r6, r7 = rows[(k + 4) % RING], rows[(k + 5) % RING], rows[(k + 6) % RING], rows[(k + 7) % RING]
            if half == 0:
                for j in range(len(total)):
                    total[j] = (
                        a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j] + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
                    )  # fmt: skip
            else:
                for j in range(len(total)):
                    total[j] += (
                        a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j] + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
                    )  # fmt: skip


@compiled
def _susceptibility(residual: np.ndarray, sigma: float, out: np.ndarray) -> None:
    for i in range(8):
        row, filled = residual[i], out[i]
        for j in range(len(row)):
            filled[j] = 1 / (abs(row[j]) + sigma)


@compiled
def _weigh(rows: np.ndarray, taps: np.ndarray, out: np.ndarray, fresh: bool) -> None:
    """Compute out[j] = sum over t of taps[t] rows[t, j] of a ring of 24 rows, or add it to out."""
    for t in range(0, RING, 8):
        a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
        e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
        r0, r1, r2, r3 = rows[t], rows[t + 1], rows[t + 2], rows[t + 3]
        r4, r5, r6, r7 = rows[t + 4], rows[t + 5], rows[t + 6], rows[t + 7]
        if t == 0 and fresh:
            for j in range(len(out)):
                out[j] = a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j] + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]
        else:
            for j in range(len(out)):
                out[j] += a * r0[j] + b * r1[j] + c * r2[j] + d * r3[j] + e * r4[j] + f * r5[j] + g * r6[j] + h * r7[j]


@compiled
def _part(rows: np.ndarray, out: np.ndarray) -> None:
    """Part the columns of rows (8, 8 n) by their place in a block: out[p, k n + c] = rows[k, 8 c + p]."""
    columns = rows.shape[1] // 8
    for k in range(8):
        row = rows[k]
        for p in range(8):
            filled = out[p, k * columns : (k + 1) * columns]
            for c in range(columns):
                filled[c] = row[8 * c + p]


@compiled
def _gather(split: np.ndarray, taps: np.ndarray, out: np.ndarray, fresh: bool) -> None:
    """Compute out[j] = sum over t of taps[t] split[t % 8, j + t // 8], or add it to out; its last two are left alone."""
    count = len(out) - 2
    r0, r1, r2, r3, r4, r5, r6, r7 = split[0], split[1], split[2], split[3], split[4], split[5], split[6], split[7]
    for m in range(3):
        t = 8 * m
        a, b, c, d = taps[t], taps[t + 1], taps[t + 2], taps[t + 3]
        e, f, g, h = taps[t + 4], taps[t + 5], taps[t + 6], taps[t + 7]
        s0, s1, s2, s3, s4, s5, s6, s7 = r0[m:], r1[m:], r2[m:], r3[m:], r4[m:], r5[m:], r6[m:], r7[m:]
        if m == 0 and fresh:
            for j in range(count):
                out[j] = a * s0[j] + b * s1[j] + c * s2[j] + d * s3[j] + e * s4[j] + f * s5[j] + g * s6[j] + h * s7[j]
        else:
            for j in range(count):
                out[j] += a * s0[j] + b * s1[j] + c * s2[j] + d * s3[j] + e * s4[j] + f * s5[j] + g * s6[j] + h * s7[j]


@compiled
def _store(sums: np.ndarray, steps: np.ndarray, columns: int, out: np.ndarray) -> None:
    """Put sums[l, k n + c] times the step into out[c, k, l]."""
    for c in range(out.shape[0]):
        for k in range(8):
            place = k * columns + c
            for side in range(8):
                out[c, k, side] = sums[side, place] * steps[k, side]
