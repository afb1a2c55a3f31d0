"""GFR-17000: how large a picture filtered by Gabor kernels is, by kernel and by place in the 8 x 8 grid.

The decompressed luma is convolved with 256 kernels of 8 x 8: two phases, four scales, 32 turns. X. Song, F. Liu, C. Yang,
X. Luo, Y. Zhang, "Steganalysis of adaptive JPEG steganography using 2D Gabor filters", ACM IH&MMSec 2015; kernels, values and
order are those of the DDE Lab's program.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.cosines import basis
from ssgan.images.quantization import Table, nearest_quality
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import jpeg_inputs
from ssgan.steganalysis.features.dctr_loops import BINS, PHASES
from ssgan.steganalysis.features.gfr_loops import fill_gfr
from ssgan.steganalysis.jpegs import Planes

SCALES = (0.5, 0.75, 1.0, 1.25)  # standard deviations of the Gaussian, in pixels
TURNS = 32  # angles in half a turn
KEPT_TURNS = TURNS // 2 + 1  # a turn and its mirror image are averaged
SHIFTS = (0.0, np.pi / 2)  # of the cosine: the kernel is even, or odd, under a half turn
ASPECT, WAVES = 0.5, 0.56  # of the Gaussian's axes; standard deviations in a wavelength
DIMENSION = len(SHIFTS) * len(SCALES) * KEPT_TURNS * PHASES * BINS
_TITLE = "GFR"


def features(coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 17000) from quantized coefficients of luma, int16 (N, 1, 8 R, 8 C), and their table (8, 8).

    The five frequencies of each kernel and merged phase sum to 1, or to 0 where a picture of one block row or column has no
    such phase. Samples are decompressed without rounding and cutting. The steps follow from the table's libjpeg quality; of
    another table they are those of the nearest one, see `nearest_quality`. `threads` images are worked on at a time (None: as
    many as torch uses threads). Raises InvalidSetting where the input is of another kind, RefusedImage without a block.
    """

    def fill(planes: NDArray[np.int16], steps: Table, out: NDArray[np.float64]) -> None:
        fill_gfr(planes, steps, basis(), _parts(nearest_quality(steps)), out)

    return jpeg_inputs.extracted(coefficients, table, fill, title=_TITLE, dimension=DIMENSION, threads=threads)


def quantization_steps(quality: int) -> tuple[float, ...]:
    """Return what is divided by at each scale, in gray values, for a libjpeg quality 1...100.

    The paper has 2, 4, 6, 8 for quality 75 and 0.5, 1, 1.5, 2 for 95; others are on the line through these.
    """
    return tuple((0.25 * (number + 1)) * (30.5 - 0.3 * quality) for number in range(len(SCALES)))


def kernel(scale: float, turn: float, shift: float) -> NDArray[np.float64]:
    """Return float64 (8, 8): a Gabor kernel with a sum of 0, for a turn and a shift of the cosine in radians."""
    across = np.arange(8) - 3.5
    x, y = across[None, :], -across[:, None]
    along, beside = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    wave = np.cos(2 * np.pi * WAVES / scale * along + shift)
    made = np.exp(-(along**2 + (ASPECT * beside) ** 2) / (2 * scale**2)) * wave
    return np.asarray(made - made.sum() / np.abs(made).sum() * np.abs(made))


@functools.lru_cache(maxsize=4)
def _parts(quality: int) -> NDArray[np.float64]:
    """Return `kernels` of `fill_gfr`: of turns 0...pi/2, from which those of their mirror images follow."""
    found = np.empty((2, len(SCALES), KEPT_TURNS, 2, 16))
    for parity, shift in enumerate(SHIFTS):
        for s, (scale, step) in enumerate(zip(SCALES, quantization_steps(quality), strict=True)):
            for turn in range(KEPT_TURNS):
                made = kernel(scale, turn * np.pi / TURNS, shift) / step
                for number, part in enumerate(((made + made[:, ::-1]) / 2, (made - made[:, ::-1]) / 2)):
                    # Even under a half turn: even or odd in both axes. Odd: odd in one of them.
                    found[parity, s, turn, number if parity == 0 else 1 - number] = part[4:, 4:].ravel()
    parts = found.reshape(2, -1, 2, 16)
    parts.setflags(write=False)
    return parts


def feature_names() -> list[str]:
    """Return one name a feature: parity, scale, turn in 32nds of pi, phase [i,j] and magnitude, as `even,0.5,3[4,2]=1`."""
    return [
        f"{parity},{scale},{turn}[{i},{j}]={b}" for parity in ("even", "odd") for scale in SCALES for turn in range(KEPT_TURNS)
        for i in range(5) for j in range(5) for b in range(BINS)
    ]  # fmt: skip


ROWS = {
    "gfr": FeatureSet(
        features, DIMENSION, feature_names, (1,),
        _TITLE, "magnitudes of 256 Gabor filters, by filter and by place in the block grid",
        "X. Song, F. Liu, C. Yang, X. Luo, Y. Zhang, Steganalysis of adaptive JPEG steganography using 2D Gabor filters, "
        "ACM IH&MMSec 2015",
        domain="coefficients",
    ),
}  # fmt: skip
