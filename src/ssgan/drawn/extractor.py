"""Read latents from a damaged copy of a drawn cover: an extractor's weights, and its log-likelihood ratios of signs.

NumPy alone: the network is small, and `reveal` starts without torch. What is read may come from anyone: shapes are checked
before anything is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedModel
from ssgan.images.channels import reduced
from ssgan.storage import weights

FOLDER = "extractor"
KIND = "extractor of latents"
UNIT = 64.0  # gray values to a unit of the inputs
LOG_VARIANCES = (-6.0, 0.5)  # bounds
_CENTER = 128.0
_LEAST_SIDE, _MOST_MAPS = 4, 4096
_FARTHEST = 7.5  # deviations from 0 that are told apart: a ratio of exp(31)
_HINT = "train it again with ssgan train-extractor"


@dataclass(frozen=True, eq=False)
class LatentReader:
    """An extractor's layers, ready to read with.

    shape: of the pictures, height, width, channels; about: facts from its training, with what was measured by channel.
    """

    convolutions: tuple[tuple[NDArray[np.float32], NDArray[np.float32], int], ...]
    dense: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    shape: tuple[int, int, int]
    about: dict[str, Any]

    @property
    def latent(self) -> int:
        """How many latents it reads."""
        return len(self.dense[-1][1]) // 2

    def read(self, copies: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """Return the log-likelihood ratios of the signs, float64 (N, L), positive for a positive latent, of N copies of any
        size, uint8 (H, W, C), or (H, W) of gray ones.
        """
        return ratios(*self.moments(copies))

    def moments(self, copies: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return means and log variances of the latents, float32 (N, L) each."""
        rows = [self._moments(copies[begin : begin + 32]) for begin in range(0, len(copies), 32)]
        means, log_variances = np.split(np.concatenate(rows), 2, axis=1)
        return means, np.clip(log_variances, *LOG_VARIANCES)

    def _moments(self, copies: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        values = inputs(copies, self.shape[0] // 2)
        for kernel, bias, stride in self.convolutions:
            values = np.maximum(_convolved(values, kernel, stride) + bias, 0)
        values = values.reshape(len(values), -1)
        (first, first_bias), (last, last_bias) = self.dense
        found: NDArray[np.float32] = np.maximum(values @ first + first_bias, 0) @ last + last_bias
        return found


def inputs(copies: Sequence[NDArray[np.uint8]], side: int) -> NDArray[np.float32]:
    """Return float32 (N, side, side, C), as the network takes them, of copies of any size."""
    small = np.stack([reduced(copy, side) for copy in copies]).astype(np.float32)
    return (small if small.ndim == 4 else small[..., None]) / UNIT - _CENTER / UNIT


def ratios(means: NDArray[Any], log_variances: NDArray[Any]) -> NDArray[np.float64]:
    """Return log P(positive) / P(negative) of normal latents with these means and log variances, float64 of their shape."""
    places = (means.astype(np.float64) * np.exp(-0.5 * log_variances.astype(np.float64))).ravel()
    places = np.clip(places, -_FARTHEST, _FARTHEST)
    return (_log_phi(places) - _log_phi(-places)).reshape(means.shape)


def bits(agreeing: NDArray[np.float64]) -> float:
    """Return the bits that a picture's signs tell by soft decisions, from ratios times true signs (N, L)."""
    return float(np.mean(1 - np.logaddexp(0, -agreeing) / math.log(2)) * agreeing.shape[1])


def save(
    folder: Path,
    layers: Mapping[str, NDArray[Any]],
    *,
    strides: Sequence[int],
    shape: tuple[int, int, int],
    about: Mapping[str, Any],
) -> None:
    """Write the layers of an extractor, kernels as float16, with its card; `strides` are those of its convolutions.

    Raises StorageFailed.
    """
    stored = {name: array.astype(np.float16 if array.ndim > 1 else np.float32) for name, array in layers.items()}
    weights.save(folder, stored, {"kind": KIND, "shape": list(shape), "strides": list(strides), "about": dict(about)})


def copy(source: Path, target: Path) -> None:
    """Copy an extractor with its card; one that is there is replaced. Raises RefusedModel, StorageFailed."""
    weights.save(target, *weights.load(source))


def load(folder: Path) -> LatentReader:
    """Return the extractor in a folder, its shapes checked. Raises RefusedModel."""
    arrays, manifest = weights.load(folder)
    shape, strides, about = _whole(manifest.get("shape")), _whole(manifest.get("strides")), manifest.get("about")
    if manifest.get("kind") != KIND or not isinstance(about, dict) or len(shape) != 3:
        raise weights.refused(folder, "it holds no extractor")
    side, channels = shape[0] // 2, shape[2]
    if shape[0] != shape[1] or channels not in (1, 3) or side < 2 * _LEAST_SIDE or side & (side - 1):
        raise weights.refused(folder, "its pictures have a shape that is none")
    convolutions, maps = [], channels
    for number, stride in enumerate(strides):
        kernel = weights.take(arrays, f"conv{number}.weights", "<f2", (3, 3, maps, None))
        if stride not in (1, 2) or kernel.shape[3] > _MOST_MAPS:
            raise weights.refused(folder, "it has a layer that is none")
        side, maps = side // stride, kernel.shape[3]
        convolutions.append((_floats(kernel), weights.take(arrays, f"conv{number}.bias", "<f4", (maps,)), stride))
    if side != _LEAST_SIDE:
        raise weights.refused(folder, "it has too few or too many layers for its pictures")
    hidden = weights.take(arrays, "hidden.weights", "<f2", (side * side * maps, None))
    last = weights.take(arrays, "last.weights", "<f2", (hidden.shape[1], None))
    if not last.shape[1] or last.shape[1] % 2:
        raise RefusedModel(f"{folder} reads no whole number of latents", hint=_HINT)
    dense = (
        (_floats(hidden), weights.take(arrays, "hidden.bias", "<f4", (hidden.shape[1],))),
        (_floats(last), weights.take(arrays, "last.bias", "<f4", (last.shape[1],))),
    )
    return LatentReader(tuple(convolutions), dense, (shape[0], shape[1], channels), about)


def _whole(values: object) -> list[int]:
    """Return a list of whole numbers as it is, anything else as an empty one."""
    return values if isinstance(values, list) and all(type(value) is int for value in values) else []


def _convolved(values: NDArray[np.float32], kernel: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Return maps (N, H, W, n) convolved with a kernel (3, 3, n, m), zero outside, at every place or every second one."""
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = values.shape[1], values.shape[2]
    views = [padded[:, i : i + height : stride, j : j + width : stride] for i in range(3) for j in range(3)]
    columns = np.concatenate(views, axis=3)
    found: NDArray[np.float32] = columns.reshape(-1, columns.shape[3]) @ kernel.reshape(-1, kernel.shape[3])
    return found.reshape(*columns.shape[:3], -1)


def _log_phi(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the normal distribution function, of places (n,) between -9 and 9."""
    return np.array([math.log(0.5 * math.erfc(-place * math.sqrt(0.5))) for place in places.tolist()])


def _floats(kernel: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(kernel, np.float32)
