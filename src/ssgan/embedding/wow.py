"""WOW: a change is dear as soon as one of the three directions predicts its place well.

V. Holub, J. Fridrich, "Designing steganographic distortion using directional filters", WIFS 2012.
"""

from __future__ import annotations

import torch

from ssgan import filters
from ssgan.embedding.costs import WET, Costs

CEILING = 1e10  # of the authors' code: what costs more is wet


def costs(covers: torch.Tensor, payload: float) -> Costs:
    """rho = (sum over k of xi_k^p)^(-1/p) with p = -1, Eq. (4), of the suitabilities xi_k = |K_k| correlated with |R_k|."""
    # Where the image is smooth, a residual is the small difference of large sums: double precision until it is taken.
    bordered = filters.mirror(covers, filters.WAVELET_REACH).double()  # (N, C, H + 30, W + 30)
    rho = torch.zeros_like(covers)
    for kernel, residual in zip(filters.WAVELET_BANK, filters.residuals(bordered, filters.WAVELET_BANK), strict=True):
        suitability = filters.correlate(residual.abs().to(covers.dtype), kernel.magnitude())  # (N, C, H, W)
        rho = rho + 1 / suitability
    rho = torch.where(rho > CEILING, rho.new_tensor(WET), rho)
    return Costs(plus=rho, minus=rho)
