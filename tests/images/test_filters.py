from __future__ import annotations

import numpy as np
import pytest
import pywt
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ssgan.images import filters, filters_loops

PLANES = hnp.arrays(
    np.float64, st.tuples(st.just(2), st.just(1), st.integers(17, 40), st.integers(17, 40)), elements=st.integers(0, 255)
)
TAPS = st.lists(st.floats(-2, 2), min_size=1, max_size=17).map(tuple)


@given(PLANES, TAPS, TAPS)
def test_correlation_is_scipys(x: np.ndarray, vertical: tuple[float, ...], horizontal: tuple[float, ...]) -> None:
    ours = filters.correlate(torch.from_numpy(x), filters.Separable(vertical, horizontal))[1, 0].numpy()
    witness = scipy.signal.correlate2d(x[1, 0], np.outer(vertical, horizontal), mode="valid")
    np.testing.assert_allclose(ours, witness, atol=1e-9 * 255 * 4 * len(vertical) * len(horizontal))


@given(PLANES, TAPS)
def test_the_compiled_loops_and_the_device_path_agree(x: np.ndarray, taps: tuple[float, ...]) -> None:
    plain = torch.nn.functional.conv2d(torch.from_numpy(x), torch.tensor(taps, dtype=torch.float64).reshape(1, 1, 1, -1))
    torch.testing.assert_close(filters.along(torch.from_numpy(x), taps, axis=-1), plain, atol=1e-9, rtol=1e-9)


@given(hnp.arrays(np.int64, st.tuples(st.just(1), st.just(2), st.integers(1, 9), st.integers(1, 9))), st.integers(0, 30))
def test_the_mirror_is_numpys_symmetric_border_also_beyond_the_image(x: np.ndarray, border: int) -> None:
    ours = filters.mirror(torch.from_numpy(x), border)[0, 1].numpy()
    np.testing.assert_array_equal(ours, np.pad(x[0, 1], border, mode="symmetric"))


@pytest.mark.parametrize("axis", [-1, -2])
def test_the_derivative_of_a_correlation_is_that_of_finite_differences(axis: int) -> None:
    x = torch.rand(2, 1, 6, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: filters.along(x, (0.3, -1.0, 2.0), axis=axis), (x,))
    assert torch.autograd.gradgradcheck(lambda x: filters.along(x, (0.3, -1.0, 2.0), axis=axis).square(), (x,))


def test_the_average_is_scipys_uniform_filter() -> None:
    x = torch.rand(1, 1, 20, 30, dtype=torch.float64)
    np.testing.assert_allclose(
        filters.average(x, size=7)[0, 0].numpy(), scipy.ndimage.uniform_filter(x[0, 0].numpy(), 7, mode="reflect"), atol=1e-12
    )


def test_the_wavelet_filters_are_pywavelets_db8() -> None:
    """PyWavelets computes the Daubechies filters on its own; the published ten decimals round them."""
    wavelet = pywt.Wavelet("db8")
    np.testing.assert_allclose(filters.DAUBECHIES8_LOW, wavelet.dec_lo, atol=6e-11)
    np.testing.assert_allclose(np.abs(filters.DAUBECHIES8_HIGH), np.abs(wavelet.dec_hi), atol=6e-11)


def test_each_wavelet_kernel_ignores_what_is_locally_flat() -> None:
    flat = torch.full((1, 1, 40, 40), 200.0, dtype=torch.float64)
    for residual in filters.residuals(flat, filters.WAVELET_BANK):
        assert residual.abs().max() < 1e-6


@pytest.mark.parametrize("size", [2, 7, 9])
def test_the_cosine_bank_is_orthonormal(size: int) -> None:
    bank = filters.cosine_bank(size)
    np.testing.assert_allclose(bank @ bank.T, np.eye(size), atol=1e-12)


def test_a_tile_is_a_part_of_the_mirrored_plane() -> None:
    plane = np.random.default_rng(0).random((5, 7))
    mirrored = np.pad(plane, 12, mode="symmetric")
    for left in range(-9, 8):
        tile = np.empty((11, 9))
        filters_loops.mirror_tile(plane, -4, left, tile)
        assert np.array_equal(tile, mirrored[8:19, left + 12 : left + 21])
