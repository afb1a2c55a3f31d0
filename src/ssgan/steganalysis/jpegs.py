"""Ask features and detectors about JPEGs: check coefficients, take pixels from them, bind a detector to a quantization table.

What a detector learns of one table misleads at another: the mismatch is the commonest cause of false alarms.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.coefficients import SIDE
from ssgan.images.idct import plane_pixels
from ssgan.images.quantization import LARGEST_STEP, Steps, Table, steps_of, table_name, table_of

Planes: TypeAlias = "NDArray[np.int16] | torch.Tensor"  # quantized luma (N, 1, H, W), blocks of 8 x 8 side by side


def decompressed(coefficients: Values, table: Table | None) -> Values:
    """Return the pixels that a decoder shows, uint8 (N, 1, H, W), of quantized coefficients int16 of that shape; without a
    table, pixels as they are.
    """
    if table is None:
        return coefficients
    pixels: Any = plane_pixels(as_array(coefficients), table)
    return torch.from_numpy(pixels).to(coefficients.device) if is_tensor(coefficients) else pixels


def check_coefficients(coefficients: Planes, table: NDArray[np.integer[Any]], *, title: str) -> Table:
    """Check the quantized luma of whole blocks, and return its table, whole numbers of any type, as uint16 (8, 8).

    `title` is what looks at them. Raises InvalidSetting for anything else, RefusedImage where there is no block.
    """
    kind, shape = str(coefficients.dtype).removeprefix("torch."), tuple(coefficients.shape)
    if kind == "uint8":
        raise looks_at_jpegs(title)
    if kind != "int16" or len(shape) != 4 or shape[1] != 1 or shape[2] % SIDE or shape[3] % SIDE:
        raise InvalidSetting(
            f"the coefficients are {kind} {shape}; {title} takes int16 (N, 1, 8 R, 8 C)",
            hint="give the quantized luma as it is in the file, whole blocks side by side; N is 1 for a single picture",
        )
    if min(shape[2:]) < SIDE:
        raise RefusedImage("the picture has no whole block of 8 x 8 samples", hint="give larger pictures")
    steps = np.asarray(table)
    if steps.shape != (SIDE, SIDE) or steps.dtype.kind not in "iu" or steps.min() < 1 or steps.max() > LARGEST_STEP:
        raise InvalidSetting(
            f"the quantization table is {steps.dtype} {steps.shape}; {title} takes (8, 8) whole numbers, 1...{LARGEST_STEP}",
            hint="give the table of luma [k, l] as it is in the file: Component.table",
        )
    return np.ascontiguousarray(steps.astype(np.uint16))


def looks_at_jpegs(title: str) -> InvalidSetting:
    """Return the error for pixels that are given where coefficients are wanted."""
    return InvalidSetting(
        f"{title} looks at JPEG files, and these are pixels",
        hint="give the quantized coefficients of JPEG files, or choose features of pixels: spam, srm",
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
