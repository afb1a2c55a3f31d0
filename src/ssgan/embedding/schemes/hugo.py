"""HUGO-BD: costs of the changes to triples of neighboring differences, where rare triples (rough places) weigh little.

The distortion is bounded by a sum of local potentials: a triple of consecutive differences c that becomes c' costs
w(c) + w(c'), w(d) = 1 / (sigma + |d|). This is the form of HUGO in common use; the original is in hugo2010.py.
T. Filler, J. Fridrich, "Gibbs construction in steganography", IEEE TIFS 5(4), 2010, section VII; parameters and borders as in
V. Holub's code (DDE Lab, Binghamton, 2012): sigma = gamma = 1, mirrored borders, no truncation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor, torch
from ssgan.compute.threads import compiled_serves, share_rows
from ssgan.embedding.costs import Costs
from ssgan.embedding.entry import SchemeEntry
from ssgan.images import filters

SIGMA = 1.0
MARGIN = 3  # a change disturbs triples of differences, so pixels up to three steps away matter
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))  # steps (down, right) along the four lines through a pixel
CHUNK_SAMPLES = 1 << 22  # samples worked on at a time in torch, about 30 temporaries of this size


def costs(covers: Values, payload: float) -> Costs[Values]:
    """Return rho+ and rho- of float32 or float64 covers (N, C, H, W); the payload plays no part.

    Compiled loops on the processor (as many threads as torch uses); torch elsewhere and where gradients are wanted. Both take
    any real gray values, and differentiability ends only where all three differences of a triple vanish: there the
    subgradient 0 is taken.
    """
    made: Any
    if not is_tensor(covers):
        made = _costs_compiled(covers)
    elif compiled_serves(covers):
        made = (torch.from_numpy(rho) for rho in _costs_compiled(covers.detach().numpy()))
    else:
        made = _costs_torch(covers)
    return Costs(*made)


def _costs_compiled(covers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from ssgan.embedding.schemes.hugo_loops import fill_costs  # here, so that importing a scheme does not start the compiler

    planes = np.ascontiguousarray(covers).reshape(-1, *covers.shape[2:])
    plus, minus = np.empty_like(planes), np.empty_like(planes)
    one = planes.dtype.type(1)
    rows = planes.shape[0] * planes.shape[1]
    share_rows(lambda first, last: fill_costs(planes, plus, minus, first, last, one), rows=rows, samples=planes.size)
    return plus.reshape(covers.shape), minus.reshape(covers.shape)


def _costs_torch(covers: torch.Tensor) -> Costs:
    """Return costs by chunks of planes, or of rows of one plane, each computed again in the backward pass."""
    from torch.utils.checkpoint import checkpoint

    height, width = covers.shape[-2:]
    padded = filters.mirror(covers.flatten(0, 1), MARGIN)  # (P, H + 6, W + 6)
    planes = max(1, CHUNK_SAMPLES // (height * width))
    rows = min(height, max(1, CHUNK_SAMPLES // width))
    plus, minus = [], []
    for some in torch.split(padded, planes):
        bands = [some[:, top : min(top + rows, height) + 2 * MARGIN] for top in range(0, height, rows)]
        parts = [
            checkpoint(_band_costs, band, use_reentrant=False) if band.requires_grad else _band_costs(band) for band in bands
        ]
        plus.append(torch.cat([part[0] for part in parts], dim=1))
        minus.append(torch.cat([part[1] for part in parts], dim=1))
    return Costs(torch.cat(plus).view_as(covers), torch.cat(minus).view_as(covers))


def _band_costs(padded: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rho+ and rho- (P, H, W) from planes (P, H + 6, W + 6)."""
    height, width = padded.shape[1] - 2 * MARGIN, padded.shape[2] - 2 * MARGIN
    inside = padded[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
    plus, minus = torch.zeros_like(inside), torch.zeros_like(inside)
    for down, right in DIRECTIONS:
        pixels = [
            padded[:, MARGIN + k * down : MARGIN + k * down + height, MARGIN + k * right : MARGIN + k * right + width]
            for k in range(-MARGIN, MARGIN + 1)
        ]
        d = [a - b for a, b in zip(pixels[:-1], pixels[1:], strict=True)]
        outer = [d[0] ** 2, d[1] ** 2, d[4] ** 2, d[5] ** 2]
        same = _kept(padded, down, right, height, width)
        for total, change in ((plus, 1), (minus, -1)):  # raising the pixel lowers the difference before it, raises the next
            before, after = (d[2] - change) ** 2, (d[3] + change) ** 2
            total += same
            total += _weight(outer[0] + outer[1] + before) + _weight(outer[1] + before + after)
            total += _weight(before + after + outer[2]) + _weight(after + outer[2] + outer[3])
    return plus, minus


def _kept(padded: torch.Tensor, down: int, right: int, height: int, width: int) -> torch.Tensor:
    """Return (P, H, W): the weights of the four undisturbed triples that hold each pixel; each triple is weighed once."""
    top, left = MARGIN - MARGIN * down, MARGIN - MARGIN * max(right, 0)
    tall, wide = height + MARGIN * down, width + MARGIN * abs(right)
    at = [padded[:, top + k * down :, left + k * right :][:, :tall, :wide] for k in range(MARGIN + 1)]
    weights = _weight((at[0] - at[1]) ** 2 + (at[1] - at[2]) ** 2 + (at[2] - at[3]) ** 2)
    start = MARGIN * max(-right, 0)
    around = [weights[:, k * down :, start + k * right :][:, :height, :width] for k in range(MARGIN + 1)]
    return around[0] + around[1] + around[2] + around[3]


def _weight(energy: torch.Tensor) -> torch.Tensor:
    """Return w of a triple from its squared norm, with the gradient 0 instead of NaN where the norm is 0."""
    if energy.requires_grad:
        flat = energy == 0
        return 1 / (SIGMA + torch.where(flat, 1, energy).sqrt() * ~flat)
    return 1 / (SIGMA + energy.sqrt())


ROW = SchemeEntry(
    costs, "HUGO-BD", "what a change does to weighted triples of neighboring differences, bounded from above",
    "rho+- = sum over 16 triples of w(d) + w(d'), w(d) = 1 / (1 + |d|)",
    "T. Filler, J. Fridrich, Gibbs construction in steganography, IEEE TIFS 5(4), 2010; after T. Pevny, T. Filler, P. Bas, "
    "Information Hiding 2010", reach=MARGIN, takes_arrays=True,
)  # fmt: skip
