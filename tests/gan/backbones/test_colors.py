"""Colors that go together: luma as it was made, and chroma that varies slowly; and a last layer without a checkerboard."""

from __future__ import annotations

import pytest
import torch

from ssgan import images
from ssgan.errors import InvalidSetting
from ssgan.gan.backbones.colors import LUMA, colors_of
from ssgan.gan.catalog import BACKBONES
from ssgan.images.grain import channel_correlation, checkerboard


def noise(channels: int = 3) -> torch.Tensor:
    return torch.randn(4, channels, 16, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) / 4


def luma(floats: torch.Tensor) -> torch.Tensor:
    return (floats * torch.tensor(LUMA, dtype=floats.dtype).view(1, 3, 1, 1)).sum(1)


def test_luma_stays_and_chroma_varies_slowly() -> None:
    given = noise()
    made = colors_of("luma")(given)
    torch.testing.assert_close(luma(made), luma(given))
    chroma, before = (one - luma(one)[:, None] for one in (made, given))
    steps = [(one[..., 1:] - one[..., :-1]).abs().mean() for one in (chroma, before)]
    assert steps[0] < steps[1] / 8
    torch.testing.assert_close(chroma.mean((0, 2, 3)), before.mean((0, 2, 3)), atol=0.02, rtol=0)


def test_the_map_is_linear() -> None:
    one, other, colors = noise(), noise().flip(0), colors_of("luma")
    torch.testing.assert_close(colors(2 * one - 3 * other), 2 * colors(one) - 3 * colors(other))


def test_gray_and_rgb_stay_as_they_are() -> None:
    assert torch.equal(colors_of("luma")(noise(1)), noise(1))
    assert torch.equal(colors_of("rgb")(noise()), noise())
    with pytest.raises(InvalidSetting, match="lum"):
        colors_of("lum")


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_makes_colors_that_go_together(name: str) -> None:
    """Whatever its weights are."""
    torch.manual_seed(2)
    made = {}
    for colors in ("rgb", "luma"):
        generator = BACKBONES[name].generator(32, 3, latent=8, width=16, colors=colors).eval()
        with torch.no_grad():
            for weights in generator.parameters():
                weights.add_(0.2 * torch.randn(weights.shape))
            floats = generator(torch.randn(32, 8))
            made[colors] = channel_correlation(images.to_pixels(floats / floats.abs().max() * 0.9))
    assert made["luma"] > 0.9
    assert made["rgb"] < 0.7


def test_the_even_last_layer_has_no_checkerboard() -> None:
    torch.manual_seed(3)
    found = {}
    for name in ("dcgan", "dcgan-even"):
        generator = BACKBONES[name].generator(64, 1, latent=8, width=8).eval()
        with torch.no_grad():
            floats = generator(torch.randn(64, 8))
            found[name] = checkerboard(images.to_pixels(floats / floats.abs().max() * 0.9))
    assert found["dcgan-even"] < 1.5
    assert found["dcgan"] > 1.5
