"""Price the coefficients of blocks by the wavelet coefficients that they affect, as J-UNIWARD and SI-UNIWARD do.

V. Holub, J. Fridrich, T. Denemark, "Universal distortion function for steganography in an arbitrary domain",
EURASIP Journal on Information Security 2014:1. The authors' programs read the residuals' windows one place too far down and to
the right (B. Lorch, M. Benes, arXiv 2305.19776); that is the option `original`, for comparisons with published results.

The change of a coefficient by one changes the pixels by an outer product of two cosines, and each kernel is an outer product,
too. So the sum over a window separates: rho of a block is q * sum over f of A_f X_f B_f^T, with X_f = 1 / (|R_f| + sigma) on
the block's window, and A_f, B_f the absolute correlations of the eight cosines with the taps down and along.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.threads import share_rows
from ssgan.embedding.entry import Prices
from ssgan.embedding.schemes import block_wavelets_loops
from ssgan.images import filters
from ssgan.images.coefficients import SIDE, Component
from ssgan.images.idct import component_pixels

SIGMA = 2.0**-6  # stabilizes the quotient, section 5 of the paper
ORIGINAL = "original"
TAPS = np.array([filters.DAUBECHIES8_LOW, filters.DAUBECHIES8_HIGH])  # the paper's taps, here as they correlate


def component_costs(component: Component, options: Collection[str]) -> Prices:
    """Return rho = sum over f and the window of |change of R_f| / (|R_f| + sigma), Eq. (4), of a change by one step."""
    rho = plane_costs(component_pixels(component), component.table, component.whole, original=ORIGINAL in options)
    return Prices(rho, rho)


def plane_costs(
    pixels: NDArray[Any], table: NDArray[np.integer[Any]], whole: tuple[int, int], *, original: bool = False
) -> NDArray[np.float64]:
    """Return rho, float64 (r, c, 8, 8), of the `whole` (r, c) blocks of pixels (H, W), by their quantization table (8, 8)."""
    rho = np.empty((*whole, SIDE, SIDE))
    steps = table.astype(np.float64)

    def fill(first: int, last: int) -> None:
        block_wavelets_loops.fill_costs(pixels, steps, TAPS, _reach(), SIGMA, int(original), first, last, rho)

    pixels = np.ascontiguousarray(pixels)
    if rho.size:
        share_rows(fill, rows=whole[0], samples=rho.size)
    return rho


@cache
def _reach() -> NDArray[np.float64]:
    """Return float64 (2, 8, 24): |full correlation| of the cosines with the low- and the high-pass taps, and a zero."""
    reach = np.zeros((2, SIDE, block_wavelets_loops.RING))
    for band, taps in enumerate(TAPS):
        for cosine, filled in zip(filters.cosine_bank(SIDE), reach[band], strict=True):
            filled[: block_wavelets_loops.WINDOW] = np.abs(np.correlate(cosine, taps, mode="full"))
    return reach
