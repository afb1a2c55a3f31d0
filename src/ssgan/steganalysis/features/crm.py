"""CRM-5,404, the color rich model: the joint distribution of the residuals of red, green and blue at a pixel.

The residuals and sets are those of the spatial rich model at q = 1, truncated to -3...3; the windows run across the channels.
M. Goljan, J. Fridrich, R. Cogranne, "Rich model for steganalysis of color images", IEEE WIFS 2014; values are those of the
authors' program. The union of these and of SRMQ1 of the same color image is their SCRMQ1, 18,157 features.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.compute.threads import samples, share_images
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features.cooccurrence import dimensions, merges
from ssgan.steganalysis.features.crm_loops import CHANNELS, LEVELS, fill_color_bank
from ssgan.steganalysis.features.residuals import BANKS, Bank, FilterSets
from ssgan.steganalysis.features.srm import bank_arrays, numbered_names, submodel_name

SMALLEST = 5  # pixels: one residual of five by five samples
_ODD = ("minmax22", "spam14", "minmax24", "minmax34hv", "minmax41", "minmax34", "minmax48", "minmax54")
_EDGE = ("spam14", "minmax24", "minmax22", "minmax41")
# The authors' order, which is not that of the spatial rich model; spam11 is of both square kernels.
ORDER = {
    "s1": _ODD,
    "s2": ("spam12", "minmax21", "minmax41", "minmax32", "minmax24"),
    "s3": _ODD,
    "s3x3": _EDGE,
    "s5x5": _EDGE,
    "s35": ("spam11",),
}
# Where scans along rows and down columns would be the same the authors count once, but twice in these.
COUNTED_TWICE = {"s1_minmax24", "s1_minmax34", "s1_minmax54", "s3_minmax24"}


def color_parts(bank: Bank) -> tuple[FilterSets, ...]:
    """Return the bank's parts without those that differ only by the direction of the scan, which a pixel's channels lack."""
    found: list[FilterSets] = []
    for part in bank.parts:
        if part.submodel.endswith("v") and not part.plain:
            continue
        if part.plain and part.submodel in {earlier.submodel for earlier in found}:
            continue
        once = part.across == part.down and f"{bank.name}_{part.submodel}" not in COUNTED_TWICE
        found.append(FilterSets(part.submodel, part.across, () if once else part.down, part.plain))
    return tuple(found)


def color_name(bank: Bank, part: FilterSets) -> str:
    """Return the authors' name of a submodel: s1_minmax22c_q1, s1_minmax34hvc_q1."""
    stem = part.submodel.removesuffix("hv")
    if stem == "minmax34h":
        stem = "minmax34hv"
    elif stem.startswith("minmax"):
        stem = stem.removesuffix("h")
    return submodel_name(bank, f"{stem}c", 1.0)


def _layout() -> tuple[dict[str, slice], dict[str, NDArray[Any]]]:
    """Return the slice of each submodel by name, and by bank where each of its parts begins."""
    widths, size = dimensions(LEVELS, CHANNELS), dict.fromkeys((f"{b}_{n}c_q1" for b, ns in ORDER.items() for n in ns), 0)
    within = {bank.name: [(color_name(bank, part), widths[part.plain]) for part in color_parts(bank)] for bank in BANKS}
    for name, width in (row for rows in within.values() for row in rows):
        size[name] += width
    ends = dict(zip(size, np.cumsum(list(size.values())).tolist(), strict=True))
    taken, places = {name: ends[name] - size[name] for name in size}, {}
    for bank_name, rows in within.items():
        places[bank_name] = np.array([taken[name] for name, _ in rows])
        for name, width in rows:
            taken[name] += width
    return {name: slice(ends[name] - size[name], ends[name]) for name in size}, places


SUBMODELS, _PLACES = _layout()
DIMENSION = max(part.stop for part in SUBMODELS.values())


def features(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 5404) from uint8 images (N, 3, H, W): every submodel of `SUBMODELS`, each with single precision.

    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 3, H, W), RefusedImage below 5 x 5 pixels.
    """
    array = samples(images, channels=(CHANNELS,), smallest=SMALLEST)
    out = np.empty((len(array), DIMENSION))
    merge = merges(LEVELS, CHANNELS)
    plans = []
    for bank in BANKS:
        taps, border, thresholds, members, kinds = bank_arrays(bank, (1.0,), parts=color_parts(bank), truncation=LEVELS // 2)
        plans.append((taps, border, thresholds[0], members, kinds, merge, _PLACES[bank.name]))

    def work(first: int, last: int) -> None:
        for plan in plans:
            fill_color_bank(array[first:last], *plan, out[first:last])

    share_images(work, len(array), threads=threads)
    return out


def feature_names() -> list[str]:
    """Return one name a feature: submodel and number, as `s1_minmax22c_q1[0]`."""
    return numbered_names(SUBMODELS)


ROWS = {
    "crm": FeatureSet(
        features, DIMENSION, feature_names, (3,),
        "CRM", "how the residuals of red, green and blue go together",
        "M. Goljan, J. Fridrich, R. Cogranne, Rich model for steganalysis of color images, IEEE WIFS 2014",
    ),
}  # fmt: skip
