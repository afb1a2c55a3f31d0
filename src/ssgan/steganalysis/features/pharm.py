"""PHARM-12600: how large random projections of residuals are, each at one place of the 8 x 8 grid and its mirror images.

Seven residuals of the decompressed luma are each multiplied by 900 random matrices of up to 8 x 8, at one place of all blocks,
and counted below a step and below its double. V. Holub, J. Fridrich, "Phase-aware projection model for steganalysis of JPEG
images", SPIE 9409, 2015; values and order are those of the authors' program, which places mirrored matrices by a formula that
is not quite the mirror image's, with the seeds 1...7 of the Mersenne twister.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.images.cosines import basis
from ssgan.images.quantization import Table, nearest_quality
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import jpeg_inputs
from ssgan.steganalysis.features.pharm_loops import BINS, LARGEST, fill_pharm
from ssgan.steganalysis.jpegs import Planes

PROJECTIONS = 900
# By name: how many samples wide the authors take the kernel to be, and its four samples: row, column, factor.
_RESIDUALS: dict[str, tuple[int, tuple[tuple[int, int, int], ...]]] = {
    "s1_spam14_R": (3, ((1, 1, -1), (1, 2, 1), (1, 1, 0), (1, 1, 0))),
    "s1_spam14_U": (3, ((0, 1, 1), (1, 1, -1), (1, 1, 0), (1, 1, 0))),
    "s3_spam14_R": (5, ((2, 1, 1), (2, 2, -3), (2, 3, 3), (2, 4, -1))),
    "s3_spam14_U": (5, ((0, 2, -1), (1, 2, 3), (2, 2, -3), (3, 2, 1))),
    "s2x2_spam14_H": (3, ((0, 0, 1), (0, 1, 1), (1, 0, -1), (1, 1, -1))),
    "s2x2_spam14_V": (3, ((0, 0, 1), (0, 1, -1), (1, 0, 1), (1, 1, -1))),
    "s2x2_spam14_DMaj": (3, ((0, 0, -1), (0, 1, 1), (1, 0, 1), (1, 1, -1))),
}
# The place of each submodel among the features.
SUBMODELS = {name: slice(BINS * PROJECTIONS * k, BINS * PROJECTIONS * (k + 1)) for k, name in enumerate(_RESIDUALS)}
DIMENSION = len(_RESIDUALS) * PROJECTIONS * BINS
_TITLE = "PHARM"


def features(coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 12600), counts, from quantized coefficients of luma, int16 (N, 1, 8 R, 8 C), and their table (8, 8).

    As in the authors' program the counts are not divided by the number of blocks: compare pictures of one size. Samples are
    decompressed without rounding and cutting. The step follows from the table's libjpeg quality; of another table it is that of
    the nearest one, see `nearest_quality`. `threads` images are worked on at a time (None: as many as torch uses threads).
    Raises InvalidSetting where the input is of another kind, RefusedImage without a block.
    """

    taps = np.array([samples for _, samples in _RESIDUALS.values()])
    projections = _projections()

    def fill(planes: NDArray[np.int16], steps: Table, out: NDArray[np.float64]) -> None:
        fill_pharm(planes, steps, basis(), quantization_step(nearest_quality(steps)), taps, *projections, out)

    return jpeg_inputs.extracted(coefficients, table, fill, title=_TITLE, dimension=DIMENSION, threads=threads)


def quantization_step(quality: int) -> float:
    """Return the width of a bin, in gray values, for a libjpeg quality 1...100: 5 for 75, 2 for 95, and on a line."""
    return 16.25 - 0.15 * quality


@functools.lru_cache(maxsize=1)
def _projections() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return `places` and `matrices` of `fill_pharm`."""
    places = np.empty((len(_RESIDUALS), PROJECTIONS, 4, 4), np.int64)
    matrices = np.zeros((len(_RESIDUALS), PROJECTIONS, 4, LARGEST, LARGEST))
    for k, (width, _) in enumerate(_RESIDUALS.values()):
        for p, (y, x, matrix) in enumerate(random_matrices(seed=k + 1)):
            for o, (up, left) in enumerate(((False, False), (True, False), (False, True), (True, True))):
                tall, wide = matrix.shape
                row, column = (width - 1 - y - tall) % 8 if up else y, (width - 1 - x - wide) % 8 if left else x
                # A convolution: the matrix is laid on the residual turned by half a turn.
                laid = matrix[:: 1 if up else -1, :: 1 if left else -1]
                places[k, p, o], matrices[k, p, o, :tall, :wide] = (tall, wide, row, column), laid
    for made in (places, matrices):
        made.setflags(write=False)
    return places, matrices


def random_matrices(*, seed: int) -> list[tuple[int, int, NDArray[np.float64]]]:
    """Return the 900 matrices of a residual: row and column in the grid, 0...7, and float64 (1...8, 1...8) with a norm of 1."""
    stream, found = np.random.RandomState(seed), []
    for _ in range(PROJECTIONS):
        tall, wide = np.floor(stream.rand(2) * LARGEST + 1).astype(int)
        row, column = np.floor(stream.rand(2) * 8).astype(int)
        normal = torch.special.ndtri(torch.from_numpy(stream.rand(tall * wide))).numpy()
        matrix = normal.reshape(wide, tall).T
        found.append((int(row), int(column), matrix / np.sqrt((matrix**2).sum())))
    return found


def feature_names() -> list[str]:
    """Return one name a feature: submodel, projection and bin, as `s1_spam14_R[899]=1`."""
    return [f"{submodel}[{p}]={b}" for submodel in _RESIDUALS for p in range(PROJECTIONS) for b in range(BINS)]


ROWS = {
    "pharm": FeatureSet(
        features, DIMENSION, feature_names, (1,),
        _TITLE, "random projections of seven residuals, each at one place of the block grid and its mirror images",
        "V. Holub, J. Fridrich, Phase-aware projection model for steganalysis of JPEG images, SPIE 9409, 2015",
        domain="coefficients",
    ),
}  # fmt: skip
