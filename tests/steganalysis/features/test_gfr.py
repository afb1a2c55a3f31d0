"""GFR is what its definition says, written out for a picture at a time, and what the authors' program gives."""

from __future__ import annotations

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
from ssgan.steganalysis.features import gfr
from tests.steganalysis.features.jpeg_pictures import SEALS, extremes, picture, reference, seal


def witness(plane: NDArray[np.int16], table: NDArray[np.uint16], steps: tuple[float, ...]) -> NDArray[np.float64]:
    """The definition: all 256 kernels, rounded (halves within 5.01e-6 up), counted by phase; mirrored turns averaged."""
    samples = to_samples(as_blocks(plane), table)
    x, y = np.meshgrid(np.linspace(-3.5, 3.5, 8), -np.linspace(-3.5, 3.5, 8))
    found = np.zeros((2, 4, 32, 5, 5, 5))
    for s, (sigma, step) in enumerate(zip((0.5, 0.75, 1, 1.25), steps, strict=True)):
        for turn in range(32):
            angle = turn * np.pi / 32
            along, beside = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
            for parity in range(2):
                shape = np.exp(-(along**2 + 0.25 * beside**2) / 2 / sigma**2)
                kernel = shape * np.cos(2 * np.pi * 0.56 / sigma * along + parity * np.pi / 2)
                kernel -= np.abs(kernel) * kernel.sum() / np.abs(kernel).sum()
                filtered = scipy.signal.convolve2d(samples, kernel, mode="valid")
                levels = np.minimum(np.floor(np.abs(filtered) / step + 0.5 + 5.01e-6), 4).astype(int)
                rows, columns = (np.minimum(np.arange(n) % 8, 8 - np.arange(n) % 8) for n in levels.shape)
                np.add.at(found[parity, s, turn], (rows[:, None], columns[None, :], levels), 1)
    found /= np.maximum(found.sum(-1, keepdims=True), 1)
    mirrored = [found[:, :, 0], *((found[:, :, t] + found[:, :, 32 - t]) / 2 for t in range(1, 16)), found[:, :, 16]]
    return np.stack(mirrored, axis=2).ravel()


@pytest.mark.parametrize("name", extremes())
def test_extreme_pictures_have_the_features_of_the_witness(name: str) -> None:
    planes, table = extremes()[name]
    steps = gfr.quantization_steps(nearest_quality(table))
    np.testing.assert_allclose(gfr.features(planes, table)[0], witness(planes[0, 0], table, steps), rtol=0, atol=1e-12)


@settings(max_examples=4)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 999))
def test_the_features_are_those_of_the_plain_witness(rows: int, columns: int, seed: int) -> None:
    for quality, steps in ((75, (2, 4, 6, 8)), (95, (0.5, 1, 1.5, 2))):
        planes, table = picture(rows, columns, seed=seed, quality=quality)
        np.testing.assert_allclose(gfr.features(planes, table)[0], witness(planes[0, 0], table, steps), rtol=0, atol=1e-12)


def test_steps_are_those_of_the_paper_and_positive() -> None:
    np.testing.assert_allclose(gfr.quantization_steps(75), (2, 4, 6, 8))
    np.testing.assert_allclose(gfr.quantization_steps(95), (0.5, 1, 1.5, 2))
    assert all(min(gfr.quantization_steps(quality)) > 0.1 for quality in range(1, 101))


def test_kernels_have_no_sum_and_mirror_images() -> None:
    for shift in gfr.SHIFTS:
        made = gfr.kernel(0.75, 0.3, shift)
        assert abs(made.sum()) < 1e-14
        np.testing.assert_allclose(gfr.kernel(0.75, np.pi - 0.3, shift), made[:, ::-1], atol=1e-14)


def test_more_rows_of_one_phase_than_a_packed_count_holds_are_counted() -> None:
    planes, table = np.zeros((1, 1, 8 * 2100, 8), np.int16), picture(1, 1, seed=1)[1]
    found = gfr.features(planes, table).reshape(-1, 5, 5, 5)
    assert (found[:, 0, 0, 0] == 1).all()
    assert not found[..., 1:].any()


def test_they_are_those_of_the_authors_program(shared: Path) -> None:
    """Computed by DDE's MATLAB program, in single precision, for three photographs, published by sealwatch; atol 1e-6."""
    pytest.importorskip("scipy.io")
    for name in SEALS:
        found = gfr.features(*seal(shared, name))[0]
        np.testing.assert_allclose(found, reference(shared, "gfr", name), rtol=0, atol=1e-7, err_msg=name)
