"""Sample pictures to begin with: free photographs from scikit-image's wheel, and drawings that this module computes.

The photographs are free of restrictions: released into the public domain or under CC0, as scikit-image's documentation says.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting

DRAWINGS = ("clouds", "dunes", "marble", "pebbles", "waves")
_HEIGHT, _WIDTH = 384, 512  # of a drawing


class SamplePhotograph(NamedTuple):
    """A photograph in scikit-image's wheel, with its author and its terms."""

    file: str
    author: str
    terms: str


# Name of the sample → the photograph.
PHOTOGRAPHS = {
    "astronaut": SamplePhotograph("astronaut.png", "NASA", "public domain"),
    "camera": SamplePhotograph("camera.png", "Lav Varshney", "CC0"),
    "cat": SamplePhotograph("chelsea.png", "Stéfan van der Walt", "CC0"),
    "coffee": SamplePhotograph("coffee.png", "Rachel Michetti", "CC0"),
    "gravel": SamplePhotograph("gravel.png", "CC0Textures", "CC0"),
}


def folder() -> Path | None:
    """Return the folder of scikit-image's pictures; None where it is not installed. Nothing is imported or fetched."""
    package = find_spec("skimage")
    return None if package is None or package.origin is None else Path(package.origin).parent / "data"


def photograph(name: str) -> bytes:
    """Return the PNG file of a sample photograph, a key of PHOTOGRAPHS. Raises InvalidSetting without scikit-image."""
    place = folder()
    if place is None:
        raise InvalidSetting(
            "the sample photographs come with scikit-image, which is not installed",
            hint="run pip install scikit-image, or ssgan samples drawings, which needs nothing",
        )
    return (place / PHOTOGRAPHS[name].file).read_bytes()


def drawing(name: str) -> NDArray[np.uint8]:
    """Return uint8 (3, 384, 512), one of DRAWINGS: colored noise with a spectrum like nature's, and some noise of a sensor.

    It is a cover to try things with, and no photograph: figures of drawings say nothing of photographs.
    """
    kind = DRAWINGS.index(name)
    rng = np.random.default_rng([20170, kind])
    first, second = _noise(rng, 1.8), _noise(rng, 1.3)
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH] / _WIDTH
    height = {
        "clouds": first,
        "dunes": np.sin(22 * (y + 0.12 * first)) + 0.2 * second,
        "marble": np.abs(np.sin(6 * (x + 0.5 * first))) ** 0.5 + 0.1 * second,
        "pebbles": np.maximum(np.sin(40 * x + 3 * first), np.sin(40 * y + 3 * second)) + 0.3 * second,
        "waves": np.sin(30 * (y + 0.05 * np.sin(9 * x) + 0.06 * first)) * (0.4 + y) + 0.2 * second,
    }[name]
    level = (height - height.min()) / np.ptp(height)
    dark, light = rng.uniform(20, 90, 3), rng.uniform(150, 235, 3)
    colors = dark[:, None, None] + (light - dark)[:, None, None] * level + 6 * _noise(rng, 1.0)
    noisy = colors + rng.normal(0, 1.5, colors.shape)
    return np.rint(noisy).clip(0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, slope: float) -> NDArray[np.float64]:
    """Return float64 (384, 512), noise whose amplitude falls with the frequency f as f^-slope; mean 0, deviation 1."""
    rows, columns = np.fft.fftfreq(_HEIGHT)[:, None], np.fft.rfftfreq(_WIDTH)[None, :]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(_HEIGHT, _WIDTH))) / frequency**slope
    noise = np.fft.irfft2(spectrum, s=(_HEIGHT, _WIDTH))
    scaled: NDArray[np.float64] = (noise - noise.mean()) / noise.std()
    return scaled
