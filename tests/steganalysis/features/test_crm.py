from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis.features import crm
from tests.steganalysis.features.merging import merged

NOT_SYMMETRIC = ("s1_spam14c", "s3_spam14c")  # they know right from left, up to the border


def images_of(height: int, width: int, *, seed: int, count: int = 1) -> np.ndarray:
    """Walks along rows, alike in the three channels: as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, 4, (count, 1, height, width)).cumsum(-1) + rng.normal(0, 1, (count, 3, height, width))
    return walk.clip(0, 255).astype(np.uint8)


def quantized(residual: np.ndarray, step: float) -> np.ndarray:
    return np.clip(np.sign(residual) * np.floor(np.abs(residual) / step + 0.5), -3, 3).astype(int)


def colors(levels: np.ndarray) -> np.ndarray:
    """Frequencies (7, 7, 7) of the levels (3, H, W) of the channels at a pixel."""
    found = np.zeros((7, 7, 7))
    np.add.at(found, tuple(channel.ravel() + 3 for channel in levels), 1)
    return found / found.sum()


def witness(image: np.ndarray) -> dict[str, np.ndarray]:
    """Some of the submodels of one image (3, H, W), written out."""
    x = image.astype(int)
    center = x[:, 1:-1, 1:-1]
    right, left, up, down = (
        quantized(moved - center, 1) for moved in (x[:, 1:-1, 2:], x[:, 1:-1, :-2], x[:, :-2, 1:-1], x[:, 2:, 1:-1])
    )
    across = quantized(x[:, 1:-1, :-2] - 2 * center + x[:, 1:-1, 2:], 2)
    along = quantized(x[:, :-2, 1:-1] - 2 * center + x[:, 2:, 1:-1], 2)
    pairs = [(a, b) for a in (right, left) for b in (up, down)]
    low, high = (np.mean([colors(f(pair, axis=0)) for pair in pairs], axis=0) for f in (np.min, np.max))
    straight_low, straight_high = (colors(f([right, left], axis=0)) + colors(f([up, down], axis=0)) for f in (np.min, np.max))
    two_low, two_high = (colors(f([across, along], axis=0)) for f in (np.min, np.max))
    return {
        "s1_spam14c_q1": merged(colors(right) + colors(up), signs=True),
        "s1_minmax22c_q1": merged(straight_low + straight_high[::-1, ::-1, ::-1], signs=False),
        "s1_minmax24c_q1": merged(2 * (low + high[::-1, ::-1, ::-1]), signs=False),
        "s2_spam12c_q1": merged(colors(across) + colors(along), signs=True),
        "s2_minmax21c_q1": merged(two_low + two_high[::-1, ::-1, ::-1], signs=False),
    }


@settings(max_examples=20)
@given(st.integers(5, 30), st.integers(5, 30), st.integers(0, 1000))
def test_submodels_are_those_of_the_plain_witness(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    features = crm.features(images)[0]
    for name, expected in witness(images[0]).items():
        np.testing.assert_allclose(features[crm.SUBMODELS[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_strips_of_a_large_image_join_without_a_seam() -> None:
    """70,000 samples are more than one strip holds; the width is odd."""
    images = images_of(338, 207, seed=1)
    features = crm.features(images)[0]
    for name, expected in witness(images[0]).items():
        np.testing.assert_allclose(features[crm.SUBMODELS[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@settings(max_examples=10)
@given(st.integers(5, 24), st.integers(5, 24), st.integers(0, 1000))
def test_no_flip_nor_turn_nor_exchange_of_red_and_blue_changes_them(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    expected = crm.features(images)[0]
    for turns, flipped, exchanged in product(range(4), (False, True), (False, True)):
        turned = np.rot90(images[:, ::-1] if exchanged else images, turns, axes=(2, 3))
        features = crm.features(np.ascontiguousarray(turned[..., ::-1] if flipped else turned))[0]
        for name, part in crm.SUBMODELS.items():
            if not name.startswith(NOT_SYMMETRIC):
                np.testing.assert_allclose(features[part], expected[part], rtol=2e-6, err_msg=name)


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_batch_has_the_features_of_its_images(threads: int | None) -> None:
    images = images_of(17, 20, seed=2, count=5)
    one_by_one = np.concatenate([crm.features(images[i : i + 1]) for i in range(5)])
    np.testing.assert_array_equal(crm.features(images, threads=threads), one_by_one)


def test_submodels_stand_one_after_the_other_and_sum_to_what_is_counted() -> None:
    parts = list(crm.SUBMODELS.values())
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert (parts[-1].stop, len(parts), crm.DIMENSION, len(set(crm.feature_names()))) == (5404, 30, 5404, 5404)
    sums = {name: crm.features(images_of(30, 40, seed=3))[0, part].sum() for name, part in crm.SUBMODELS.items()}
    counted_once = {"s1_minmax41c_q1", "s2_minmax21c_q1", "s2_minmax41c_q1", "s2_minmax32c_q1", "s3_minmax41c_q1"}
    counted_once |= {"s3_minmax34c_q1", "s3_minmax54c_q1", "s35_spam11c_q1"}
    counted_once |= {f"{bank}_{name}c_q1" for bank in ("s3x3", "s5x5") for name in ("minmax24", "minmax41")}
    for name, total in sums.items():
        minmax, once = "minmax" in name, name in counted_once
        # Two scans of one residual, or of minima and of maxima; s35 holds one scan of each of two residuals.
        assert total == pytest.approx((2 if minmax else 1) * (1 if once else 2) * (2 if "s35" in name else 1), rel=1e-5), name


def test_images_that_cannot_be_counted_are_refused() -> None:
    with pytest.raises(RefusedImage, match="no window"):
        crm.features(np.zeros((1, 3, 4, 8), np.uint8))
    with pytest.raises(InvalidSetting, match="C = 3"):
        crm.features(np.zeros((1, 1, 8, 8), np.uint8))
    with pytest.raises(InvalidSetting, match="uint8"):
        crm.features(np.zeros((1, 3, 8, 8), np.int16))
    assert crm.features(np.zeros((0, 3, 8, 8), np.uint8)).shape == (0, 5404)


def test_they_are_those_of_the_authors_program_to_the_last_bit(shared: Path) -> None:
    """Computed by DDE's MATLAB program (Tc = 3) in single precision, published by sealwatch: three photographs of 512 x 512."""
    scipy_io = pytest.importorskip("scipy.io")
    folder = shared / "reference" / "detection" / "sealwatch"
    names = ("seal1", "seal2", "seal3")
    photographs = [np.array(Image.open(folder / "cover" / "uncompressed_color" / f"{name}.png")) for name in names]
    for name, features in zip(names, crm.features(np.stack(photographs).transpose(0, 3, 1, 2)), strict=True):
        expected = scipy_io.loadmat(folder / "features_matlab" / "crm" / f"{name}.mat")
        assert [key for key in expected if key.startswith("s")] == list(crm.SUBMODELS)
        for submodel, part in crm.SUBMODELS.items():
            np.testing.assert_array_equal(features[part], expected[submodel][0], err_msg=f"{name} {submodel}")
