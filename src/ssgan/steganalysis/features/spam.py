"""SPAM-686: how often each triple of neighboring differences occurs, along rows and columns and along diagonals.

Differences of neighboring samples, truncated to -3...3, form a Markov chain of second order; its joint probabilities are the
features. T. Pevny, P. Bas, J. Fridrich, "Steganalysis by subtractive pixel adjacency matrix", IEEE TIFS 5(2), 2010; values and
order are those of the authors' program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import torch
from ssgan.compute.threads import samples, share_images
from ssgan.steganalysis.feature_set import FeatureSet
from ssgan.steganalysis.features.spam_loops import BINS, LEVELS, TRUNCATION, fill_spam

SMALLEST = 4  # pixels: three differences in a row
# The place of each submodel among the features.
SUBMODELS = {"straight": slice(0, BINS), "diagonal": slice(BINS, 2 * BINS)}
DIMENSION = 2 * BINS


def features(images: NDArray[np.uint8] | torch.Tensor, *, threads: int | None = None) -> NDArray[np.float64]:
    """Return float64 (N, 686), each half summing to 1, from uint8 images (N, C, H, W); a color image's channels are averaged.

    `threads` images are worked on at a time (None: as many as torch uses threads). Raises InvalidSetting where the images are
    not uint8 (N, 1 or 3, H, W), RefusedImage below 4 x 4 pixels.
    """
    array = samples(images, channels=(1, 3), smallest=SMALLEST)
    out = np.empty((len(array), len(SUBMODELS), BINS))
    share_images(lambda first, last: fill_spam(array[first:last], out[first:last]), len(array), threads=threads)
    return out.reshape(len(array), DIMENSION)


def feature_names() -> list[str]:
    """Return one name a feature: the submodel and its three differences, as `straight[-3,0,2]`."""
    levels = [i - TRUNCATION for i in range(LEVELS)]
    return [f"{model}[{a},{b},{c}]" for model in SUBMODELS for a in levels for b in levels for c in levels]


ROWS = {
    "spam": FeatureSet(
        features, DIMENSION, feature_names, (1, 3),
        "SPAM", "triples of neighboring differences; a color image's channels are averaged",
        "T. Pevny, P. Bas, J. Fridrich, Steganalysis by subtractive pixel adjacency matrix, IEEE TIFS 5(2), 2010",
    ),
}  # fmt: skip
