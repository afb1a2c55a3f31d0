"""PHARM is what its definition says, written out for a picture at a time, and what the authors' program gives."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ssgan.images.coefficients import as_blocks
from ssgan.images.cosines import to_samples
from ssgan.images.quantization import nearest_quality
from ssgan.steganalysis.features import pharm
from tests.steganalysis.features.jpeg_pictures import SEALS, extremes, picture, reference, seal

FEW = 25  # projections of each residual that the witness computes


def witness(plane: NDArray[np.int16], table: NDArray[np.uint16], step: float) -> NDArray[np.float64]:
    """The first projections by the definition: convolve, take one place of each block, count in two bins, add four places."""
    samples = to_samples(as_blocks(plane), table)
    height, width = samples.shape
    inner, narrow = samples[1:-1, 1:-1], samples[2:-2, 2:-2]
    residuals = [
        (3, samples[1:-1, 2:] - inner),
        (3, samples[:-2, 1:-1] - inner),
        (5, samples[2:-2, 1:-3] - 3 * narrow + 3 * samples[2:-2, 3:-1] - samples[2:-2, 4:]),
        (5, -samples[:-4, 2:-2] + 3 * samples[1:-3, 2:-2] - 3 * narrow + samples[3:-1, 2:-2]),
        (3, samples[:-2, :-2] + samples[:-2, 1:-1] - samples[1:-1, :-2] - inner),
        (3, samples[:-2, :-2] - samples[:-2, 1:-1] + samples[1:-1, :-2] - inner),
        (3, samples[:-2, 1:-1] - samples[:-2, :-2] + samples[1:-1, :-2] - inner),
    ]
    found = np.zeros((7, FEW, 2))
    for k, (size, residual) in enumerate(residuals):
        for p, (y, x, matrix) in enumerate(pharm.random_matrices(seed=k + 1)[:FEW]):
            tall, wide = matrix.shape
            up, left = (size - 1 - y - tall) % 8, (size - 1 - x - wide) % 8
            orientations = (
                (y, x, matrix), (up, x, matrix[::-1]), (y, left, matrix[:, ::-1]), (up, left, matrix[::-1, ::-1]),
            )  # fmt: skip
            for row, column, turned in orientations:
                if tall > len(residual) - row or wide > residual.shape[1] - column:
                    continue
                projected = np.abs(scipy.signal.convolve2d(residual[row:, column:], turned, mode="valid")[::8, ::8])
                found[k, p] += (projected < step).sum(), ((projected >= step) & (projected <= 2 * step)).sum()
    assert height % 8 == width % 8 == 0
    return found


def few(features: NDArray[np.float64]) -> NDArray[np.float64]:
    return features.reshape(7, pharm.PROJECTIONS, 2)[:, :FEW]


@pytest.mark.parametrize("name", extremes())
def test_extreme_pictures_have_the_features_of_the_witness(name: str) -> None:
    planes, table = extremes()[name]
    step = pharm.quantization_step(nearest_quality(table))
    np.testing.assert_array_equal(few(pharm.features(planes, table)[0]), witness(planes[0, 0], table, step))


@settings(max_examples=6)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 999))
def test_the_features_are_those_of_the_plain_witness(rows: int, columns: int, seed: int) -> None:
    for quality, step in ((75, 5.0), (95, 2.0)):
        planes, table = picture(rows, columns, seed=seed, quality=quality)
        np.testing.assert_array_equal(few(pharm.features(planes, table)[0]), witness(planes[0, 0], table, step))


def test_a_picture_of_several_groups_of_block_rows_has_no_seam() -> None:
    planes, table = picture(9, 66, seed=3)
    np.testing.assert_array_equal(few(pharm.features(planes, table)[0]), witness(planes[0, 0], table, 5.0))
    wide, table = picture(2, 300, seed=4)
    np.testing.assert_array_equal(few(pharm.features(wide, table)[0]), witness(wide[0, 0], table, 5.0))


def test_matrices_are_normal_numbers_of_norm_one_from_the_twister() -> None:
    stream = np.random.RandomState(3)
    made = pharm.random_matrices(seed=3)
    assert len(made) == pharm.PROJECTIONS
    for row, column, matrix in made[:20]:
        tall, wide, y, x = (int(8 * stream.random_sample()) for _ in range(4))
        assert (row, column, matrix.shape) == (y, x, (tall + 1, wide + 1))
        inverse = statistics.NormalDist().inv_cdf
        normal = [inverse(stream.random_sample()) for _ in range(matrix.size)]
        expected = np.reshape(normal, matrix.shape, order="F")
        np.testing.assert_allclose(matrix, expected / np.linalg.norm(expected), rtol=1e-12, atol=1e-15)


def test_they_are_those_of_the_authors_program(shared: Path) -> None:
    """Computed by DDE's MATLAB program for three photographs of 512 x 512, published by sealwatch: equal counts."""
    pytest.importorskip("scipy.io")
    for name in SEALS:
        np.testing.assert_array_equal(pharm.features(*seal(shared, name))[0], reference(shared, "pharm", name), err_msg=name)
