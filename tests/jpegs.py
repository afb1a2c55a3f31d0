"""Folders of small pictures and JPEGs, for tests of judgment in the JPEG domain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan import images


def texture(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """Return a gray picture uint8 (1, H, W) with edges and grain, so that many AC coefficients are not zero."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    waves = 30 * np.sin(down / rng.uniform(2, 6) + rng.uniform(0, 6)) + 25 * np.cos(across / rng.uniform(2, 6))
    return (125 + waves + rng.normal(0, 8, (height, width))).round().clip(0, 255).astype(np.uint8)[None]


def write_pictures(folder: Path, *, count: int, side: int = 32, seed: int = 0) -> Path:
    """Write PNG files 000.png, 001.png, ... into a new folder."""
    folder.mkdir()
    for i in range(count):
        images.write(folder / f"{i:03d}.png", texture(side, side, 1000 * seed + i), durable=False)
    return folder


def write_jpegs(folder: Path, *, count: int, quality: int = 75, side: int = 32, seed: int = 0, color: bool = False) -> Path:
    """Write JPEG files 000.jpg, 001.jpg, ... into a new folder, by Pillow."""
    folder.mkdir()
    for i in range(count):
        planes = [texture(side, side, 1000 * seed + 10 * i + k)[0] for k in range(3 if color else 1)]
        Image.fromarray(np.dstack(planes) if color else planes[0]).save(folder / f"{i:03d}.jpg", quality=quality)
    return folder
