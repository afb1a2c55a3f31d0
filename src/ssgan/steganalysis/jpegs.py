"""Ask detectors about JPEGs: pixels from coefficients, and the quantization table that a detector is bound to.

What a detector learns of one table misleads at another: the mismatch is the commonest cause of false alarms.
"""

from __future__ import annotations

import numpy as np
import torch

from ssgan.errors import InvalidSetting
from ssgan.images import Images
from ssgan.images.coefficients import SIDE
from ssgan.images.idct import plane_pixels
from ssgan.images.quantization import Steps, Table, steps_of, table_name, table_of


def decompressed(coefficients: torch.Tensor, table: Table | None) -> Images:
    """Return the pixels that a decoder shows, uint8 (N, 1, H, W), of quantized coefficients int16 of that shape; without a
    table, pixels as they are.
    """
    if table is None:
        return coefficients
    pixels = plane_pixels(coefficients.detach().cpu().numpy(), table)
    return torch.from_numpy(pixels).to(coefficients.device)


def check_coefficients(coefficients: torch.Tensor, table: Table) -> None:
    """Raise InvalidSetting for what are no quantized coefficients (N, 1, H, W) of whole blocks, or no table."""
    shape = tuple(coefficients.shape)
    if coefficients.dtype != torch.int16 or len(shape) != 4 or shape[1] != 1 or shape[2] % SIDE or shape[3] % SIDE:
        raise InvalidSetting(
            f"coefficients are {coefficients.dtype} {shape}; expected int16 (N, 1, H, W), both sides multiples of {SIDE}",
            hint="give the quantized luma of whole blocks, side by side as in the picture",
        )
    if table.dtype != np.uint16 or table.shape != (SIDE, SIDE) or not table.all():
        raise InvalidSetting(
            f"the quantization table is {table.dtype} {table.shape}; expected uint16 ({SIDE}, {SIDE}), none of them 0",
            hint="give that of the JPEGs",
        )


def check_table(own: Steps | None, given: Table | None, *, mismatch: bool = False) -> None:
    """Raise InvalidSetting where images have another table than the detector learned from; None: pixels.

    With `mismatch`, JPEGs of any table may be asked about.
    """
    if own is None and given is None:
        return
    if own is None or given is None:
        learned, came = ("pixels", "coefficients of a JPEG") if own is None else ("JPEGs", "pixels")
        raise InvalidSetting(
            f"the detector learned from {learned}, and is asked about {came}", hint="give what it was trained on"
        )
    if own != steps_of(given) and not mismatch:
        raise InvalidSetting(
            f"the detector is bound to the quantization table that it learned from, {table_name(table_of(own))}; "
            f"these JPEGs have {table_name(given)}",
            hint="train a detector for their table",
        )
