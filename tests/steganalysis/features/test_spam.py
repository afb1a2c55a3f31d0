from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis.features import spam

ALONG, DOWN, RIGHT, LEFT = (0, 1), (1, 0), (1, 1), (1, -1)


def images_of(height: int, width: int, *, seed: int, channels: int = 1, count: int = 1, spread: float = 3.0) -> np.ndarray:
    """Walks along rows: neighbors differ by little, as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, spread, (count, channels, height, width)).cumsum(-1)
    return walk.clip(0, 255).astype(np.uint8)


def triples(image: np.ndarray, direction: tuple[int, int]) -> np.ndarray:
    """The witness: frequencies (343,) of three differences in that direction, of samples of any type.

    Differences are truncated, then rounded, halves away from zero (as the authors do to decompressed images), where a half is
    one to the accuracy of their cosine transform.
    """
    height, width = image.shape
    dy, dx = direction
    samples = image.astype(float)
    top, left = max(0, -3 * dy), max(0, -3 * dx)
    rows, columns = height - 3 * abs(dy), width - 3 * abs(dx)
    walk = [samples[top + k * dy : top + k * dy + rows, left + k * dx : left + k * dx + columns] for k in range(4)]
    steps = [np.clip(walk[k] - walk[k + 1], -3, 3) for k in range(3)]
    a, b, c = (np.sign(d) * np.floor(np.abs(d) + 0.5 + 5e-6) + 3 for d in steps)
    return np.bincount((a * 49 + b * 7 + c).astype(int).ravel(), minlength=343) / (rows * columns)


def witness(image: np.ndarray) -> np.ndarray:
    """SPAM of one gray image, written out: the mean over four directions and their opposites."""
    halves = []
    for directions in ((ALONG, DOWN), (RIGHT, LEFT)):
        opposites = [(-dy, -dx) for dy, dx in directions]
        halves.append(np.mean([triples(image, direction) for direction in (*directions, *opposites)], axis=0))
    return np.concatenate(halves)


@given(st.integers(4, 40), st.integers(4, 40), st.integers(0, 1000))
def test_the_features_are_those_of_the_plain_witness(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    np.testing.assert_allclose(spam.features(images)[0], witness(images[0, 0]), rtol=1e-12, atol=1e-15)


def test_strips_of_a_large_image_join_without_a_seam() -> None:
    images = images_of(150, 61, seed=1)
    np.testing.assert_allclose(spam.features(images)[0], witness(images[0, 0]), rtol=1e-12, atol=1e-15)


@given(st.integers(4, 30), st.integers(4, 30), st.integers(0, 1000))
def test_no_flip_or_quarter_turn_changes_them(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    expected = spam.features(images)
    for turns, flipped in product(range(4), (False, True)):
        turned = np.rot90(images, turns, axes=(2, 3))
        moved = spam.features(np.ascontiguousarray(turned[..., ::-1] if flipped else turned))
        np.testing.assert_allclose(moved, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_batch_has_the_features_of_its_images(threads: int | None) -> None:
    images = images_of(17, 20, seed=2, count=5, channels=3)
    one_by_one = np.concatenate([spam.features(images[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(spam.features(images, threads=threads), one_by_one)


def test_of_a_color_image_they_are_the_mean_over_channels() -> None:
    images = images_of(16, 19, seed=3, channels=3)
    channels = [spam.features(images[:, c : c + 1]) for c in range(3)]
    np.testing.assert_allclose(spam.features(images), np.mean(channels, axis=0), rtol=1e-12, atol=1e-15)


def test_each_submodel_sums_to_one_and_has_its_names() -> None:
    features = spam.features(images_of(32, 24, seed=4, count=3))
    assert features.shape == (3, spam.DIMENSION) == (3, 686)
    for part in spam.SUBMODELS.values():
        np.testing.assert_allclose(features[:, part].sum(axis=1), 1)
    names = spam.feature_names()
    assert len(set(names)) == 686
    flat = spam.features(np.full((1, 1, 8, 8), 200, np.uint8))[0]
    assert [names[i] for i in flat.nonzero()[0]] == ["straight[0,0,0]", "diagonal[0,0,0]"]


def test_images_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(RefusedImage):
        spam.features(np.zeros((1, 1, 3, 8), np.uint8))
    with pytest.raises(InvalidSetting):
        spam.features(np.zeros((1, 1, 8, 8), np.float32))
    assert spam.features(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0, 686)


def test_they_are_those_of_sealwatch(shared: Path) -> None:
    """Computed by sealwatch 2025.9 (compiled backend) for six crops of 64 x 64, two of them edge cases; atol 1e-7."""
    folder = shared / "reference" / "detection" / "crops64"
    expected = np.load(folder / "sealwatch_2025.9_spam_srm.npz")
    for name, row in zip(expected["names"], expected["spam686"], strict=True):
        image = np.array(Image.open(folder / "images" / f"{name}.png"))
        np.testing.assert_allclose(spam.features(image[None, None])[0], row, rtol=1e-12, atol=1e-15, err_msg=name)


def test_the_witness_is_the_authors_program(shared: Path) -> None:
    """Computed by DDE's MATLAB program for three photographs of 512 x 512, published by sealwatch; rtol 1e-7.

    That program was given samples decompressed from JPEG and not rounded, which `features` does not take: the witness does.
    """
    jpeglib = pytest.importorskip("jpeglib")
    scipy_io = pytest.importorskip("scipy.io")
    fft = pytest.importorskip("scipy.fft")
    folder = shared / "reference" / "detection" / "sealwatch"
    for name in ("seal1", "seal2", "seal3"):
        jpeg = jpeglib.read_dct(str(folder / "cover" / "jpeg_75_gray" / f"{name}.jpg"))
        blocks = fft.idctn(jpeg.Y * jpeg.qt[0].astype(float), axes=(2, 3), norm="ortho") + 128  # (64, 64, 8, 8)
        expected = scipy_io.loadmat(folder / "features_matlab" / "spam" / f"{name}.mat")["features"].ravel()
        np.testing.assert_allclose(witness(blocks.transpose(0, 2, 1, 3).reshape(512, 512)), expected, rtol=1e-7, err_msg=name)
