"""Equal sets are at distance 0, and each level of the pyramid sees its own changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.evaluation.quality import sliced_wasserstein as sliced
from ssgan.evaluation.quality.sliced_wasserstein import sides, sliced_wasserstein
from ssgan.images import Images


def pictures(count: int, side: int = 32, channels: int = 1, seed: int = 0) -> Images:
    """Smooth images with some noise."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.uniform(40, 215, (count, channels, 4, 4)))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    return (smooth + torch.from_numpy(rng.standard_normal(smooth.shape))).round().clamp(0, 255).to(torch.uint8)


def test_levels_are_halved_down_to_sixteen() -> None:
    assert sides(64) == [64, 32, 16]
    assert sides(256) == [256, 128, 64, 32, 16]
    assert sides(16) == [16]
    assert sides(48) == [48, 24]
    assert sides(31) == [31]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_set_is_at_distance_zero_from_itself(channels: int) -> None:
    images = pictures(20, channels=channels)
    assert sliced_wasserstein(images, images.clone(), np.random.default_rng(1)) == {32: 0.0, 16: 0.0}


def test_the_pyramid_adds_up_to_the_image() -> None:
    images = pictures(3, side=64, channels=3)
    fine, middle, coarse = sliced._pyramid(images)
    assert [level.shape[-1] for level in (fine, middle, coarse)] == [64, 32, 16]
    back = fine + sliced._doubled(middle + sliced._doubled(coarse))
    torch.testing.assert_close(back, images.float(), rtol=0, atol=1e-3)


def test_a_flat_image_has_nothing_but_its_last_level() -> None:
    flat = torch.full((2, 1, 32, 32), 77, dtype=torch.uint8)
    fine, coarse = sliced._pyramid(flat)
    torch.testing.assert_close(coarse, torch.full((2, 1, 16, 16), 77.0))
    torch.testing.assert_close(fine[..., 2:-2, 2:-2], torch.zeros(2, 1, 28, 28), rtol=0, atol=1e-4)


def test_patches_of_a_set_have_mean_zero_and_deviation_one() -> None:
    for patches in sliced._patches(pictures(30, channels=3), np.random.default_rng(2)):
        channels = patches.view(len(patches), 3, -1)
        torch.testing.assert_close(channels.mean(dim=(0, 2)), torch.zeros(3), rtol=0, atol=1e-4)
        torch.testing.assert_close(channels.std(dim=(0, 2), correction=0), torch.ones(3), rtol=1e-4, atol=0)


def test_lost_detail_is_seen_in_the_finest_level() -> None:
    images, others = pictures(40), pictures(40, seed=1)
    smoothed = sliced._smoothed(images.float()).round().to(torch.uint8)
    before = sliced_wasserstein(others, images, np.random.default_rng(3))
    after = sliced_wasserstein(others, smoothed, np.random.default_rng(3))
    assert after[32] > 2 * before[32]
    assert after[16] < 1.5 * before[16]


def test_more_noise_is_farther_away() -> None:
    images, others = pictures(40), pictures(40, seed=1)
    rng = np.random.default_rng(4)
    noise = torch.from_numpy(rng.standard_normal(images.shape))
    found = [
        sliced_wasserstein(others, (images + k * noise).round().clamp(0, 255).to(torch.uint8), np.random.default_rng(5))[32]
        for k in (0, 4, 16)
    ]
    assert found == sorted(found)
    assert found[2] > 2 * found[0]


def test_the_same_seed_gives_the_same_distance() -> None:
    images, others = pictures(10), pictures(10, seed=1)
    assert sliced_wasserstein(images, others, np.random.default_rng(6)) == sliced_wasserstein(
        images, others, np.random.default_rng(6)
    )
