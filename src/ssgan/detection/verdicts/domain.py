"""Decide whether an image is in the domain of a detector: outside it, a detector answers wrongly, and with the same confidence.

The features of covers and stegos span few directions. An image is in the domain where it is no farther out along these (its
spread) and no farther off them (its rest) than nearly all images that were kept apart; principal components, with the
distances that process control calls T^2 and Q (J. Jackson, G. Mudholkar, Technometrics 21(3), 1979), each a mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.storage import weights

AXES = 16
MOST_FEATURES = 3000  # that are looked at: of more, every other one or every third and so on
ADMITTED = 0.99  # share of images of the same source that are to be admitted by each of the two distances


@dataclass(frozen=True, eq=False)
class Domain:
    """`mean`, `scale` float32 (D,), `axes` float16 (K, D), `spread` float32 (K,): deviations along the axes; two limits.

    D are every `step`-th of a detector's features: neighbors in a large set say nearly the same.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    farthest_spread: float
    farthest_rest: float
    step: int = 1

    @classmethod
    def fit(cls, learned: np.ndarray, apart: np.ndarray) -> Domain:
        """Fit axes to the features (N, D) of training images, and limits to those of other images of the same source."""
        if len(learned) <= AXES or not len(apart):
            raise InvalidSetting(f"{len(learned)} images are too few to fit the domain of a detector", hint="give more images")
        step = -(-learned.shape[1] // MOST_FEATURES)
        x = learned[:, ::step].astype(np.float64)
        mean, scale = x.mean(axis=0), x.std(axis=0)
        scale[scale <= 1e-9 * np.abs(mean) + 1e-12] = np.inf  # constant features carry no information
        x = (x - mean) / scale
        _, vectors = np.linalg.eigh(x @ x.T)  # the smaller of the two products, ascending
        axes = vectors[:, ::-1][:, :AXES].T @ x
        axes = (axes / np.linalg.norm(axes, axis=1, keepdims=True)).astype(np.float16)
        spread = (x @ axes.T.astype(np.float64)).std(axis=0)
        finite = np.where(np.isinf(scale), 0.0, scale)  # 0 marks what has no weight: infinity is not kept in a file
        made = cls(mean.astype(np.float32), finite.astype(np.float32), axes, spread.astype(np.float32), np.inf, np.inf, step)
        found = np.array([made.distances(one) for one in apart])
        limits = np.quantile(found, ADMITTED, axis=0)
        return cls(made.mean, made.scale, axes, made.spread, float(limits[0]), float(limits[1]), step)

    def distances(self, features: np.ndarray) -> tuple[float, float]:
        """Return (spread, rest) of all features of one image, float (step D,) or fewer: about 1 within the training images."""
        weight = np.divide(1.0, self.scale, out=np.zeros(len(self.scale)), where=self.scale > 0)
        x = (features[:: self.step].astype(np.float64) - self.mean) * weight
        along = (self.axes.astype(np.float64) * x).sum(axis=1)
        return float(((along / self.spread) ** 2).mean()), float(max((x * x).sum() - (along * along).sum(), 0) / len(x))

    def excess(self, features: np.ndarray) -> float:
        """Return the factor by which an image exceeds the limits; up to 1 it is in the domain."""
        spread, rest = self.distances(features)
        return max(spread / self.farthest_spread, rest / self.farthest_rest)

    def suits(self, dimension: int) -> bool:
        """Return whether it can be asked about so many features."""
        return len(self.mean) == -(-dimension // self.step)

    def as_tensors(self) -> dict[str, np.ndarray]:
        """Return tensors for `ssgan.storage.weights.save`, beside a detector's own."""
        limits = np.array([self.farthest_spread, self.farthest_rest])
        parts = {"mean": self.mean, "scale": self.scale, "axes": self.axes, "spread": self.spread, "limits": limits}
        parts |= {"step": np.array(self.step)} if self.step > 1 else {}
        return {f"domain_{name}": part for name, part in parts.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Any]) -> Domain:
        """Return the domain in tensors of `ssgan.storage.weights.load`. Raises RefusedModel."""
        mean = weights.take(tensors, "domain_mean", "float32", (None,))
        scale = weights.take(tensors, "domain_scale", "float32", (len(mean),))
        spread = weights.take(tensors, "domain_spread", "float32", (None,))
        axes = weights.take(tensors, "domain_axes", "float16", (len(spread), len(mean)))
        limits = weights.take(tensors, "domain_limits", "float64", (2,))
        step = int(weights.take(tensors, "domain_step", "int64", ())) if "domain_step" in tensors else 1
        if step < 1:
            raise RefusedModel("the domain of the detector is damaged", hint="install ssgan again")
        return cls(mean, scale, axes, spread, float(limits[0]), float(limits[1]), step)
