"""Estimate in closed form how well a message shows in a cover: the deflection of a detector that learns nothing.

A sample is predicted from its neighbors with an error of variance s^2; a change by one, with probability v, makes it s^2 + v.
The most powerful detector adds up the squares of the errors, each by its weight; its deflection is d^2 = sum over samples of
v^2 / (2 s^4) (after V. Sedighi, R. Cogranne, J. Fridrich, "Content-adaptive steganography by minimizing statistical
detectability", IEEE TIFS 11(2), 2016, where v = 2 beta). Smooth covers have a large d^2, rough ones a small one. No cover is as
simple as that, but retrained detectors rank covers much alike (docs/reproduce.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ssgan.compute.lazy_torch import Values, is_tensor
from ssgan.embedding.embedder import Embedder
from ssgan.images import filters
from ssgan.images.grain import TWELFTHS, kv_residuals

WINDOW = 5  # samples a side, over which the error's variance is taken
VARIANCE_FLOOR = 1.0  # gray values squared: no detector predicts better


def deflection(covers: Values, embedder: Embedder) -> Values:
    """Return float64 (N,), d^2 >= 0 of Images uint8 (N, C, H, W) if this embedder changes them; channels count by themselves.

    Raises DoesNotFit where the payload does not fit.
    """
    made: Any = embedder.change_probabilities(covers)
    changed, variance = made.plus + made.minus, error_variance(covers)
    changed = changed.double() if is_tensor(changed) else changed.astype(np.float64, copy=False)
    squares = changed * changed / (variance * variance)
    return squares.reshape(len(covers), -1).sum(1) / 2


def error_variance(covers: Values) -> Values:
    """Return float64 (N, C, H, W), at least VARIANCE_FLOOR: the mean square of the KV filter's residual around each sample."""
    whole: Any = kv_residuals(filters.mirror(covers, 2))
    residuals = (whole.double() if is_tensor(whole) else whole.astype(np.float64)) / TWELFTHS
    variance: Any = filters.average(residuals * residuals, size=WINDOW)
    floored: Any = variance.clamp(min=VARIANCE_FLOOR) if is_tensor(variance) else np.maximum(variance, VARIANCE_FLOOR)
    return floored
