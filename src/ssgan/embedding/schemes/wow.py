"""WOW: a change is expensive as soon as one of the three directions predicts its sample well.

V. Holub, J. Fridrich, "Designing steganographic distortion using directional filters", WIFS 2012.
"""

from __future__ import annotations

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.compute.threads import filled_by_rows
from ssgan.embedding.costs import WET, Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.schemes import wavelet_loops
from ssgan.images import filters

CEILING = 1e10  # of the authors' code: what costs more is wet


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return rho = (sum over k of xi_k^p)^(-1/p) with p = -1, Eq. (4), of the suitabilities xi_k = |K_k| correlated with
    |R_k|.
    """
    # Where the image is smooth, a residual is the small difference of large sums: double precision, whatever is asked for.
    if is_tensor(covers):
        rho = filled_by_rows(covers.double(), _fill, _formula)
        rho = torch.where(rho > CEILING, rho.new_tensor(WET), rho).to(covers.dtype)
        return Costs(plus=rho, minus=rho)
    made = filled_by_rows(covers.astype(np.float64, copy=False), _fill, _formula)
    made[made > CEILING] = WET
    made = made.astype(covers.dtype, copy=False)
    return Costs(plus=made, minus=made)


def _formula(pixels: torch.Tensor) -> torch.Tensor:
    bordered = filters.mirror(pixels, filters.WAVELET_REACH)  # (N, C, H + 30, W + 30)
    rho = torch.zeros_like(pixels)
    for kernel, residual in zip(filters.WAVELET_BANK, filters.residuals(bordered, filters.WAVELET_BANK), strict=True):
        suitability = filters.correlate(residual.abs(), kernel.magnitude())  # (N, C, H, W)
        rho = rho + 1 / suitability
    return rho


def _fill(planes: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    wavelet_loops.fill_costs(planes, filters.WAVELET_TAPS, 0.0, first, last, out)


ROW = SchemeEntry(
    costs, "WOW", "expensive where one of three wavelet directions predicts the sample well",
    "rho = sum over k of 1 / (|K_k| * |K_k * X|)",
    "V. Holub, J. Fridrich, Designing steganographic distortion using directional filters, WIFS 2012",
    reach=filters.WAVELET_REACH, takes_arrays=True,
)  # fmt: skip
