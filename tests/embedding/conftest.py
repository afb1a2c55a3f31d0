"""The published cost maps, where they are present, and covers that every machine has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

OCTAVE = (
    "nat_seal1_c", "nat_seal2_c", "res64_seal3", "shp_48x80", "shp_8x8", "syn_clip0", "syn_flat128", "syn_impulse", "syn_noise",
    "syn_ramp", "syn_tanh",
)  # fmt: skip
SEALS = ("seal1", "seal4", "seal7")


@pytest.fixture(params=OCTAVE)
def octave(request: pytest.FixtureRequest, shared: Path) -> dict[str, np.ndarray]:
    """A small cover and what the authors' MATLAB code, run in GNU Octave 7.3, makes of it."""
    with np.load(shared / "reference" / "embedding" / "octave_dde64" / f"{request.param}.npz") as arrays:
        return {name: arrays[name] for name in arrays}


@pytest.fixture(params=SEALS)
def seal(request: pytest.FixtureRequest, shared: Path) -> dict[str, np.ndarray]:
    """A 512 x 512 photograph and windows of the MATLAB cost maps that conseal's authors ran (conseal dcb24ca, test/assets)."""
    folder = shared / "reference" / "embedding" / "conseal_matlab"
    with np.load(folder / f"{request.param}_costs.npz") as arrays:
        maps = {name: arrays[name] for name in arrays}
    return {"cover": np.array(Image.open(folder / "cover" / f"{request.param}.png")), **maps}


@pytest.fixture
def textured() -> torch.Tensor:
    """uint8 (6, 1, 24, 32): soft noise of growing strength on a ramp, none of it at the ends of the range."""
    rng = np.random.default_rng(11)
    ramp = np.linspace(60, 180, 32)[None, None, :] + np.zeros((6, 24, 1))
    noise = rng.normal(0, 1, (6, 24, 32)) * np.linspace(0.5, 12, 6)[:, None, None]
    return torch.from_numpy((ramp + noise).round().clip(1, 254).astype(np.uint8))[:, None]
