"""S-UNIWARD: the relative change of the wavelet coefficients that a changed sample affects.

V. Holub, J. Fridrich, T. Denemark, "Universal distortion function for steganography in an arbitrary domain",
EURASIP Journal on Information Security 2014:1.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.lazy_torch import Values, torch
from ssgan.compute.threads import filled_by_rows
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.schemes import wavelet_loops
from ssgan.images import filters

SIGMA = 1.0  # stabilizes the quotient in the spatial domain, section 5 of the paper


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return rho = sum over k of |K_k| correlated with 1 / (sigma + |R_k|): Eq. (5) for the change of one sample by one."""
    rho = filled_by_rows(covers, _fill, _formula)
    return Costs(plus=rho, minus=rho)


def _formula(covers: torch.Tensor) -> torch.Tensor:
    bordered = filters.mirror(covers, filters.WAVELET_REACH)  # (N, C, H + 30, W + 30)
    rho = torch.zeros_like(covers)
    for kernel, residual in zip(filters.WAVELET_BANK, filters.residuals(bordered, filters.WAVELET_BANK), strict=True):
        susceptibility = 1 / (SIGMA + residual.abs())  # (N, C, H + 15, W + 15)
        rho = rho + filters.correlate(susceptibility, kernel.magnitude())
    return rho


def _fill(planes: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    bank = filters.WAVELET_TAPS.astype(planes.dtype)
    wavelet_loops.fill_costs(planes, bank, planes.dtype.type(SIGMA), first, last, out)


ROW = SchemeEntry(
    costs, "S-UNIWARD", "the relative change of the wavelet coefficients that a change touches",
    "rho = sum over k of |K_k| * 1 / (1 + |K_k * X|)",
    "V. Holub, J. Fridrich, T. Denemark, Universal distortion function for steganography in an arbitrary domain, "
    "EURASIP J. Inf. Sec. 2014:1",
    reach=filters.WAVELET_REACH, takes_arrays=True,
)  # fmt: skip
