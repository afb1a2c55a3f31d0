"""Calibrate a JPEG: cut its picture by four pixels a side and compress it again, which undoes most of what embedding did.

J. Fridrich, M. Goljan, D. Hogea, "Steganalysis of JPEG images: breaking the F5 algorithm", IH 2002. The picture's own table is
taken: another one is the commonest cause of false alarms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE
from ssgan.images.fdct import quantized_blocks
from ssgan.images.idct import pixels_of_blocks

CUT = SIDE // 2  # pixels a side


def calibrated(blocks: NDArray[np.int16], table: NDArray[np.uint16]) -> NDArray[np.int16]:
    """Return int16 (R - 1, C - 1, 8, 8) from blocks (R, C, 8, 8) and their table (8, 8); R and C are at least 2.

    Pixels, 0...255, and coefficients are those of libjpeg's default transforms.
    """
    return quantized_blocks(pixels_of_blocks(blocks, table)[CUT:-CUT, CUT:-CUT], table)
