from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.datasets import GEOMETRIES, Geometry, Patches, patches
from ssgan.datasets.geometry import to_gray
from ssgan.errors import InvalidSetting, RefusedImage

RNG = np.random.default_rng(20)
FACE = RNG.integers(0, 256, (3, 218, 178), dtype=np.uint8)


def only(geometry: Geometry, samples: np.ndarray) -> np.ndarray:
    ((label, image),) = geometry.cut(samples)
    assert label == ""
    return image


@pytest.mark.parametrize(("preset", "box"), [("celeba64", (35, 55, 143, 163)), ("celeba178", (0, 20, 178, 198))])
def test_a_face_is_cut_in_the_known_box_and_resized_by_lanczos(preset: str, box: tuple[int, int, int, int]) -> None:
    """The boxes are those of DCGAN's centre crop and of torchvision's CenterCrop on the 178x218 of CelebA."""
    image = Image.fromarray(FACE.transpose(1, 2, 0)).crop(box).resize((64, 64), Image.Resampling.LANCZOS)
    assert np.array_equal(only(GEOMETRIES[preset], FACE), np.asarray(image).transpose(2, 0, 1))


def test_a_smaller_cut_of_the_same_centre_gives_the_same_face() -> None:
    inner = FACE[:, 48:170, 32:146]  # the 114x122 that the reference faces are kept in
    assert np.array_equal(only(GEOMETRIES["celeba64"], inner), only(GEOMETRIES["celeba64"], FACE))


def test_gray_is_what_pillow_calls_L() -> None:
    expected = np.asarray(Image.fromarray(FACE.transpose(1, 2, 0)).convert("L"))
    assert np.array_equal(to_gray(FACE)[0], expected)
    assert np.array_equal(only(Geometry(gray=True), FACE)[0], expected)


def test_gray_comes_before_resizing() -> None:
    image = Image.fromarray(FACE.transpose(1, 2, 0)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    assert np.array_equal(only(Geometry(size=32, gray=True), FACE)[0], np.asarray(image))


def test_without_settings_a_picture_stays_as_it_is() -> None:
    for samples in (FACE, FACE[:1]):
        assert np.array_equal(only(Geometry(), samples), samples)


@given(height=st.integers(1, 20), width=st.integers(1, 20), size=st.integers(1, 8), stride=st.integers(1, 9))
def test_tiles_are_the_pictures_own_samples_at_their_labels(height: int, width: int, size: int, stride: int) -> None:
    samples = RNG.integers(0, 256, (1, height, width), dtype=np.uint8)
    if min(height, width) < size:
        with pytest.raises(RefusedImage, match="tile"):
            patches(samples, size=size, stride=stride)
        return
    tiles = list(Patches(size, stride).cut(samples))
    assert len(tiles) == (1 + (height - size) // stride) * (1 + (width - size) // stride)
    for label, tile in tiles:
        top, left = map(int, label.removeprefix("@").split(","))
        assert np.array_equal(tile, samples[:, top : top + size, left : left + size])
    assert patches(samples, size=size, stride=stride).shape == (len(tiles), 1, size, size)


def test_tiles_without_a_stride_lie_side_by_side() -> None:
    samples = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    assert patches(samples, size=4).reshape(4, -1).sum() == samples.sum()


def test_a_picture_smaller_than_the_crop_is_refused() -> None:
    with pytest.raises(RefusedImage, match="107 x 200"):
        only(GEOMETRIES["celeba64"], FACE[:, :200, :107])


@pytest.mark.parametrize("settings", [{"crop": 0}, {"size": -1}])
def test_a_geometry_of_no_size_is_a_mistake(settings: dict[str, int]) -> None:
    with pytest.raises(InvalidSetting):
        Geometry(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [(0, 1), (4, 0)])
def test_patches_of_no_size_are_a_mistake(settings: tuple[int, int]) -> None:
    with pytest.raises(InvalidSetting):
        Patches(*settings)
