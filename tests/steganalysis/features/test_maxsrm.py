from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.steganalysis.features import maxsrm, srm
from tests.steganalysis.features.merging import merged


def images_of(height: int, width: int, *, seed: int, channels: int = 1, count: int = 1) -> np.ndarray:
    """Walks along rows: neighbors differ by little, as in a photograph."""
    rng = np.random.default_rng(seed)
    walk = 128 + rng.normal(0, 4, (count, channels, height, width)).cumsum(-1)
    return walk.clip(0, 255).astype(np.uint8)


def probabilities_of(images: np.ndarray, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 0.3, images.shape)


def scanned(plane: np.ndarray, weights: np.ndarray, places: list[tuple[int, int]]) -> np.ndarray:
    """The witness: weighed frequencies (5, 5, 5, 5), one window at a time."""
    found = np.zeros((5, 5, 5, 5))
    height, width = plane.shape
    for y, x in product(range(height - max(dy for dy, _ in places)), range(width - max(dx for _, dx in places))):
        window = [(y + dy, x + dx) for dy, dx in places]
        found[tuple(plane[place] + 2 for place in window)] += max(weights[place] for place in window)
    return found / found.sum()


def witness(image: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Two submodels of maxSRMd2, written out: second differences at twice q = 1, slanted windows."""
    x, beta = image.astype(int), weights[1:-1, 1:-1]
    center = 2 * x[1:-1, 1:-1]
    residuals = (x[1:-1, :-2] - center + x[1:-1, 2:], x[:-2, 1:-1] - center + x[2:, 1:-1])
    across, down = (np.clip(np.sign(r) * ((np.abs(r) + 1) // 2), -2, 2) for r in residuals)
    along, below = [(0, 0), (0, 1), (1, 2), (1, 3)], [(0, 0), (1, 0), (2, 1), (3, 1)]

    def both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return scanned(one, beta, along) + scanned(other, beta, below)

    low, high = np.minimum(across, down), np.maximum(across, down)
    minima, maxima = both(low, low), both(high, high)
    spam = [merged(both(*pair), signs=True) for pair in ((across, down), (down, across))]
    minmax = merged(minima + maxima[::-1, ::-1, ::-1, ::-1], signs=False)
    return {"s2_minmax21_q1": minmax, "s2_spam12hv_q1": np.concatenate(spam)}


@settings(max_examples=10)
@given(st.integers(8, 20), st.integers(8, 20), st.integers(0, 1000))
def test_submodels_are_those_of_the_plain_witness(height: int, width: int, seed: int) -> None:
    images = images_of(height, width, seed=seed)
    probabilities = probabilities_of(images, seed=seed)
    features = maxsrm.features(images, probabilities)[0]
    for name, expected in witness(images[0, 0], probabilities[0, 0]).items():
        np.testing.assert_allclose(features[maxsrm.SUBMODELS[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(23, 30), (338, 207)])  # the larger is more than one strip
def test_equal_probabilities_in_straight_scans_are_the_spatial_rich_model(size: tuple[int, int], channels: int) -> None:
    images = images_of(*size, seed=1, channels=channels)
    features = maxsrm.features(images, np.full(images.shape, 0.125), scan="straight")
    np.testing.assert_allclose(features, srm.features(images), rtol=1e-6, atol=1e-12)


def test_strips_of_a_large_image_join_without_a_seam() -> None:
    images = images_of(338, 207, seed=2)
    probabilities = probabilities_of(images, seed=2)
    features = maxsrm.features(images, probabilities)[0]
    for name, expected in witness(images[0, 0], probabilities[0, 0]).items():
        np.testing.assert_allclose(features[maxsrm.SUBMODELS[name]], expected, rtol=1e-6, atol=1e-9, err_msg=name)


@settings(max_examples=10)
@given(st.integers(8, 20), st.integers(8, 20), st.integers(0, 1000))
def test_image_and_probabilities_turned_over_the_diagonal_or_by_half_give_the_same(height: int, width: int, seed: int) -> None:
    """A slanted window is itself after half a turn, and the other scan's after an exchange of rows and columns."""
    images = images_of(height, width, seed=seed)
    probabilities = probabilities_of(images, seed=seed)
    expected = maxsrm.features(images, probabilities)[0]
    both = (images, probabilities)
    for moved in ([one.transpose(0, 1, 3, 2) for one in both], [one[..., ::-1, ::-1] for one in both]):
        features = maxsrm.features(*moved)[0]
        for name, part in maxsrm.SUBMODELS.items():
            if not name.startswith(("s1_spam14hv", "s3_spam14hv")):
                np.testing.assert_allclose(features[part], expected[part], rtol=2e-6, atol=1e-9, err_msg=name)


def test_the_scale_of_the_probabilities_does_not_matter_and_what_cannot_change_does_not_count() -> None:
    images = images_of(24, 40, seed=3)
    probabilities = probabilities_of(images, seed=3)
    probabilities[..., 20:] = 0
    expected = maxsrm.features(images, probabilities)
    np.testing.assert_allclose(maxsrm.features(images, 1000 * probabilities), expected, rtol=1e-6)
    images[..., 27:] ^= 255  # farther than a window that starts on the left, and the filters around it, reach
    np.testing.assert_array_equal(maxsrm.features(images, probabilities), expected)
    assert not maxsrm.features(images, np.zeros(images.shape)).any()


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_a_batch_has_the_features_of_its_images(threads: int | None) -> None:
    images = images_of(17, 20, seed=4, count=4, channels=3)
    probabilities = probabilities_of(images, seed=4).astype(np.float32)
    one_by_one = np.concatenate([maxsrm.features(images[i : i + 1], probabilities[i : i + 1]) for i in range(4)])
    together = maxsrm.features(torch.from_numpy(images), torch.from_numpy(probabilities), threads=threads)
    np.testing.assert_array_equal(together, one_by_one)


def test_what_cannot_be_meant_is_refused() -> None:
    images = np.zeros((1, 1, 8, 8), np.uint8)
    for wrong in (np.full((1, 1, 8, 8), -0.1), np.full((1, 1, 8, 8), np.nan), np.full((1, 1, 8, 8), np.inf)):
        with pytest.raises(InvalidSetting, match="negative or not"):
            maxsrm.features(images, wrong)
    with pytest.raises(InvalidSetting, match="shape"):
        maxsrm.features(images, np.zeros((1, 8, 8)))
    with pytest.raises(InvalidSetting, match="no scan"):
        maxsrm.features(images, np.zeros(images.shape), scan="d3")
    with pytest.raises(RefusedImage):
        maxsrm.features(images[..., :7], np.zeros((1, 1, 8, 7)))
