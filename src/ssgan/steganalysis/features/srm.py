"""SRM-34,671, the spatial rich model: co-occurrences of many residuals, in 106 submodels; SRMQ1-12,753 is its third at q = 1.

Each residual is divided by its order's q, rounded, truncated to -2...2, and counted in windows of four; submodels, their names
and their order are those of the authors' program, so that detectors trained on its features take these.
J. Fridrich, J. Kodovský, "Rich models for steganalysis of digital images", IEEE TIFS 7(3), 2012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.compute.threads import samples, share_images
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features.cooccurrence import dimensions, merges
from ssgan.steganalysis.features.cooccurrence_loops import LEVELS, WINDOW, fill_bank
from ssgan.steganalysis.features.residuals import BANKS, Bank, FilterSets

SMALLEST = 8  # pixels: four residuals of five by five samples
# Quantization steps in units of the divisor, by bank; two for the first order.
Steps: TypeAlias = Mapping[str, tuple[float, ...]]
STEPS: Steps = {"s1": (1.0, 2.0), **dict.fromkeys(("s2", "s3", "s3x3", "s5x5"), (1.0, 1.5, 2.0))}
STEPS_Q1: Steps = dict.fromkeys(STEPS, (1.0,))


@dataclass(frozen=True)
class Layout:
    """The places of features: the slice of each submodel by name, in order, and the first one of each (bank, step, part)."""

    submodels: dict[str, slice]
    places: dict[str, NDArray[np.int64]]

    @property
    def dimension(self) -> int:
        """Number of features."""
        return max(part.stop for part in self.submodels.values())


def layout(steps: Steps) -> Layout:
    """Return the submodels one after the other, bank by bank and step by step."""
    size: dict[str, int] = {}
    within: dict[tuple[str, int, int], tuple[str, int]] = {}
    widths = dimensions(LEVELS, WINDOW)
    for bank in BANKS:
        for q, step in enumerate(steps[bank.name]):
            for p, part in enumerate(bank.parts):
                name = submodel_name(bank, part.submodel, step)
                within[bank.name, q, p] = name, size.get(name, 0)
                size[name] = size.get(name, 0) + widths[part.plain]
    # Of s35_spam11 the smaller kernel comes with the bank before; its place is among the larger one's.
    order = [name for name in size if not name.startswith("s35")]
    for name in (name for name in size if name.startswith("s35")):
        order.insert(order.index(name.replace("s35_spam11", "s5x5_spam14hv")), name)
    ends = np.cumsum([size[name] for name in order])
    slices = {name: slice(int(end) - size[name], int(end)) for name, end in zip(order, ends, strict=True)}
    places = {bank.name: np.empty((len(steps[bank.name]), len(bank.parts)), np.int64) for bank in BANKS}
    for (bank_name, q, p), (name, offset) in within.items():
        places[bank_name][q, p] = slices[name].start + offset
    return Layout(slices, places)


def submodel_name(bank: Bank, submodel: str, step: float) -> str:
    """Return the authors' name of a submodel: s1_minmax22h_q1, s35_spam11_q15."""
    prefix = "" if submodel.startswith("s35") else f"{bank.name}_"
    return f"{prefix}{submodel}_q{step:g}".replace(".", "")


_FULL, _Q1 = layout(STEPS), layout(STEPS_Q1)
SUBMODELS, SUBMODELS_Q1 = _FULL.submodels, _Q1.submodels
DIMENSION, DIMENSION_Q1 = _FULL.dimension, _Q1.dimension


def features(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 34671) from uint8 images (N, C, H, W): every submodel of `SUBMODELS`, each with single precision.

    Of a color image the features of the three channels are added, as in the authors' color rich model. Scans along rows and
    columns are added too, so that a single residual's part sums to 2 a channel, and minima with maxima to 4.
    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 1 or 3, H, W), RefusedImage below 8 x 8 pixels.
    """
    return _features(images, STEPS, _FULL, threads)


def features_q1(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 12753): SRMQ1, the submodels of `SUBMODELS_Q1`; all else as `features`."""
    return _features(images, STEPS_Q1, _Q1, threads)


def feature_names() -> list[str]:
    """Return one name a feature: submodel and number, as `s1_minmax22h_q1[0]`."""
    return numbered_names(SUBMODELS)


def feature_names_q1() -> list[str]:
    """Return the same for SRMQ1."""
    return numbered_names(SUBMODELS_Q1)


def numbered_names(submodels: Mapping[str, slice]) -> list[str]:
    """Return one name a feature: its submodel, and its number there."""
    return [f"{name}[{i}]" for name, part in submodels.items() for i in range(part.stop - part.start)]


def _features(
    images: NDArray[np.uint8] | torch.Tensor, steps: Steps, places: Layout, threads: int | None
) -> NDArray[np.float64]:
    array = samples(images, channels=(1, 3), smallest=SMALLEST)
    out = np.empty((len(array), places.dimension))
    merge = merges(LEVELS, WINDOW)
    plans = [(*bank_arrays(bank, steps[bank.name]), merge, places.places[bank.name]) for bank in BANKS]

    def work(first: int, last: int) -> None:
        for plan in plans:
            fill_bank(array[first:last], *plan, out[first:last])

    share_images(work, len(array), threads=threads)
    return out


def bank_arrays(
    bank: Bank, steps: tuple[float, ...], *, parts: Sequence[FilterSets] | None = None, truncation: int = LEVELS // 2
) -> tuple[NDArray[np.int64], int, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return arrays for the loops: taps, border, thresholds (Q, T), members (P, 2, 4) and kinds (P,) of the bank's parts, or
    others.
    """
    counted = bank.parts if parts is None else parts
    members = np.zeros((len(counted), 2, 4), np.int64)
    for p, part in enumerate(counted):
        for way, sets in enumerate((part.across, part.down)):
            members[p, way, : len(sets)] = [bank.bits(letters) for letters in sets]
    thresholds = np.array([quantizer(bank.divisor * step, truncation) for step in steps])
    return bank.taps(), bank.border, thresholds, members, np.array([part.plain for part in counted], np.int64)


def quantizer(step: float, truncation: int) -> NDArray[np.int64]:
    """Return the least integer residuals that round to 1, 2, ... `truncation` steps; halves are rounded away from zero."""
    return np.ceil((np.arange(truncation) + 0.5) * step).astype(np.int64)


ROWS = {
    "srm": FeatureSet(
        features, DIMENSION, feature_names, (1, 3),
        "SRM", "co-occurrences of many residuals at up to three steps; a color image's channels are added",
        "J. Fridrich, J. Kodovsky, Rich models for steganalysis of digital images, IEEE TIFS 7(3), 2012",
        "LSB matching at 0.4: 0.02, HILL at 0.4: 0.28, S-UNIWARD at 0.4: 0.23, 512 x 512 of BOSSbase, with the ensemble "
        "(validation scores of github.com/daniellerch/aletheia, models/README.md)",
    ),
    "srmq1": FeatureSet(
        features_q1, DIMENSION_Q1, feature_names_q1, (1, 3),
        "SRMQ1", "the same at one step, a third of the size",
        "J. Fridrich, J. Kodovsky, Rich models for steganalysis of digital images, IEEE TIFS 7(3), 2012",
    ),
}  # fmt: skip
