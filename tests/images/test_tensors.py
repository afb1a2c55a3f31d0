from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssgan.images import SYMMETRIES, inverse_symmetry, symmetry, to_floats, to_images, to_pixels

ALL_VALUES = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)


def test_every_pixel_value_survives_the_way_to_floats_and_back(device: str) -> None:
    assert torch.equal(to_pixels(to_floats(ALL_VALUES.to(device))).cpu(), ALL_VALUES)


def test_floats_span_minus_one_to_one() -> None:
    floats = to_floats(ALL_VALUES)
    assert floats.dtype == torch.float32
    assert (floats.min().item(), floats.max().item()) == (-1.0, 1.0)


def test_floats_beyond_the_range_are_clipped() -> None:
    assert to_pixels(torch.tensor([[[[-7.0, -1.0, 1.0, 1.001, 1e30]]]])).flatten().tolist() == [0, 0, 255, 255, 255]


def test_a_half_is_rounded_to_the_even_pixel() -> None:
    halves = (torch.tensor([[[[0.5, 1.5, 2.5, 3.5]]]]) / 127.5) - 1.0
    expected = ((halves.double() + 1.0) * 127.5).round()  # what float32 made of the halves, rounded exactly
    assert torch.equal(to_pixels(halves).double(), expected)
    assert to_pixels(torch.zeros(1, 1, 1, 1)).item() == 128  # 127.5, exactly


@given(value=st.floats(-1.5, 1.5, width=32))
def test_pixels_are_the_nearest_to_the_float(value: float) -> None:
    pixel = to_pixels(torch.full((1, 1, 1, 1), value)).item()
    assert abs(pixel - min(max((value + 1) * 127.5, 0), 255)) <= 0.5 + 1e-4


@pytest.mark.parametrize("k", range(SYMMETRIES))
def test_a_symmetry_is_undone_by_its_inverse(k: int) -> None:
    image = torch.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    assert torch.equal(symmetry(symmetry(image, k), inverse_symmetry(k)), image)


def test_the_eight_symmetries_differ_and_the_first_changes_nothing() -> None:
    image = torch.arange(9).reshape(1, 1, 3, 3)
    seen = {tuple(symmetry(image, k).flatten().tolist()) for k in range(SYMMETRIES)}
    assert len(seen) == SYMMETRIES
    assert torch.equal(symmetry(image, 0), image)


def test_one_symmetry_after_another_is_one_of_the_eight() -> None:
    image = torch.arange(9).reshape(1, 1, 3, 3)
    eight = {tuple(symmetry(image, k).flatten().tolist()) for k in range(SYMMETRIES)}
    for first in range(SYMMETRIES):
        for second in range(SYMMETRIES):
            assert tuple(symmetry(symmetry(image, first), second).flatten().tolist()) in eight


def test_read_only_samples_become_images_of_their_own() -> None:
    samples = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    samples.flags.writeable = False
    images = to_images(samples)
    assert images.shape == (1, 1, 3, 4)
    images += 1
    assert samples[0, 0, 0] == 0


def test_reading_and_writing_never_import_torch() -> None:
    script = """
import sys, numpy as np
from ssgan import images
for name in ("PNG", "BMP", "TIFF", "PGM"):
    images.read(images.encode(np.zeros((1, 4, 4), np.uint8), name))
assert "torch" not in sys.modules and "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
