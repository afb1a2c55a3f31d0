"""Estimate what old JPEG embedders changed, from the luma of one JPEG: jsteg, F5, OutGuess; or "not enough data".

Each attack compares the JPEG with what an unchanged one would be like: the halves of its own histogram, or the calibrated
picture. Sums over strips of block rows, of which one is left out at a time (jackknife), give the deviation of an estimate. None
of these attacks sees an adaptive scheme.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds
from ssgan.images.coefficients import SIDE, Component, as_blocks
from ssgan.images.idct import pixels_of_blocks
from ssgan.steganalysis.attacks.structural import LARGEST_DEVIATION, Estimate, NotEnoughData, jackknife, ratio
from ssgan.steganalysis.calibration import calibrated

STRIPS = 7  # of block rows, for the jackknife
LEAST_BLOCKS = 64  # of luma, which is 64 x 64 pixels: below it no estimate is tried
LEAST_ONES = 200  # AC coefficients of 1: fewer make no histogram
F5_MODES = ((0, 1), (1, 0), (1, 1))
GUARDED = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (0, 3), (3, 0))  # modes that a first compression shows in
FEWEST_IN_BIN, FEWEST_BINS, LARGEST_MAGNITUDE = 20, 5, 11
UNEVENNESS, TWICE = 0.02, 2.0  # what histograms differ by anyway, squared logarithms; the ratio to it that is no chance
# What clean photographs differ from the attacks' models, by `python benchmarks/bundled_jpeg_detectors.py NATURAL --attacks`.
JSTEG_DEVIATION, F5_DEVIATION, OUTGUESS_DEVIATION = 0.03, 0.08, 0.06

Answer = Estimate | NotEnoughData


@dataclass(frozen=True, eq=False)
class SuspectLuma:
    """The luma of a JPEG to attack, and what an unchanged one would be like, computed once for all attacks."""

    luma: Component

    @cached_property
    def unusable(self) -> str | None:
        """Why no attack applies, None where all do."""
        rows, columns = self.luma.whole
        if rows * columns < LEAST_BLOCKS or min(rows, columns) <= STRIPS:
            return _SMALL
        ones = np.count_nonzero(self.luma.carriers.reshape(-1, SIDE * SIDE)[:, 1:] == 1)
        return _FLAT if ones < LEAST_ONES else None

    @cached_property
    def calibrated(self) -> NDArray[np.int16]:
        """The calibrated blocks, int16 (R - 1, C - 1, 8, 8), of a usable one."""
        return calibrated(self.luma.carriers, self.luma.table)

    @cached_property
    def is_recompressed(self) -> bool:
        """Whether it was compressed before on the same grid, as far as histograms show it; False where no attack applies."""
        return self.unusable is None and _has_teeth(self.luma, self.calibrated)


def jsteg(suspect: SuspectLuma) -> Answer:
    """Return the share of the AC coefficients other than 0 and 1 whose last bit carries a message.

    T. Zhang, X. Ping, "A fast and effective steganalytic technique against JSteg-like algorithms", ACM SAC 2003: in a cover the
    histogram is symmetric about zero, so that the even values above zero and the odd ones below are more than the others by the
    number of ones; replacing last bits makes them equal, and leaves the ones alone.
    """
    if suspect.unusable is not None:
        return NotEnoughData(suspect.unusable)
    values = suspect.luma.carriers.reshape(-1, SIDE * SIDE)[:, 1:]
    even = values % 2 == 0
    first = np.count_nonzero((even & (values > 0)) | (~even & (values < 0)))
    other = np.count_nonzero((~even & (values > 1)) | (even & (values < 0)))
    ones = np.count_nonzero(values == 1)
    # By the counts themselves: a message at the beginning of a file is in some strips alone.
    return _within(float(1 - (first - other) / ones), math.hypot(math.sqrt(first + other) / ones, JSTEG_DEVIATION))


def f5(suspect: SuspectLuma) -> Answer:
    """Return the share of the nonzero AC coefficients that lost one of their magnitude.

    J. Fridrich, M. Goljan, D. Hogea, "Steganalysis of JPEG images: breaking the F5 algorithm", IH 2002: the share that best
    explains how the histograms of three low modes differ from those of the calibrated picture.
    """
    if (reason := _uncalibrated(suspect)) is not None:
        return NotEnoughData(reason)
    sums = np.stack([_magnitudes(suspect.luma.carriers), _magnitudes(suspect.calibrated)], axis=1)  # (strips, 2, modes, 4)
    return _judged(sums, _f5_share, F5_DEVIATION)


def outguess(suspect: SuspectLuma) -> Answer:
    """Return the share of the AC coefficients other than 0 and 1 whose last bit is not the cover's or another's.

    J. Fridrich, M. Goljan, D. Hogea, "Attacking the OutGuess", ACM MM&Sec 2002: replacing all last bits makes the edges of
    blocks stand out more, and the less so, the more of them were replaced before. What an unchanged picture would give is
    measured on the calibrated one.
    """
    if (reason := _uncalibrated(suspect)) is not None:
        return NotEnoughData(reason)
    luma, like, rng = suspect.luma, suspect.calibrated, seeds.generator(0, "outguess")
    once, again = (_replaced(blocks, rng) for blocks in (luma.carriers, like))
    twice = _replaced(again, rng)
    own, own_once, base, base_once, base_twice = (
        _blockiness(pixels_of_blocks(blocks, luma.table)) for blocks in (luma.carriers, once, like, again, twice)
    )
    sums = np.stack([own_once - own, base_once - base, base_twice - base_once], axis=1)

    def share(total: NDArray[np.float64]) -> NDArray[np.float64]:
        here, unchanged, changed = np.moveaxis(total, -1, 0)
        edges, fewer = (_edges(blocks.shape[:2]) for blocks in (luma.carriers, like))
        return ratio(unchanged - here * fewer / edges, unchanged - changed)

    return _judged(sums, share, OUTGUESS_DEVIATION)


def _has_teeth(luma: Component, calibrated: NDArray[np.int16]) -> bool:
    """Return whether histograms of low modes have the teeth that an earlier compression on the same grid leaves.

    The calibrated blocks have none: a tooth is where the logarithm of the ratio of both histograms bends. F5 shifts a histogram
    evenly, so that it bends little. Such covers deceive both attacks that calibrate: of 558 covers those without teeth gave F5
    at most 2.5 deviations in 99 of 100, OutGuess 2.0; with the others among them 4.3 and 9.4.
    """
    bends, count = 0.0, 0
    for row, column in GUARDED:
        counts = [
            np.bincount(np.abs(blocks[:, :, row, column]).reshape(-1).clip(0, LARGEST_MAGNITUDE + 1))[: LARGEST_MAGNITUDE + 1]
            for blocks in (luma.carriers, calibrated)
        ]
        length = min(map(len, counts))
        seen = counts[0][:length].astype(np.float64)
        like = counts[1][:length].astype(np.float64) * (luma.carriers[:, :, 0, 0].size / calibrated[:, :, 0, 0].size)
        ratios, variances = np.log((seen + 1) / (like + 1)), 1 / (seen + 1) + 1 / (like + 1)
        filled = seen + like >= FEWEST_IN_BIN
        use = filled[:-2] & filled[1:-1] & filled[2:]
        bend = ratios[:-2] - 2 * ratios[1:-1] + ratios[2:]
        expected = variances[:-2] + 4 * variances[1:-1] + variances[2:] + UNEVENNESS
        bends += float((bend**2 / expected)[use].sum())
        count += int(use.sum())
    return count >= FEWEST_BINS and bends / count > TWICE


BY_NAME: dict[str, Callable[[SuspectLuma], Answer]] = {"jsteg": jsteg, "f5": f5, "outguess": outguess}

_SMALL = f"fewer than {LEAST_BLOCKS} whole blocks of luma"
_FLAT = f"fewer than {LEAST_ONES} AC coefficients of 1"
_TWICE = "it was compressed twice on one grid, which hides what these attacks look for"
_UNSTABLE = "parts of the picture disagree about it"


def _judged(sums: NDArray[np.float64], estimate: Callable[[NDArray[np.float64]], NDArray[np.float64]], model: float) -> Answer:
    """Return the estimate of the sums (strips, ...), with its deviation."""
    raw, deviation = jackknife(sums[None].astype(np.float64), estimate, model)
    return _within(float(raw[0]), float(deviation[0]))


def _within(raw: float, deviation: float) -> Answer:
    """Return the estimate, if it is one."""
    if not (math.isfinite(raw) and deviation <= LARGEST_DEVIATION):
        return NotEnoughData(_UNSTABLE)
    return Estimate(min(max(raw, 0.0), 1.0), deviation)


def _uncalibrated(suspect: SuspectLuma) -> str | None:
    """Return why a calibrated picture says nothing, None where it does."""
    return suspect.unusable or (_TWICE if suspect.is_recompressed else None)


def _by_strip(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums (STRIPS, ...) of what each block row has."""
    return np.stack([part.sum(axis=0) for part in np.array_split(rows, STRIPS)])


def _magnitudes(blocks: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return (STRIPS, modes, 4): how many coefficients of each mode have the magnitudes 0, 1, 2, and how many there are."""
    found = []
    for row, column in F5_MODES:
        magnitudes = np.abs(blocks[:, :, row, column])
        found.append([(magnitudes == size).sum(axis=1) for size in range(3)] + [np.full(len(blocks), blocks.shape[1])])
    return _by_strip(np.moveaxis(np.array(found, np.float64), -1, 0))


def _f5_share(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the modes of the share that least squares give, from (..., 2, modes, 4)."""
    seen, like = total[..., 0, :, :], total[..., 1, :, :]
    zeros, ones, twos = np.moveaxis(like[..., :3] * ratio(seen[..., 3], like[..., 3])[..., None], -1, 0)
    excess = ones * (seen[..., 0] - zeros) + (seen[..., 1] - ones) * (twos - ones)
    return np.asarray(ratio(excess, ones**2 + (twos - ones) ** 2).mean(axis=-1))


def _replaced(blocks: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    """Return blocks with a random last bit in every AC coefficient other than 0 and 1."""
    usable = (blocks != 0) & (blocks != 1)
    usable[:, :, 0, 0] = False
    flipped = usable & rng.integers(0, 2, blocks.shape, dtype=np.uint8).astype(bool)
    return blocks ^ flipped.astype(np.int16)


def _blockiness(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return (STRIPS,): the sum of the steps across the edges of blocks."""
    values = plane.astype(np.int16)
    across = as_blocks(values)
    steps = np.abs(across[:, 1:, :, 0] - across[:, :-1, :, -1]).sum(axis=(1, 2)).astype(np.float64)
    steps[1:] += np.abs(values[SIDE::SIDE] - values[SIDE - 1 : -1 : SIDE]).sum(axis=1)
    return _by_strip(steps)


def _edges(blocks: tuple[int, ...]) -> int:
    """Return how many edges between blocks there are."""
    rows, columns = blocks
    return rows * (columns - 1) + columns * (rows - 1)
