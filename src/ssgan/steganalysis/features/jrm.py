"""JRM-11255, the JPEG rich model, and ccJRM-22510, which is it beside the same features of the picture cut by four pixels.

Pairs of coefficients, as magnitudes and as differences of magnitudes, are counted for each mode and over all modes.
J. Kodovský, J. Fridrich, "Steganalysis of JPEG images using rich models", SPIE 8303, 2012; submodels, their names and their
order are those of the authors' program.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.images.coefficients import SIDE, as_blocks
from ssgan.images.coefficients import planes as block_planes
from ssgan.images.quantization import Table
from ssgan.steganalysis.calibration import calibrated
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import jpeg_inputs
from ssgan.steganalysis.features.jrm_loops import fill_jrm
from ssgan.steganalysis.jpegs import Planes

# Modes (row, column) by the sum of both, which is at most 5: lines of the paper's definitions, DC left out.
_ALL = [(a, b) for a in range(6) for b in range(6 - a) if a + b > 0]
_UPPER = [(a, b) for a, b in _ALL if a <= b]
_WITHIN_4 = [(a, b) for a, b in _ALL if a + b <= 4]
_BELOW_DC = [(a, b) for a, b in _ALL if a > 0]
_SEMIDIAGONAL = [(a, b) for a, b in _BELOW_DC if a <= b + 1]
_SEMIDIAGONAL_SKIP = [(a, b) for a in range(2, 5) for b in range(a - 2, 7 - a)]


def _moved(modes: list[tuple[int, int]], down: int, right: int) -> list[tuple[int, int, int, int]]:
    """Return pairs of each mode and the one so far from it."""
    return [(a, b, a + down, b + right) for a, b in modes]


# By the submodel's letters: rows and columns of both coefficients; 8 and more is in the next block.
_PAIRS: dict[str, list[tuple[int, int, int, int]]] = {
    "h": _moved(_ALL, 0, 1),
    "d": _moved(_UPPER, 1, 1) + _moved(_SEMIDIAGONAL, -1, 1),
    "oh": _moved(_WITHIN_4, 0, 2),
    "x": [(a, b, b, a) for a, b in _UPPER if a < b],
    "od": _moved([mode for mode in _UPPER if sum(mode) <= 4], 2, 2) + _moved(_SEMIDIAGONAL_SKIP, -2, 2),
    "m": _moved(_BELOW_DC, -1, 2),
    "ih": _moved(_ALL, 0, 8),
    "id": _moved(_UPPER, 8, 8),
    "is": [(a + 8, b, a, b + 8) for a, b in _UPPER],
    "ix": [(a, b, b, a + 8) for a, b in _ALL],
}

# Planes: magnitudes, then differences of magnitudes to the coefficient so far below and to the right.
_STEPS = np.array([(0, 0), (0, 1), (1, 0), (1, 1), (0, 8), (8, 0)])
_MAGNITUDES, _BOTH, _MANY = 3, 2, 5  # truncations: of magnitudes by mode, of differences by mode, over all modes
# Families by mode: name of a submodel, truncation, the planes for pairs as listed and for those with rows and columns swapped.
_FAMILIES = [
    ("A{}_T3", _MAGNITUDES, 0, 0), ("D{}1_T2", _BOTH, 1, 2), ("D{}2_T2", _BOTH, 3, 3), ("D{}3_T2", _BOTH, 4, 5),
]  # fmt: skip
# Over all modes: name of a part, whether it is between blocks, and the steps down and right that are added.
_SUMS_OF_MAGNITUDES = [
    ("h", False, [(0, 1), (1, 0)]), ("d", False, [(1, 1)]), ("s", False, [(-1, 1), (1, -1)]),
    ("ih", True, [(0, 1), (1, 0)]), ("id", True, [(1, -1), (1, 1)]),
]  # fmt: skip
_SUMS_OF_DIFFERENCES = [("h", (0, 1)), ("v", (1, 0)), ("d", (1, 1)), ("s", (-1, 1))]


def _bins(most: int, *, signed: bool) -> list[tuple[int, int]]:
    """Return the pairs of values that are counted, in order."""
    values = range(-most if signed else 0, most + 1)
    return [(i, j) for j in values for i in values if not signed or i < 0 or (i == 0 and j <= 0)]


def _layout() -> tuple[dict[str, slice], list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Return the submodels, the features' names, and `pairs` and `sums` of `fill_jrm`."""
    submodels: dict[str, slice] = {}
    names: list[str] = []
    pairs, sums = [], []

    def add(submodel: str, part: str, most: int, *, signed: bool) -> int:
        begin = len(names)
        names.extend(f"{submodel}[{part}]={i},{j}" for i, j in _bins(most, signed=signed))
        submodels[submodel] = slice(submodels.get(submodel, slice(begin, 0)).start, len(names))
        return begin

    for title, most, one, other in _FAMILIES:
        for letters, places in _PAIRS.items():
            for y1, x1, y2, x2 in places:
                begin = add(title.format(letters), f"{y1},{x1};{y2},{x2}", most, signed=one > 0)
                pairs.append((most, one, other, y1, x1, y2, x2, begin))
    for part, between, directions in _SUMS_OF_MAGNITUDES:
        begin = add("Ax_T5", part, _MANY, signed=False)
        sums += [(_MANY, 0, between, *step, step != directions[-1], begin) for step in directions]
    for plane, letters in enumerate(("H", "V", "D", "IH", "IV"), start=1):
        for between, kind, prefix in ((False, "f", ""), (True, "s", "i")):
            for part, step in _SUMS_OF_DIFFERENCES:
                begin = add(f"D{kind}{letters}_T5", prefix + part, _MANY, signed=True)
                sums.append((_MANY, plane, between, *step, False, begin))
    return submodels, names, np.array(pairs), np.array(sums, np.int64)


SUBMODELS, _NAMES, _PLAN_PAIRS, _PLAN_SUMS = _layout()
DIMENSION = len(_NAMES)
_TITLE, _CALIBRATED, _ROOTS = "JRM", "ccJRM", "Root ccJRM"


def features(coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 11255) from quantized coefficients of luma, int16 (N, 1, 8 R, 8 C): each submodel of `SUBMODELS`.

    The frequencies of each pair of modes, and of each sum over modes, add up to 1; less in a picture of one block row or
    column. The table (8, 8) is not used. `threads` images are worked on at a time (None: as many as torch uses threads).
    Raises InvalidSetting where the input is of another kind, RefusedImage without a block.
    """

    def fill(planes: NDArray[np.int16], _: Table, out: NDArray[np.float64]) -> None:
        fill_jrm(planes, _STEPS, _PLAN_PAIRS, _PLAN_SUMS, out)

    return jpeg_inputs.extracted(coefficients, table, fill, title=_TITLE, dimension=DIMENSION, threads=threads)


def calibrated_features(
    coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None
) -> NDArray[np.float64]:
    """Return float64 (N, 22510): ccJRM, the features of each picture, then those of the calibrated one.

    All else as `features`; a picture of one block row or column leaves nothing when cut, and zeros as its second half.
    """
    return _both(coefficients, table, title=_CALIBRATED, threads=threads)


def _both(coefficients: Planes, table: NDArray[np.integer[Any]], *, title: str, threads: int | None) -> NDArray[np.float64]:
    """Return the features of each picture, then those of the calibrated one."""

    def fill(planes: NDArray[np.int16], steps: Table, out: NDArray[np.float64]) -> None:
        fill_jrm(planes, _STEPS, _PLAN_PAIRS, _PLAN_SUMS, out[:, :DIMENSION])
        if min(planes.shape[1:]) > SIDE:
            cut = np.stack([block_planes(calibrated(as_blocks(plane), steps)) for plane in planes])
            fill_jrm(cut, _STEPS, _PLAN_PAIRS, _PLAN_SUMS, out[:, DIMENSION:])

    return jpeg_inputs.extracted(coefficients, table, fill, title=title, dimension=2 * DIMENSION, threads=threads)


def root_features(coefficients: Planes, table: NDArray[np.integer[Any]], *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 22510): the square roots of ccJRM, which are frequencies: linear classifiers of them weigh rare values
    by the Hellinger distance.

    All else as `calibrated_features`.
    """
    return np.sqrt(_both(coefficients, table, title=_ROOTS, threads=threads))


def calibrated_feature_names() -> list[str]:
    """Return one name a feature: those of `feature_names`, then the same with `_ref`, as `Ah_T3_ref[0,1;0,2]=3,0`."""
    return [*_NAMES, *(name.replace("[", "_ref[", 1) for name in _NAMES)]


def feature_names() -> list[str]:
    """Return one name a feature: submodel, rows and columns of both coefficients and their values, as `Ah_T3[0,1;0,2]=3,0`.

    A row or column of 8 and more is in the next block. Over all modes a direction is named in their place: h, v, d, s within a
    block, ih, iv, id, is between blocks.
    """
    return list(_NAMES)


_PAPER = "J. Kodovsky, J. Fridrich, Steganalysis of JPEG images using rich models, SPIE 8303, 2012"
ROWS = {
    "jrm": FeatureSet(
        features, DIMENSION, feature_names, (1,),
        _TITLE, "pairs of coefficients, as magnitudes and as their differences, by mode and over all modes", _PAPER,
        domain="coefficients",
    ),
    "ccjrm": FeatureSet(
        calibrated_features, 2 * DIMENSION, calibrated_feature_names, (1,),
        _CALIBRATED, "JRM beside the same of the picture cut by four pixels and compressed again by its own table", _PAPER,
        domain="coefficients",
    ),
    "rootccjrm": FeatureSet(
        root_features, 2 * DIMENSION, calibrated_feature_names, (1,),
        _ROOTS, "the square roots of ccJRM, so that rare values count for a linear classifier",
        f"{_PAPER}; the Hellinger map after M. Boroumand, J. Fridrich, Boosting steganalysis with explicit feature maps, ACM "
        "IH&MMSec 2016", domain="coefficients",
    ),
}  # fmt: skip
