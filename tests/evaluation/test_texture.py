"""Where the texture of covers lies: known deviations, and fifths that chance does not move."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ssgan.evaluation.quality.texture import FIFTHS, WINDOW, local_deviation, texture_by_fifths


def drawn(rng: np.random.Generator, deviation: np.ndarray, count: int = 24, channels: int = 3) -> torch.Tensor:
    """Images of gray with independent noise of this deviation (H, W)."""
    noise = rng.standard_normal((count, channels, *deviation.shape)) * deviation
    return torch.from_numpy(np.clip(np.rint(128 + noise), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_local_deviation_is_that_of_the_window(channels: int) -> None:
    covers = drawn(np.random.default_rng(1), np.full((12, 17), 9.0), 2, channels)
    border = WINDOW // 2
    padded = np.pad(covers.numpy().astype(float), ((0, 0), (0, 0), (border, border), (border, border)), mode="symmetric")
    for number, row, column in ((0, 0, 0), (1, 5, 8), (0, 11, 16)):
        window = padded[number, :, row : row + WINDOW, column : column + WINDOW]
        wanted = math.sqrt(np.mean(window.var(axis=(1, 2))))
        assert local_deviation(covers)[number, row, column] == pytest.approx(wanted, rel=1e-5)


def test_covers_beside_themselves_have_no_more_texture_anywhere() -> None:
    covers = drawn(np.random.default_rng(2), np.linspace(1, 30, 32)[:, None].repeat(32, 1))
    assert texture_by_fifths(covers, covers) == [1.0] * FIFTHS


def test_chance_lifts_no_fifth() -> None:
    deviation = np.linspace(2, 30, 32)[:, None].repeat(32, 1)
    rng = np.random.default_rng(3)
    assert texture_by_fifths(drawn(rng, deviation), drawn(rng, deviation)) == pytest.approx([1.0] * FIFTHS, abs=0.02)


def test_white_noise_shows_in_smooth_places_most() -> None:
    rng = np.random.default_rng(4)
    plain = drawn(rng, np.linspace(2, 30, 32)[:, None].repeat(32, 1))
    noisy = torch.from_numpy(np.clip(np.rint(plain.numpy() + rng.standard_normal(plain.shape) * 4), 0, 255).astype(np.uint8))
    fifths = texture_by_fifths(noisy, plain)
    assert fifths == sorted(fifths, reverse=True)
    assert fifths[0] > 1.2 > 1.05 > fifths[-1] > 0.99


def test_flat_places_have_a_ratio_too() -> None:
    flat = torch.full((2, 1, 8, 8), 7, dtype=torch.uint8)
    assert texture_by_fifths(flat, flat) == [1.0] * FIFTHS
    rough = drawn(np.random.default_rng(5), np.full((8, 8), 5.0), 2, 1)
    assert texture_by_fifths(rough, flat) == [math.inf] * FIFTHS
