from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import planes
from ssgan.images.idct import component_pixels
from tests.images.jpegs import jpeg, scene

RNG = np.random.default_rng(3)
PICTURES = {
    "scene": scene(72, 40, 1),
    "not in whole blocks": scene(45, 19, 1),
    "noise": RNG.integers(0, 256, (64, 72, 1), dtype=np.uint8),
    "black and white": RNG.integers(0, 2, (64, 72, 1), dtype=np.uint8) * np.uint8(255),
}


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 90, 100])
@pytest.mark.parametrize("name", PICTURES)
def test_the_pixels_of_a_gray_file_are_pillows(name: str, quality: int) -> None:
    data = jpeg(PICTURES[name], quality=quality)
    expected = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(component_pixels(read_coefficients(data).components[0]), expected)


def test_the_pixels_of_a_component_are_near_the_exact_transform() -> None:
    for component in read_coefficients(jpeg(scene(72, 40), quality=90)).components:
        k, n = np.arange(8)[:, None], np.arange(8)
        cosines = 0.5 * np.cos((2 * n + 1) * k * np.pi / 16) * np.where(k == 0, np.sqrt(0.5), 1)
        exact = planes(cosines.T @ (component.blocks * component.table.astype(float)) @ cosines) + 128
        pixels = component_pixels(component, padded=True)
        assert pixels.shape == exact.shape
        assert np.abs(pixels - np.clip(exact, 0, 255)).max() < 1
        height, width = component.size
        assert np.array_equal(component_pixels(component), pixels[:height, :width])
