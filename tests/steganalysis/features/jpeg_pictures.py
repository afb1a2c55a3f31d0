"""Coefficients to test features of JPEGs on: random ones, those of compressed photographs, and those at the ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssgan.images import read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.new_jpeg import LUMA_STEPS, new_jpeg, steps

SEALS = ("seal1", "seal2", "seal3")


def picture(
    rows: int, columns: int, *, seed: int, quality: int = 75, count: int = 1
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Return int16 (count, 1, 8 rows, 8 columns) of compressed walks along rows, which look like photographs, and the table."""
    rng = np.random.default_rng(seed)
    walks = 128 + rng.normal(0, 9, (count, 8 * rows, 8 * columns)).cumsum(-1) / 2
    made = [new_jpeg(walk.clip(0, 255).astype(np.uint8), quality).cover.components[0] for walk in walks]
    return np.stack([planes(luma.blocks)[None] for luma in made]), made[0].table


def extremes() -> dict[str, tuple[NDArray[np.int16], NDArray[np.uint16]]]:
    """Return by name: coefficients of 3 x 2 blocks, and a table."""
    rng = np.random.default_rng(1)
    zeros, shape = np.zeros((1, 1, 24, 16), np.int16), (1, 1, 24, 16)
    dc = zeros.copy()
    dc[..., ::8, ::8] = rng.integers(-60, 60, (1, 1, 3, 2))
    sparse = np.where(rng.random(shape) < 0.1, rng.integers(-9, 10, shape), 0).astype(np.int16)
    ends = rng.choice(np.array([-1023, 1023], np.int16), shape)
    usual = steps(LUMA_STEPS, 75)
    ones = np.ones((8, 8), np.uint16)
    return {
        "nothing": (zeros, usual),
        "DC only": (dc, usual),
        "sparse": (sparse, usual),
        "ends": (ends, usual),
        "steps of 1": (sparse, ones),
        "steps of 255": (sparse, 255 * ones),
        "steps of 16 bits": (sparse, 65535 * ones),
        "ends by steps of 16 bits": (ends, 65535 * ones),
        "one block": (sparse[..., :8, :8], usual),
        "a foreign table": (sparse, np.arange(1, 65, dtype=np.uint16).reshape(8, 8)),
    }


def seal(shared: Path, name: str) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Return the coefficients (1, 1, 512, 512) and the table of a photograph of quality 75."""
    luma = read_coefficients(
        shared / "reference" / "detection" / "sealwatch" / "cover" / "jpeg_75_gray" / f"{name}.jpg"
    ).components[0]
    return planes(luma.blocks)[None, None], luma.table


def reference(shared: Path, features: str, name: str) -> NDArray[np.float64]:
    """Return what the authors' program gives, float64 (D,); submodels one after the other, without calibrated ones."""
    import scipy.io

    found = scipy.io.loadmat(shared / "reference" / "jpeg" / "sealwatch" / "features_matlab" / features / f"{name}.mat")[
        "features"
    ]
    if found.dtype.names is None:
        return np.asarray(found.ravel(), np.float64)
    return np.concatenate([found[0, 0][part].ravel() for part in found.dtype.names if not part.endswith("_ref")])
