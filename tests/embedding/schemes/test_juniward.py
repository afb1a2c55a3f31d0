from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssgan.embedding.schemes import block_wavelets
from ssgan.images import cosines, filters
from ssgan.images.coefficients import planes
from tests.embedding.jpeg_covers import LUMA_TABLE, component, references


def residuals(pixels: NDArray[np.float64], border: int) -> list[NDArray[np.float64]]:
    """The three residuals of a picture with a border around it, by a library's correlation."""
    low, high = np.array(filters.DAUBECHIES8_LOW), np.array(filters.DAUBECHIES8_HIGH)
    around = np.pad(pixels, border, mode="symmetric")
    kernels = (np.outer(low, high), np.outer(high, low), np.outer(high, high))
    return [scipy.signal.correlate2d(around, kernel, mode="valid") for kernel in kernels]


def brute_force(pixels: NDArray[np.float64], table: NDArray[np.uint16], place: tuple[int, int, int, int]) -> float:
    """Change one coefficient by one, transform, and sum the relative changes of all residuals."""
    height, width = pixels.shape
    blocks = np.zeros((height // 8, width // 8, 8, 8))
    blocks[place] = 1
    change = cosines.to_samples(blocks, table) - cosines.CENTER
    before = residuals(pixels, 16)
    # The change itself is not mirrored: a residual beyond the border counts only as far as the block's own pixels reach.
    low, high = np.array(filters.DAUBECHIES8_LOW), np.array(filters.DAUBECHIES8_HIGH)
    kernels = (np.outer(low, high), np.outer(high, low), np.outer(high, high))
    moved = [scipy.signal.correlate2d(np.pad(change, 16), kernel, mode="valid") for kernel in kernels]
    return float(sum((np.abs(d) / (np.abs(r) + block_wavelets.SIGMA)).sum() for d, r in zip(moved, before, strict=True)))


def test_a_cost_is_the_sum_over_all_residuals_of_a_change() -> None:
    part = component(24, 32)
    pixels = np.rint(cosines.to_samples(part.blocks, part.table)).clip(0, 255)
    rho = block_wavelets.plane_costs(pixels, part.table, part.whole)
    rng = np.random.default_rng(1)
    places = [
        (0, 0, 0, 0),
        (2, 3, 7, 7),
        (0, 3, 0, 5),
        (2, 0, 4, 0),
        *zip(*(rng.integers(0, n, 6) for n in rho.shape), strict=True),
    ]
    for place in places:
        np.testing.assert_allclose(rho[place], brute_force(pixels, part.table, place), rtol=1e-10)


def direct(pixels: NDArray[np.float64], table: NDArray[np.uint16], shift: int) -> NDArray[np.float64]:
    """The windows of all blocks, multiplied out: 23 x 23 susceptibilities by the reach of each coefficient."""
    bank = np.array([filters.DAUBECHIES8_LOW, filters.DAUBECHIES8_HIGH])
    reach = [np.array([np.abs(np.correlate(b, taps, mode="full")) for b in cosines.basis()]) for taps in bank]
    total = np.zeros((pixels.shape[0] // 8, pixels.shape[1] // 8, 8, 8))
    for (down, along), residual in zip(((0, 1), (1, 0), (1, 1)), residuals(pixels, 16), strict=True):
        x = 1 / (np.abs(residual) + block_wavelets.SIGMA)  # begins 16 rows before the picture
        for r, c in np.ndindex(total.shape[:2]):
            top, left = 8 * r + 1 + shift, 8 * c + 1 + shift
            total[r, c] += reach[down] @ x[top : top + 23, left : left + 23] @ reach[along].T
    return total * table


@pytest.mark.parametrize("original", [False, True])
@given(rows=st.integers(1, 5), columns=st.integers(1, 19), rest=st.tuples(st.integers(0, 7), st.integers(0, 7)))
def test_any_number_of_blocks_costs_as_multiplied_out(original: bool, rows: int, columns: int, rest: tuple[int, int]) -> None:
    """With pixels beyond the whole blocks, and without."""
    height, width = 8 * rows + rest[0], 8 * columns + rest[1]
    pixels = np.random.default_rng(rows * columns).integers(0, 256, (height, width)).astype(np.uint8)
    rho = block_wavelets.plane_costs(pixels, LUMA_TABLE, (rows, columns), original=original)
    np.testing.assert_allclose(rho, direct(pixels.astype(float), LUMA_TABLE, int(original)), rtol=1e-11)
    assert np.isfinite(rho).all()
    assert (rho > 0).all()


def test_flat_pictures_cost_finite_and_alike() -> None:
    for gray_value in (0, 128, 255):
        rho = block_wavelets.plane_costs(np.full((24, 40), gray_value, np.uint8), LUMA_TABLE, (3, 5))
        assert np.isfinite(rho).all()
        np.testing.assert_allclose(rho, np.broadcast_to(rho[:1, :1], rho.shape), rtol=1e-6)


def test_a_picture_on_its_side_costs_the_same_on_its_side() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (40, 24)).astype(np.uint8)
    rho = block_wavelets.plane_costs(pixels, LUMA_TABLE, (5, 3))
    turned = block_wavelets.plane_costs(pixels.T, LUMA_TABLE.T, (3, 5))
    np.testing.assert_allclose(turned, rho.transpose(1, 0, 3, 2), rtol=1e-12)


def test_threads_share_the_rows_of_blocks() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (512, 256)).astype(np.uint8)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = block_wavelets.plane_costs(pixels, LUMA_TABLE, (64, 32))
        torch.set_num_threads(3)
        np.testing.assert_array_equal(block_wavelets.plane_costs(pixels, LUMA_TABLE, (64, 32)), alone)
    finally:
        torch.set_num_threads(threads)


def test_large_steps_cost_as_much_more() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (16, 16)).astype(np.uint8)
    rho = block_wavelets.plane_costs(pixels, np.ones((8, 8), np.uint16), (2, 2))
    np.testing.assert_allclose(
        block_wavelets.plane_costs(pixels, np.full((8, 8), 65535, np.uint16), (2, 2)), rho * 65535, rtol=1e-12
    )


@pytest.mark.parametrize(("window", "original"), [("juniward_fixed", False), ("juniward_original", True)])
def test_small_covers_cost_what_the_peer_says(shared: Path, window: str, original: bool) -> None:
    """conseal 2025.11, which agrees with the authors' MATLAB on photographs."""
    for name, arrays in references(shared).items():
        whole = arrays["pixels"].shape[0] // 8, arrays["pixels"].shape[1] // 8
        rho = block_wavelets.plane_costs(arrays["pixels"], arrays["quantization"], whole, original=original)
        np.testing.assert_allclose(planes(rho), arrays[window], rtol=1e-10, err_msg=name)
