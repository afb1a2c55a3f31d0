"""Channels: recipes by real codecs, the random mix, and what is no recipe."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ssgan.errors import InvalidSetting
from ssgan.images.channels import CHANNELS, check_channel, file_through, mixed, reduced, through


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[0:64, 0:64]
    return np.stack([2 * rows + columns, 3 * columns, 255 - rows], axis=2).astype(np.uint8)


@pytest.mark.parametrize("name", CHANNELS)
def test_a_named_channel_leaves_a_picture(name: str, picture: NDArray[np.uint8]) -> None:
    copy = through(picture, name)
    assert copy.dtype == np.uint8
    assert copy.ndim == 3
    assert (np.array_equal(copy, picture)) == (name == "none")
    content, suffix = file_through(picture, name)
    with Image.open(io.BytesIO(content)) as read:
        assert {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[str(read.format)] == suffix
        np.testing.assert_array_equal(np.asarray(read.convert("RGB")), copy)


def test_jpeg_is_that_of_pillow(picture: NDArray[np.uint8]) -> None:
    for name, sampling in (("jpeg75", 2), ("jpeg75full", 0)):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=75, subsampling=sampling)
        assert file_through(picture, name) == (file.getvalue(), ".jpg")


@pytest.mark.parametrize(
    ("name", "size"),
    [("x0.5", 32), ("x2", 128), ("x1.25", 80), ("crop3", 58), ("border2", 68), ("screen", 96), ("x2+jpeg80", 128)],
)
def test_sizes_are_those_of_the_recipe(name: str, size: int, picture: NDArray[np.uint8]) -> None:
    assert through(picture, name).shape == (size, size, 3)
    assert through(picture[:, :, 0], name).shape == (size, size)


def test_cropping_and_borders_take_and_add_pixels(picture: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(through(picture, "crop2"), picture[2:-2, 2:-2])
    np.testing.assert_array_equal(through(picture, "border1")[1:-1, 1:-1], picture)


def test_the_mix_follows_its_generator_and_differs(picture: NDArray[np.uint8]) -> None:
    first, again = (mixed(picture, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    rng = np.random.default_rng(6)
    copies = [mixed(picture, rng) for _ in range(60)]
    assert len({copy.shape for copy in copies}) > 10
    assert sum(copy.shape == picture.shape and np.array_equal(copy, picture) for copy in copies) < 15


def test_reducing_takes_means_of_areas(picture: NDArray[np.uint8]) -> None:
    means = picture.reshape(32, 2, 32, 2, 3).mean((1, 3))
    assert np.abs(reduced(picture, 32) - means).max() <= 0.5
    np.testing.assert_array_equal(reduced(np.repeat(np.repeat(picture, 3, 0), 3, 1), 64), picture)


@pytest.mark.parametrize("name", ["", "jpg", "jpeg0", "jpeg101", "webp0", "x0", "x9", "crop", "jpeg75+", "jpeg75 +blur", "x-1"])
def test_what_is_no_recipe_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        check_channel(name)
    assert caught.value.hint


def test_cropping_all_is_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(InvalidSetting, match="leaves nothing"):
        through(picture, "crop32")
    assert check_channel("mix", mix=True) == "mix"
    with pytest.raises(InvalidSetting):
        check_channel("mix")
