"""A toy maker of samples that are no pixels: quantized coefficients, as in a JPEG file, and what their changes must keep to."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.images.samples import Samples

LEAST, MOST, UNIT = -1023, 1023, "quantization step"
Coefficients: TypeAlias = Samples[NDArray[np.int16]]


def coefficients(count: int, seed: int = 1) -> Coefficients:
    """A maker of samples -1023...1023, (count, 1, 64, 64), in blocks of 8 x 8, as a JPEG file has them.

    Neither zeros nor the first coefficient of a block, some of which lie beyond the range, may change; both ends are met.
    """
    values = np.random.default_rng(seed).laplace(scale=6, size=(count, 1, 64, 64)).round().astype(np.int16)
    values[:, :, 1, ::2], values[:, :, 1, 1::2] = LEAST, MOST
    usable = values != 0
    values[:, :, ::8, ::8] += 1200
    usable[:, :, ::8, ::8] = False
    return Samples(values, LEAST, MOST, usable, UNIT)


def as_torch(samples: Coefficients) -> Samples[torch.Tensor]:
    usable = None if samples.usable is None else torch.from_numpy(samples.usable)
    return Samples(torch.from_numpy(samples.values), samples.low, samples.high, usable, samples.unit)


def flatten(samples: Coefficients) -> Coefficients:
    assert samples.usable is not None
    return Samples(samples.values.reshape(-1), samples.low, samples.high, samples.usable.reshape(-1), samples.unit)


def check(samples: Coefficients, stegos: np.ndarray) -> float:
    """Return the rate of changes, none of which is by more than one, out of range, or where none may be."""
    assert stegos.dtype == np.int16
    change = stegos.astype(int) - samples.values
    assert set(np.unique(change)) == {-1, 0, 1}
    assert samples.usable is not None
    assert not change[~samples.usable].any()
    inside = np.abs(samples.values) <= MOST
    assert np.abs(stegos[inside]).max() == MOST
    return float(np.mean(change != 0))
