"""SPAM of an image beside SPAM of the image embedded once more: 1,372 features that depend less on the source.

A first change of ±1 makes more of a difference to a cover than a second one to its stego; what an image is like without any
change is a matter of its camera, and deceives a detector that was trained on others. So the detector sees both. The idea is
Cartesian calibration (J. Kodovsky, J. Fridrich, "Calibration revisited", ACM MM&Sec 2009), which takes a decompressed JPEG, cut
and compressed again, for the reference; here, in the spatial domain, the reference is LSB matching in every sample of a fifth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.compute.threads import samples
from ssgan.images.samples import PEAK
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features import spam

DIMENSION = 2 * spam.DIMENSION
CHANGED = 0.2  # share of the samples that the reference changes: LSB matching at 0.4 bits per sample
_SEED = 77  # public: every image of one size gets the same changes


def features(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 1372): SPAM of uint8 images (N, C, H, W), then SPAM of each embedded once more.

    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 1 or 3, H, W), RefusedImage below 4 x 4 pixels.
    """
    array = samples(images, channels=(1, 3), smallest=spam.SMALLEST)
    return np.hstack((spam.features(array, threads=threads), spam.features(embedded_again(array), threads=threads)))


def embedded_again(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the images uint8 (N, C, H, W) with ±1 in a fifth of their samples, the same ones in each; 0 rises, 255 falls."""
    rng = np.random.default_rng(_SEED)
    shape = array.shape[1:]
    change = np.where(rng.random(shape) < CHANGED, rng.choice(np.array([-1, 1], dtype=np.int16), shape), 0)
    changed = array + change.astype(np.int16)
    changed = np.where(changed < 0, 1, np.where(changed > PEAK, PEAK - 1, changed))
    return np.ascontiguousarray(changed.astype(np.uint8))


def feature_names() -> list[str]:
    """Return one name a feature: SPAM's, and those of the reference with the prefix `again/`."""
    names = spam.feature_names()
    return [*names, *(f"again/{name}" for name in names)]


ROWS = {
    "cspam": FeatureSet(
        features, DIMENSION, feature_names, (1, 3),
        "Calibrated SPAM", "SPAM of the image and of the image embedded once more; it minds the camera less",
        "after J. Kodovsky, J. Fridrich, Calibration revisited, ACM MM&Sec 2009, with a reference of the spatial domain",
    ),
}  # fmt: skip
