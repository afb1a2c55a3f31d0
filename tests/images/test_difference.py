"""The figures of a change, against counts made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from ssgan.errors import InvalidSetting
from ssgan.images.difference import difference


def pair(seed: int, *, low: int = -1, high: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cover = rng.integers(5, 251, (3, 12, 17), dtype=np.uint8)
    return cover, (cover + rng.integers(low, high, cover.shape, endpoint=True)).astype(np.uint8)


@given(st.integers(0, 999))
def test_raised_and_lowered_exchange_with_cover_and_stego(seed: int) -> None:
    cover, stego = pair(seed)
    there, back = difference(cover, stego), difference(stego, cover)
    assert (there.raised, there.lowered, there.changes) == (back.lowered, back.raised, back.changes)
    assert there.change_rate == np.mean(cover != stego)


@given(st.integers(0, 999))
def test_psnr_is_that_of_scikit_image(seed: int) -> None:
    cover, stego = pair(seed, low=-4, high=3)
    assert difference(cover, stego).psnr == pytest.approx(peak_signal_noise_ratio(cover, stego), rel=1e-12)


def test_the_ends_of_the_range_do_not_wrap_around() -> None:
    black, white = np.zeros((1, 2, 2), np.uint8), np.full((1, 2, 2), 255, np.uint8)
    assert (difference(black, white).raised, difference(black, white).largest) == (4, 255)
    assert (difference(white, black).lowered, difference(white, black).largest) == (4, 255)


def test_nothing_changed_is_an_infinite_ratio_and_no_change() -> None:
    cover, _ = pair(0)
    assert difference(cover, cover).psnr == math.inf
    assert difference(cover, cover).change_rate == 0


def test_two_shapes_are_refused_in_words() -> None:
    with pytest.raises(InvalidSetting, match="4 x 5 gray and 5 x 4 color"):
        difference(np.zeros((1, 5, 4), np.uint8), np.zeros((3, 4, 5), np.uint8))
