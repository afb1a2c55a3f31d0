"""Read the photographs of scikit-image's wheel, whole and as tiles.

Astronaut: NASA; chelsea: Stefan van der Walt; coffee: Rachel Michetti; camera: Lav Varshney; all free of restrictions. The left
picture of "Motorcycle" is of the Middlebury stereo set (D. Scharstein and others, GCPR 2014) and is only learned from.
"""

from __future__ import annotations

import numpy as np

from ssgan import images
from ssgan.datasets import sample_pictures
from ssgan.datasets.geometry import Geometry, Patches
from ssgan.images import Images

COLOR = ("astronaut", "chelsea", "coffee", "motorcycle_left")
SHOWN = "camera"
SIDE = 256  # of the one that is shown
TILE = 64  # as large as the generated covers


def available() -> bool:
    """Return whether scikit-image is installed."""
    return sample_pictures.folder() is not None


def shown() -> np.ndarray:
    """Return uint8 (1, SIDE, SIDE): the middle of a photograph of a man at a camera."""
    return next(cut for _, cut in Geometry(crop=SIDE).cut(_read(SHOWN)))


def tiles() -> Images:
    """Return uint8 (N, 3, TILE, TILE): the color photographs cut side by side, none overlapping, none resampled."""
    return images.to_images(np.stack([tile for name in COLOR for _, tile in Patches(TILE).cut(_read(name))]))


def _read(name: str) -> np.ndarray:
    folder = sample_pictures.folder()
    assert folder is not None, "asked before"
    return images.read(folder / f"{name}.png").samples
