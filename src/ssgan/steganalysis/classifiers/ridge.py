"""Train the linear baseline beside the ensemble: ridge regression on the two classes, its penalty chosen on other pairs.

R. Cogranne, V. Sedighi, J. Fridrich, T. Pevný, "Is ensemble classifier needed for steganalysis in high-dimensional feature
spaces?", WIFS 2015: hardly. Features are brought to mean 0 and deviation 1; one eigendecomposition serves every penalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.steganalysis.error_rate import p_e
from ssgan.storage import weights

KIND = "ridge"
PENALTIES = tuple(10.0**k for k in range(-6, 5))  # in units of the mean eigenvalue


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear score f w + offset: `w` float64 (D,); `error` is P_E on the pairs that chose the penalty."""

    w: np.ndarray
    offset: float
    penalty: float
    error: float

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Return float64 (N,) for features (N, D); above 0 rather stego."""
        if features.ndim != 2 or features.shape[1] != len(self.w):
            raise InvalidSetting(
                f"the detector was trained on {len(self.w)} features, not on {features.shape[1:]}",
                hint="extract the features that it was trained on",
            )
        # A product and a sum for each image alone: a matrix product would depend on the size of the batch in its last digits.
        return np.array([(row * self.w).sum() for row in features]) + self.offset

    def as_tensors(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return (tensors, manifest) for `ssgan.storage.weights.save`."""
        numbers = {"offset": self.offset, "penalty": self.penalty, "error": self.error}
        return {"w": self.w} | {name: np.array(number) for name, number in numbers.items()}, {"kind": KIND}

    def save(self, folder: Path) -> None:
        """Write the regression into a folder, after `ssgan.storage.weights`."""
        weights.save(folder, *self.as_tensors())

    @classmethod
    def load(cls, folder: Path) -> Ridge:
        """Return the regression in a folder. Raises RefusedModel."""
        return cls.from_tensors(*weights.load(folder))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], manifest: Mapping[str, Any]) -> Ridge:
        """Return the regression made of what `ssgan.storage.weights.load` gives. Raises RefusedModel."""
        if manifest.get("kind") != KIND:
            raise RefusedModel("the folder holds another kind of model", hint=f"give the folder of a {KIND} regression")
        w = weights.take(tensors, "w", "float64", (None,))
        numbers = [float(weights.take(tensors, name, "float64", ())) for name in ("offset", "penalty", "error")]
        if not np.isfinite(w).all() or not np.isfinite(numbers).all():
            raise RefusedModel("the weights are not finite", hint="train it again")
        return cls(w, *numbers)


def fit(
    train: tuple[np.ndarray, np.ndarray],
    validate: tuple[np.ndarray, np.ndarray],
    *,
    penalties: Sequence[float] = PENALTIES,
) -> Ridge:
    """Return a ridge regression on the features (N, D) of (covers, stegos), the penalty of least P_E on those of other pairs.

    `penalties` are tried, in units of the mean eigenvalue. Time and memory go with the smaller of D and 2 N, squared.
    """
    if len({np.shape(part)[1:] for part in (*train, *validate)}) != 1 or any(np.ndim(part) != 2 for part in train):
        raise InvalidSetting("the parts have other features", hint="extract the same features from all")
    if not all(np.isfinite(part).all() and len(part) for part in (*train, *validate)):
        raise InvalidSetting("some features are not finite, or there are none", hint="extract them again from the images")
    x = np.concatenate(train).astype(np.float64)
    labels = np.concatenate([np.full(len(part), sign) for part, sign in zip(train, (-1.0, 1.0), strict=True)])
    middle, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale <= 1e-12 * np.abs(middle) + np.finfo(np.float64).tiny] = np.inf  # what never varies has no weight
    x = (x - middle) / scale
    found = []
    for penalty, w in _solutions(x, labels, penalties):
        w = w / scale
        offset = -float(middle @ w)
        low, high = (part @ w + offset for part in validate)
        found.append(Ridge(w, offset, penalty, p_e(low, high)[0]))
    # Of equally good ones the one most penalized, which is the least bold.
    return min(found, key=lambda one: (one.error, -one.penalty))


def _solutions(x: np.ndarray, labels: np.ndarray, penalties: Sequence[float]) -> list[tuple[float, np.ndarray]]:
    """Return (penalty, w) of every penalty: (x' x + penalty) w = x' labels, through x' x or x x', whichever is smaller."""
    wide = x.shape[1] > x.shape[0]
    values, vectors = np.linalg.eigh(x @ x.T if wide else x.T @ x)
    values = np.maximum(values, 0)
    right = vectors.T @ (labels if wide else x.T @ labels)
    unit = float(values.mean()) or 1.0
    made = []
    for penalty in penalties:
        solved = vectors @ (right / (values + penalty * unit))
        made.append((penalty, x.T @ solved if wide else solved))
    return made
