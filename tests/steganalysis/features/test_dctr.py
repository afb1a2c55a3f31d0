"""DCTR is what its definition says, written out for a picture at a time, and what the authors' program gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssgan.images.coefficients import as_blocks
from ssgan.images.cosines import basis, to_samples
from ssgan.steganalysis.features import dctr
from tests.steganalysis.features.jpeg_pictures import SEALS, extremes, picture, reference, seal


def witness(plane: NDArray[np.int16], table: NDArray[np.uint16], step: float) -> NDArray[np.float64]:
    """The definition: convolve, divide, round halves (within 5.01e-6) up, truncate, count by phase, merge, divide by sums."""
    samples = to_samples(as_blocks(plane), table) - 128
    height, width = samples.shape
    windows = np.lib.stride_tricks.sliding_window_view(samples, (8, 8))
    found = np.zeros((8, 8, 5, 5, 5))
    for k in range(8):
        for m in range(8):
            magnitude = np.abs(np.einsum("yxab,a,b->yx", windows, basis()[k], basis()[m])) / step
            levels = np.minimum(np.floor(magnitude + 0.5 + 5.01e-6), 4).astype(int)
            for y in range(height - 7):
                for x in range(width - 7):
                    i, j = (min(p, 8 - p) for p in (y % 8, x % 8))
                    found[k, m, i, j, levels[y, x]] += 1
    sums = found.sum(-1, keepdims=True)
    return (found / np.maximum(sums, 1)).ravel()


@pytest.mark.parametrize("name", extremes())
def test_extreme_pictures_have_the_features_of_the_witness(name: str) -> None:
    plane, table = extremes()[name]
    step = {"steps of 1": 0.2, "steps of 255": 100.0, "steps of 16 bits": 100.0, "ends by steps of 16 bits": 100.0}.get(
        name, 4.0
    )
    if name == "a foreign table":
        from ssgan.images.quantization import nearest_quality

        step = dctr.quantization_step(nearest_quality(table))
    np.testing.assert_array_equal(dctr.features(plane, table)[0], witness(plane[0, 0], table, step))


@settings(max_examples=8)
@given(
    st.integers(1, 5), st.integers(1, 5), st.integers(0, 999), st.sampled_from([(20, 20.0), (50, 8.0), (75, 4.0), (95, 0.8)])
)
def test_the_features_are_those_of_the_plain_witness(rows: int, columns: int, seed: int, quality: tuple[int, float]) -> None:
    planes, table = picture(rows, columns, seed=seed, quality=quality[0])
    np.testing.assert_array_equal(dctr.features(planes, table)[0], witness(planes[0, 0], table, quality[1]))


def test_more_rows_of_one_phase_than_a_packed_count_holds_are_counted() -> None:
    plane, table = np.zeros((1, 1, 8 * 4200, 8), np.int16), picture(1, 1, seed=1)[1]
    found = dctr.features(plane, table).reshape(64, 5, 5, 5)
    assert (found[:, :, 0, 0] == 1).all()
    assert not found[..., 1:].any()


def test_each_phase_sums_to_one() -> None:
    planes, table = picture(4, 3, seed=3, count=2)
    np.testing.assert_allclose(dctr.features(planes, table).reshape(2, 64 * 25, 5).sum(-1), 1)


def test_they_are_those_of_the_authors_program(shared: Path) -> None:
    """Computed by DDE's MATLAB program for three photographs of 512 x 512, published by sealwatch: equal."""
    pytest.importorskip("scipy.io")
    for name in SEALS:
        np.testing.assert_array_equal(dctr.features(*seal(shared, name))[0], reference(shared, "dctr", name), err_msg=name)
