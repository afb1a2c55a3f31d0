from __future__ import annotations

import numpy as np
import pytest

from ssgan.images.filters import KB, KB_TAPS, KV_TAPS
from ssgan.steganalysis.features.residuals import BANKS, Bank


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.name)
def test_a_flat_image_has_no_residual_and_the_center_weighs_minus_the_divisor(bank: Bank) -> None:
    for weights in bank.filters.values():
        assert weights.sum() == 0
        assert weights[bank.border, bank.border] == -bank.divisor


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.name)
def test_the_taps_make_the_filters_again(bank: Bank) -> None:
    for taps, weights in zip(bank.taps(), bank.filters.values(), strict=True):
        made = np.zeros_like(weights)
        for row, column, weight in taps:
            made[row, column] += weight
        np.testing.assert_array_equal(made, weights)


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.name)
def test_no_residual_of_eight_bits_leaves_sixteen(bank: Bank) -> None:
    assert max(np.abs(weights).sum() for weights in bank.filters.values()) * 255 < 2**15


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.name)
def test_a_set_holds_no_filter_twice_and_a_plain_part_one_a_set(bank: Bank) -> None:
    for part in bank.parts:
        for letters in (*part.across, *part.down):
            assert len(set(letters)) == len(letters)
            assert bin(bank.bits(letters)).count("1") == len(letters)
            assert not part.plain or len(letters) == 1


def test_the_square_kernels_are_twice_a_half_less_the_middle() -> None:
    """The 3 x 3 and 5 x 5 kernels of Ker and Boehme and of Kodovsky, put together from their upper and lower halves."""
    for bank, kernel in zip(BANKS[3:], (KB_TAPS, KV_TAPS), strict=True):
        middle = np.zeros_like(bank.filters["k"])
        middle[bank.border] = kernel[bank.border]
        np.testing.assert_array_equal(bank.filters["u"] + bank.filters["b"] - middle, kernel)
        np.testing.assert_array_equal(bank.filters["u"].T, bank.filters["l"])
        np.testing.assert_array_equal(bank.filters["b"].T, bank.filters["r"])


def test_the_square_kernel_is_that_of_hill() -> None:
    assert np.array_equal(np.outer(KB.vertical, KB.horizontal), KB_TAPS)
