"""SCRMQ1, the spatio-color rich model: 18,157 features, SRMQ1 of the color image and then the color rich model.

The first half measures residuals within a channel, the second their dependence across the three channels.
M. Goljan, J. Fridrich, R. Cogranne, "Rich model for steganalysis of color images", IEEE WIFS 2014.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.compute.threads import samples
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import crm, srm

SMALLEST = max(srm.SMALLEST, crm.SMALLEST)  # pixels
# The place of each submodel among the features; those of the color rich model have a c in their names.
SUBMODELS = srm.SUBMODELS_Q1 | {
    name: slice(srm.DIMENSION_Q1 + part.start, srm.DIMENSION_Q1 + part.stop) for name, part in crm.SUBMODELS.items()
}
DIMENSION = srm.DIMENSION_Q1 + crm.DIMENSION


def features(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 18157) from uint8 images (N, 3, H, W): `srm.features_q1`, added over channels, then `crm.features`.

    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 3, H, W), RefusedImage below 8 x 8 pixels.
    """
    array = samples(images, channels=(3,), smallest=SMALLEST)
    return np.hstack((srm.features_q1(array, threads=threads), crm.features(array, threads=threads)))


def feature_names() -> list[str]:
    """Return one name a feature: submodel and number, as `s1_minmax22h_q1[0]`."""
    return srm.numbered_names(SUBMODELS)


ROWS = {
    "scrmq1": FeatureSet(
        features, DIMENSION, feature_names, (3,),
        "SCRMQ1", "SRMQ1 and CRM: the rich model of color images",
        "M. Goljan, J. Fridrich, R. Cogranne, Rich model for steganalysis of color images, IEEE WIFS 2014",
    ),
}  # fmt: skip
