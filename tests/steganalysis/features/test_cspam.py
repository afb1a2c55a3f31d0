"""SPAM beside SPAM of the image embedded once more."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ssgan.steganalysis.features import cspam, spam


def images(seed: int, count: int = 3, side: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, side, side), dtype=np.uint8)


@given(st.integers(0, 99))
def test_the_first_half_is_spam_and_the_second_that_of_the_reference(seed: int) -> None:
    given_images = images(seed)
    found = cspam.features(given_images)
    np.testing.assert_array_equal(found[:, : spam.DIMENSION], spam.features(given_images))
    np.testing.assert_array_equal(found[:, spam.DIMENSION :], spam.features(cspam.embedded_again(given_images)))


@given(st.integers(0, 99), st.sampled_from([0, 1, 128, 254, 255]))
def test_the_reference_is_lsb_matching_in_a_fifth_of_the_samples(seed: int, value: int) -> None:
    given_images = images(seed, side=96)
    given_images[0] = value
    change = cspam.embedded_again(given_images).astype(int) - given_images
    assert set(np.unique(change)) <= {-1, 0, 1}
    share = (change[1] != 0).mean()
    assert abs(share - cspam.CHANGED) < 5 * np.sqrt(cspam.CHANGED * (1 - cspam.CHANGED) / change[1].size)
    np.testing.assert_array_equal(change[0] != 0, change[1] != 0)  # the same places in every image
    if value in (0, 255):
        assert set(np.unique(change[0])) == ({0, 1} if value == 0 else {-1, 0})


def test_a_first_change_makes_more_of_a_difference_than_a_second() -> None:
    rng = np.random.default_rng(1)
    smooth = np.clip(128 + rng.normal(0, 0.6, (8, 1, 128, 128)).cumsum(-1), 2, 253).astype(np.uint8)
    noisy = (smooth + rng.choice([-1, 0, 0, 0, 1], smooth.shape)).astype(np.uint8)

    def effect(some: np.ndarray) -> float:
        found = cspam.features(some)
        return float(np.abs(found[:, : spam.DIMENSION] - found[:, spam.DIMENSION :]).sum(axis=1).mean())

    assert effect(smooth) > 1.1 * effect(noisy)
