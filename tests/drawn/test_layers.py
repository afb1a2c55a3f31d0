"""Layers of integers: those of torch, exactly, in whatever order sums are taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from ssgan.drawn.layers import EXACT, LARGEST, convolution, dense, doubling, largest_sum, leaky, rescaled, slow_chroma
from ssgan.gan.backbones.colors import colors_of
from tests.drawn.models import LUMA


def whole(seed: int, shape: tuple[int, ...], reach: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-reach, reach + 1, shape).astype(np.float64)


def torch_rescaled(sums: torch.Tensor, shift: int) -> np.ndarray:
    return np.asarray(((sums + 2 ** (shift - 1)) / 2**shift).floor().clamp(-LARGEST, LARGEST).numpy())


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("shape", [(1, 1), (4, 7), (9, 3)])
def test_a_convolution_is_the_one_of_torch(kernel: int, shape: tuple[int, int]) -> None:
    values, weights, bias = whole(1, (*shape, 5), 90000), whole(2, (kernel, kernel, 5, 4), 3000), whole(3, (4,), 10**6)
    sums = functional.conv2d(
        torch.from_numpy(values).permute(2, 0, 1)[None], torch.from_numpy(weights).permute(3, 2, 0, 1),
        torch.from_numpy(bias), padding=kernel // 2,
    )  # fmt: skip
    expected = torch_rescaled(sums[0].permute(1, 2, 0), 12)
    np.testing.assert_array_equal(convolution(values, weights, bias, 12), expected)


@pytest.mark.parametrize(("kernel", "padding", "more"), [(5, 2, 1), (4, 1, 0)])
def test_a_doubling_layer_is_the_transposed_convolution_of_torch(kernel: int, padding: int, more: int) -> None:
    values, weights, bias = whole(1, (4, 6, 3), 90000), whole(2, (kernel, kernel, 3, 2), 3000), whole(3, (2,), 10**6)
    sums = functional.conv_transpose2d(
        torch.from_numpy(values).permute(2, 0, 1)[None], torch.from_numpy(weights).permute(2, 3, 0, 1),
        torch.from_numpy(bias), stride=2, padding=padding, output_padding=more,
    )  # fmt: skip
    found = doubling(values, weights, bias, 12)
    assert found.shape == (8, 12, 2)
    np.testing.assert_array_equal(found, torch_rescaled(sums[0].permute(1, 2, 0), 12))


def test_sums_near_the_bound_are_those_of_python_integers() -> None:
    """The largest inputs and weights that a model may have, in another order of summation than the product's."""
    values, weights = whole(4, (3, 2000), LARGEST), whole(5, (2000, 4), 1 << 15)
    bias = whole(6, (4,), 1 << 40)
    bound = largest_sum(weights, bias, LARGEST)
    assert bound < EXACT
    exact = _objects(values) @ _objects(weights) + _objects(bias)
    assert max(abs(number) for number in exact.ravel()) <= bound
    expected = [[min(max((number + (1 << 19)) >> 20, -LARGEST), LARGEST) for number in row] for row in exact]
    np.testing.assert_array_equal(dense(values, weights, bias, 20), np.array(expected, np.float64))


def test_rounding_is_half_up_and_the_slope_is_rounded_down() -> None:
    np.testing.assert_array_equal(rescaled(np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]), 2), [-1, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(leaky(np.array([-5.0, -4.0, 0.0, 7.0]), 256), [-2, -1, 0, 7])


def _objects(values: np.ndarray) -> np.ndarray:
    """Python's integers, which have no bound."""
    return values.astype(np.int64).astype(object)


@pytest.mark.parametrize(("height", "width"), [(4, 4), (8, 12), (32, 16)])
def test_slow_chroma_is_the_map_of_the_floats(height: int, width: int) -> None:
    grays = np.random.default_rng(5).integers(16 << 10, (239 << 10) + 1, (height, width, 3)).astype(np.float64)
    given = torch.from_numpy(grays.transpose(2, 0, 1))[None]
    expected = colors_of("luma")(given)[0].permute(1, 2, 0).numpy()
    found = slow_chroma(grays, LUMA)
    assert np.array_equal(found, np.rint(found))
    # Of 1,024 to a gray value: the weights of luma are whole 65536ths, and values reach 2^18.
    np.testing.assert_allclose(found, expected, atol=4)


def test_slow_chroma_leaves_gray_pictures_alone() -> None:
    grays = np.repeat(np.arange(16 * 16.0).reshape(16, 16, 1) * 1000, 3, axis=2)
    assert np.array_equal(slow_chroma(grays, LUMA), grays)
