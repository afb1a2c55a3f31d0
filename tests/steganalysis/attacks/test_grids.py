"""An earlier compression on another grid shows in JPEGs of high quality."""

from __future__ import annotations

import numpy as np
import pytest

from ssgan import images
from ssgan.images.coefficients import Component
from ssgan.images.new_jpeg import new_jpeg
from ssgan.steganalysis.attacks.grids import has_other_grid
from tests.detection.verdicts import clean

pytest.importorskip("skimage")


def luma(pixels: np.ndarray, quality: int) -> Component:
    return new_jpeg(pixels, quality).cover.components[0]


def gray(name: str) -> np.ndarray:
    return clean.photograph(name)[:1]


def once(pixels: np.ndarray, quality: int) -> np.ndarray:
    return images.read(new_jpeg(pixels, quality).cover.file, convert=("jpeg",)).samples


@pytest.mark.parametrize("name", clean.PHOTOGRAPHS)
def test_a_crop_of_a_jpeg_is_noticed_at_a_high_quality_alone(name: str) -> None:
    crop = once(gray(name), 75)[:, 3:, 5:]
    assert has_other_grid(luma(crop, 98))
    assert not has_other_grid(luma(crop, 90))  # nobody looks there


def test_what_was_compressed_once_has_no_other() -> None:
    assert sum(has_other_grid(luma(gray(name), 98)) for name in clean.PHOTOGRAPHS) <= 1  # 2 of 100 may be
    assert not has_other_grid(luma(np.full((1, 64, 64), 90, np.uint8), 98))
