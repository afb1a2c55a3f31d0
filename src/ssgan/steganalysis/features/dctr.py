"""DCTR-8000: how large the coefficients of the undecimated cosine transform are, by mode and by place in the 8 x 8 grid.

The decompressed luma is convolved with the 64 cosine patterns of JPEG, divided by a step that depends on the quality, rounded
and truncated to 0...4. V. Holub, J. Fridrich, "Low-complexity features for JPEG steganalysis using undecimated DCT", IEEE TIFS
10(2), 2015; values and order are those of the authors' program.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.cosines import basis
from ssgan.images.quantization import Table, nearest_quality
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import jpeg_inputs
from ssgan.steganalysis.features.dctr_loops import BINS, PHASES, fill_dctr
from ssgan.steganalysis.jpegs import Planes

DIMENSION = 64 * PHASES * BINS
_TITLE = "DCTR"


def features(coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 8000) from quantized coefficients of luma, int16 (N, 1, 8 R, 8 C), and their table (8, 8).

    The five frequencies of each mode and merged phase sum to 1, or to 0 where a picture of one block row or column has no
    such phase. Samples are decompressed without rounding and cutting. The step follows from the table's libjpeg quality; of
    another table it is that of the nearest one, see `images.quantization`. `threads` images are worked on at a time (None: as
    many as torch uses threads). Raises InvalidSetting where the input is of another kind, RefusedImage without a block.
    """

    def fill(planes: NDArray[np.int16], steps: Table, out: NDArray[np.float64]) -> None:
        fill_dctr(planes, steps, basis(), quantization_step(nearest_quality(steps)), out)

    return jpeg_inputs.extracted(coefficients, table, fill, title=_TITLE, dimension=DIMENSION, threads=threads)


def quantization_step(quality: int) -> float:
    """Return what coefficients are divided by, in gray values, for a libjpeg quality 1...100: equation 10 of the paper."""
    return min(8 * 50 / quality, 100.0) if quality < 50 else max(8 * (2 - quality / 50), 0.2)


def feature_names() -> list[str]:
    """Return one name a feature: mode [k,l], phase [i,j] and magnitude, as `mode[0,1]phase[4,2]=3`."""
    return [
        f"mode[{k},{m}]phase[{i},{j}]={b}" for k in range(8) for m in range(8) for i in range(5) for j in range(5)
        for b in range(BINS)
    ]  # fmt: skip


ROWS = {
    "dctr": FeatureSet(
        features, DIMENSION, feature_names, (1,),
        _TITLE, "magnitudes of all 8 x 8 cosine patterns, by mode and by place in the block grid",
        "V. Holub, J. Fridrich, Low-complexity features for JPEG steganalysis using undecimated DCT, IEEE TIFS 10(2), 2015",
        domain="coefficients",
    ),
}  # fmt: skip
