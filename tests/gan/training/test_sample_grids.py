from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ssgan import images
from ssgan.gan.training.sample_grids import SampleGrids, alike, distance, grid, sampled, warning
from ssgan.gan.training.settings import PRESETS

CONFIG = replace(PRESETS["paper"], image_size=32, latent=4)


class Patch(nn.Module):
    """A generator whose images have the color of three of their latent's numbers, times `spread`."""

    def __init__(self, spread: float) -> None:
        super().__init__()
        self.spread, self.norm = nn.Parameter(torch.tensor(spread)), nn.BatchNorm1d(4)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        color = self.norm(latents)[:, :3, None, None] * self.spread
        return color.expand(-1, -1, 32, 32).clamp(-1, 1)


def test_the_grid_shows_all_images_row_by_row() -> None:
    pictures = torch.arange(64, dtype=torch.uint8)[:, None, None, None].expand(64, 3, 5, 4)
    shown = grid(pictures.contiguous())
    assert shown.shape == (3, 40, 32)
    np.testing.assert_array_equal(shown[0, ::5, ::4], np.arange(64).reshape(8, 8))


def test_an_image_depends_on_its_latent_alone_and_looking_changes_nothing() -> None:
    generator = Patch(0.3).train()
    generator.norm.running_mean = torch.ones(4)
    latents = torch.randn(9, 4)
    together, alone = sampled(generator, latents), sampled(generator, latents[3:4])
    torch.testing.assert_close(together[3:4], alone)
    torch.testing.assert_close(sampled(generator, latents, batch=2), together)
    assert generator.training
    assert generator.norm.running_mean.tolist() == [1.0] * 4


@pytest.mark.parametrize(("spread", "collapsed"), [(0.3, False), (0.02, True)])
def test_a_generator_whose_images_are_all_alike_is_found_out(spread: float, collapsed: bool, tmp_path: Path) -> None:
    real = Patch(0.3)(torch.rand(64, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1).detach()
    diversity = SampleGrids(tmp_path, CONFIG, real).write(Patch(spread), 20_000)["diversity"]
    assert alike(diversity, 20_000, 150_000) == collapsed
    for seen, duration in ((9_000, 20_000), (20_000, 250_000)):
        assert not alike(diversity, seen, duration), "in the beginning all is alike"
    assert images.read(tmp_path / "samples" / "000020000.png").samples.shape == (3, 256, 256)
    assert f"{diversity:.0%}" in warning(diversity, 20_000)


def test_noise_on_one_image_is_no_difference() -> None:
    noisy = torch.randn(64, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.3
    other = torch.rand(64, 3, 1, 1, generator=torch.Generator().manual_seed(1)).expand(64, 3, 64, 64)
    assert distance(noisy) < 0.3 * distance(other)
    assert distance(noisy[:1]) == 0
