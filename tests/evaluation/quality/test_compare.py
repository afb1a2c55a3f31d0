"""Figures say of what they are, real covers score as real ones, and more noise is farther away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssgan.errors import InvalidSetting
from ssgan.evaluation.quality.compare import Figure, quality
from ssgan.evaluation.quality.features import SPACES, Space, spaces
from ssgan.images import Images


def photographs(count: int, seed: int = 0, noise: float = 1.0, side: int = 16) -> Images:
    """Smooth images with noise."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.uniform(40, 215, (count, 1, 4, 4)))
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bilinear")
    noisy = smooth + noise * torch.from_numpy(rng.standard_normal(smooth.shape))
    return noisy.round().clamp(0, 255).to(torch.uint8)


def named(figures: list[Figure], figure: str, space: Space | None = None) -> Figure:
    (found,) = [f for f in figures if f.figure == figure and (space is None or f.features == space.name)]
    return found


def test_more_noise_is_farther_away_in_every_residual_space() -> None:
    chosen = spaces(["kv", "spam", "srmq1"], [])
    real = photographs(120)
    levels = [quality(photographs(60, seed=1, noise=noise), real, chosen) for noise in (1.0, 1.3, 1.8, 3.0)]
    for space in chosen:
        values = [named(figures, "kernel distance", space).generated for figures in levels]
        assert values == sorted(values), space.name
        assert values[-1] > 5 * abs(values[0])
    frechet = [named(figures, "Frechet distance", SPACES["kv"]).generated for figures in levels]
    assert frechet == sorted(frechet)
    deviations = [named(figures, "residual deviation").generated for figures in levels]
    assert deviations == sorted(deviations)


def test_covers_of_the_same_law_score_as_real_ones() -> None:
    chosen = spaces(["pixels", "kv", "spam"], [])
    for figure in quality(photographs(100, seed=1), photographs(200), chosen, repeats=5):
        spread = max(figure.generated_spread or 0, figure.real_spread or 0)
        if figure.repeats > 1:
            assert abs(figure.generated - figure.real) < 6 * spread, figure
        else:
            assert figure.generated == pytest.approx(figure.real, rel=0.1, abs=0.05), figure


def test_every_figure_names_its_features_dimension_size_and_spread() -> None:
    figures = quality(photographs(40, seed=1), photographs(70), spaces(["pixels", "kv", "spam"], []))
    found = {(f.figure, f.features, f.dimension) for f in figures}
    assert ("kernel distance", SPACES["spam"].name, 686) in found
    assert ("Frechet distance", SPACES["kv"].name, 31) in found
    assert ("Frechet distance", SPACES["spam"].name, 686) not in found  # 35 images say nothing of its covariance
    assert ("sliced Wasserstein distance x 1000, 16 x 16", "7 x 7 patches of a Laplacian pyramid", 49) in found
    assert not [f for f in figures if "FID" in f.figure or "Inception" in f.features]
    for figure in figures:
        alone = figure.repeats == 1
        assert (figure.generated_spread is None) == (figure.real_spread is None) == alone, figure
        assert figure.images == (40 if alone else 35)


def test_the_same_seed_gives_the_same_figures() -> None:
    generated, real, chosen = photographs(20, seed=1), photographs(40), spaces(["kv"], [])
    assert quality(generated, real, chosen, seed=3) == quality(generated, real, chosen, seed=3)
    assert quality(generated, real, chosen, seed=3) != quality(generated, real, chosen, seed=4)


def test_copied_and_collapsed_covers_are_seen() -> None:
    real = photographs(100)
    copied = quality(real[:50], real, [])
    assert named(copied, "share of copies of real images").generated == 1
    collapsed = quality(real[:1].expand(50, 1, 16, 16), real, [])
    assert named(collapsed, "mean pairwise distance").generated == 0
    assert named(collapsed, "mean MS-SSIM of pairs").generated > 0.99


def test_a_users_features_are_neither_centered_nor_scaled() -> None:
    own = Space("mine", lambda images: images.double().mean(dim=(1, 2, 3), keepdim=True)[:, :, 0, 0].numpy(), own=True)
    generated, real = photographs(60, seed=1) // 2, photographs(120)
    found = named(quality(generated, real, [own]), "Frechet distance", own).generated
    means = [float(images.double().mean()) for images in (generated, real)]
    assert found == pytest.approx((means[0] - means[1]) ** 2, rel=0.1)


@pytest.mark.parametrize(
    ("generated", "real", "said"),
    [
        (photographs(20), photographs(40, side=32), "16 x 16 gray, real ones 32 x 32 gray"),
        (photographs(15), photographs(40), "too few"),
        (photographs(20), photographs(31), "too few"),
        (photographs(20)[..., :12], photographs(40)[..., :12], "16 x 12"),
    ],
)
def test_what_cannot_be_compared_is_said(generated: Images, real: Images, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        quality(generated, real, [])


def test_a_figure_of_all_generated_images_has_no_spread() -> None:
    figures = quality(photographs(20, seed=1), photographs(80), [])
    for name in ("residual deviation", "mean pairwise distance"):
        assert named(figures, name).generated_spread is None
        assert named(figures, name).real_spread is not None
    assert named(figures, "mean MS-SSIM of pairs").generated_spread is not None
