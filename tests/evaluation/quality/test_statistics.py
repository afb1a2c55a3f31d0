"""Noise, diversity and copies are measured as what they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.evaluation.quality.statistics import nearest_real, pairwise_distance, scales, similarity
from ssgan.images import Images
from ssgan.images.grain import residual_deviation


def noise(count: int, deviation: float, side: int = 32, seed: int = 0) -> Images:
    drawn = 128 + deviation * np.random.default_rng(seed).standard_normal((count, 1, side, side))
    return torch.from_numpy(np.clip(np.rint(drawn), 0, 255).astype(np.uint8))


@pytest.mark.parametrize("deviation", [2.0, 8.0])
def test_the_residual_deviation_of_white_noise_is_known(deviation: float) -> None:
    """KV's squares add up to 4.139 (596 / 144); rounding adds a variance of 1 / 12."""
    expected = (596 / 144 * (deviation**2 + 1 / 12)) ** 0.5
    assert residual_deviation(noise(100, deviation)) == pytest.approx(expected, rel=0.02)


def test_a_ramp_has_no_residual() -> None:
    ramp = torch.arange(64, dtype=torch.uint8).expand(2, 3, 64, 64)
    assert residual_deviation(ramp) == 0


def test_the_pairwise_distance_is_the_mean_over_pairs() -> None:
    images = noise(7, 30)
    pairs = [
        float((images[i].double() - images[j].double()).square().mean().sqrt()) for i in range(7) for j in range(7) if i != j
    ]
    assert pairwise_distance(images) == pytest.approx(float(np.mean(pairs)))
    assert pairwise_distance(images[:1].expand(5, 1, 32, 32)) == 0


def test_copies_are_found_and_others_are_not() -> None:
    real = noise(300, 40)
    generated = torch.cat([real[:30], noise(90, 40, seed=1)])
    found = nearest_real(generated, real)
    assert found.copied == pytest.approx(0.25, abs=0.03)
    assert found.copied_among_real == pytest.approx(0.01, abs=0.005)
    assert found.generated < found.among_real
    barely = nearest_real(real + torch.randint(0, 2, real.shape, dtype=torch.uint8), real)
    assert barely.copied == 1


def test_copies_are_found_where_real_images_are_there_twice() -> None:
    real = torch.cat([noise(100, 40), noise(10, 40)])
    assert nearest_real(real[:20], real).copied == 1
    assert nearest_real(noise(20, 40, seed=1), real).copied == 0


def test_distances_to_the_nearest_are_those_of_all_pairs() -> None:
    generated, real = noise(5, 30, seed=1), noise(9, 30)
    apart = [[float((g.double() - r.double()).square().mean().sqrt()) for r in real] for g in generated]
    assert nearest_real(generated, real).generated == pytest.approx(float(np.min(apart, axis=1).mean()))


def test_similarity_is_one_where_all_images_are_alike() -> None:
    images = noise(6, 30, side=64)
    assert similarity(images[:1].expand(6, 1, 64, 64), np.random.default_rng(1)) == pytest.approx(1, abs=1e-6)
    assert similarity(images, np.random.default_rng(1)) < 0.5


@pytest.mark.parametrize(("side", "count"), [(16, 1), (22, 2), (32, 2), (64, 3), (256, 5)])
def test_similarity_takes_as_many_scales_as_fit(side: int, count: int) -> None:
    assert scales(side) == count
    if side <= 64:
        assert 0 <= similarity(noise(4, 30, side=side), np.random.default_rng(1)) <= 1
