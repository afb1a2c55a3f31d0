"""maxSRMd2, the spatial rich model of a warden that knows the change probabilities: 34,671 features.

Each window counts as much as the largest change probability among its four samples, so that places where nothing is embedded
do not dilute the rest; and it is slanted (d2), two steps to the side of which the second is one sample lower. T. Denemark,
V. Sedighi, V. Holub, R. Cogranne, J. Fridrich, "Selection-channel-aware rich model for steganalysis of digital images", IEEE
WIFS 2014. The probabilities come in as data: whose they are, and how well they are known, is not decided here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import is_tensor, torch
from ssgan.compute.threads import samples, share_images
from ssgan.errors import InvalidSetting, unknown
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features.cooccurrence import merges
from ssgan.steganalysis.features.cooccurrence_loops import LEVELS, WINDOW
from ssgan.steganalysis.features.maxsrm_loops import fill_weighted_bank
from ssgan.steganalysis.features.residuals import BANKS
from ssgan.steganalysis.features.srm import DIMENSION, SMALLEST, STEPS, SUBMODELS, bank_arrays, feature_names, layout

# Row and column of the four samples of a window, in the scan along; the scan down has the two exchanged.
SCANS = {
    "straight": ((0, 0), (0, 1), (0, 2), (0, 3)),  # maxSRM
    "d2": ((0, 0), (0, 1), (1, 2), (1, 3)),  # maxSRMd2
}

__all__ = ["DIMENSION", "SCANS", "SUBMODELS", "features"]


def features(
    images: NDArray[np.uint8] | torch.Tensor,
    probabilities: NDArray[np.floating[Any]] | torch.Tensor,
    *,
    scan: str = "d2",
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Return float64 (N, 34671) from uint8 images (N, C, H, W) and the probabilities, of the same shape, that a sample is
    changed.

    Submodels, names and order are those of SRM. Probabilities may have any scale: each scan is divided by the sum of its
    weights, so that equal probabilities with `scan="straight"` give SRM itself; where all are 0, so are the features.
    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 1 or 3, H, W) or a probability is negative or not finite, RefusedImage below 8 x 8 pixels.
    """
    array = samples(images, channels=(1, 3), smallest=SMALLEST)
    weights = _weights(probabilities, array.shape)
    if scan not in SCANS:
        raise unknown("scan", scan, SCANS)
    windows = np.array([SCANS[scan], [place[::-1] for place in SCANS[scan]]])
    out = np.empty((len(array), DIMENSION))
    merge, places = merges(LEVELS, WINDOW), layout(STEPS).places
    plans = [(*bank_arrays(bank, STEPS[bank.name]), merge, places[bank.name]) for bank in BANKS]

    def work(first: int, last: int) -> None:
        for plan in plans:
            fill_weighted_bank(array[first:last], weights[first:last], windows, *plan, out[first:last])

    share_images(work, len(array), threads=threads)
    return out


def _weights(probabilities: NDArray[np.floating[Any]] | torch.Tensor, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the probabilities as contiguous float64, checked."""
    given = probabilities.detach().cpu().double().numpy() if is_tensor(probabilities) else probabilities
    if given.shape != shape:
        hint = "give one probability a sample, β⁺ + β⁻ of the embedder on this image"
        raise InvalidSetting(f"probabilities must have the images' shape {shape}, not {given.shape}", hint=hint)
    weights = np.ascontiguousarray(given, dtype=np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise InvalidSetting(
            "a change probability is negative or not a finite number", hint="give probabilities in 0...1, 0 for wet samples"
        )
    return weights


ROWS = {
    "maxsrmd2": FeatureSet(
        features, DIMENSION, feature_names, (1, 3),
        "maxSRMd2", "SRM weighted by the change probabilities, which the detector is given",
        "T. Denemark, V. Sedighi, V. Holub, R. Cogranne, J. Fridrich, Selection-channel-aware rich model for steganalysis of "
        "digital images, IEEE WIFS 2014",
        needs_probabilities=True,
    ),
}  # fmt: skip
