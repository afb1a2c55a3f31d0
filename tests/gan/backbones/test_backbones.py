"""What every backbone and objective of the catalog fulfils, and the papers' parameter counts."""

from __future__ import annotations

import pytest
import torch

from ssgan.errors import InvalidSetting
from ssgan.gan.backbones import r3gan
from ssgan.gan.backbones.layers import base_size, num_doublings
from ssgan.gan.catalog import BACKBONES, OBJECTIVES


@pytest.mark.parametrize("size", [32, 33, 48, 64, 100, 128])
@pytest.mark.parametrize("name", BACKBONES)
def test_any_size_and_both_kinds_of_channels(name: str, size: int) -> None:
    channels = 1 if size % 2 else 3
    generator = BACKBONES[name].generator(size, channels, latent=8, width=4)
    critic = BACKBONES[name].critic(size, channels, width=4, norm="none")
    floats = generator(torch.randn(3, 8))
    assert floats.shape == (3, channels, size, size)
    assert float(floats.detach().abs().max()) <= 1
    values = critic(floats)
    assert values.shape == (3,)
    values.sum().backward()
    used = [weight for net in (generator, critic) for weight in net.parameters() if weight.grad is not None]
    assert len(used) == len([*generator.parameters(), *critic.parameters()]), "every weight has a gradient"


@pytest.mark.parametrize("name", BACKBONES)
def test_a_critic_without_norm_judges_each_image_alone(name: str) -> None:
    critic = BACKBONES[name].critic(32, 1, width=4, norm="none")
    floats = torch.rand(5, 1, 32, 32)
    torch.testing.assert_close(critic(floats)[2:3], critic(floats[2:3]), rtol=1e-4, atol=1e-6)


# Counted by hand from the layers: dense 100 x 8192, four transposed convolutions, BatchNorm; bias at the last one alone.
@pytest.mark.parametrize(
    ("name", "generator", "critic"),
    [
        ("dcgan", 8192 * 100 + 25 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3 + 2 * (512 + 256 + 128 + 64),
         25 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64 + 2 * (128 + 256 + 512) + 8193),
        ("dcgan4", 8192 * 100 + 16 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3 + 2 * (512 + 256 + 128 + 64),
         16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64 + 2 * (128 + 256 + 512) + 8193),
    ],
)  # fmt: skip
def test_the_papers_nets_have_the_papers_parameters(name: str, generator: int, critic: int) -> None:
    backbone = BACKBONES[name]
    nets = backbone.generator(64, 3, latent=100, width=64), backbone.critic(64, 3, width=64, norm="batch")
    assert [sum(weight.numel() for weight in net.parameters()) for net in nets] == [generator, critic]


def test_the_paper_has_four_doublings_from_4_to_64() -> None:
    assert num_doublings(64) == 4
    assert base_size(64) == 4
    with pytest.raises(InvalidSetting, match="cannot be generated"):
        num_doublings(8)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_fall_where_critic_or_generator_does_better(name: str) -> None:
    objective = OBJECTIVES[name]
    low, high = torch.full((4,), -1.0), torch.full((4,), 1.0)
    assert float(objective.critic(high, low)) < float(objective.critic(low, high))
    assert float(objective.generator(high, low)) < float(objective.generator(low, high))


def test_penalties_are_their_formulas_on_a_linear_critic() -> None:
    """A critic w x has the gradient w everywhere: |w| = 5 for 3 and 4."""
    weights = torch.tensor([3.0, 4.0]).view(1, 1, 1, 2)
    real, generated = torch.zeros(6, 1, 1, 2), torch.ones(6, 1, 1, 2)

    def critic(floats: torch.Tensor) -> torch.Tensor:
        return (floats * weights).sum(dim=(1, 2, 3)) + 0 * floats.square().sum(dim=(1, 2, 3))

    drawn = torch.rand(len(real), generator=torch.Generator().manual_seed(1))
    towards_one, towards_zero = OBJECTIVES["wgan-gp"].penalty, OBJECTIVES["relativistic"].penalty
    assert towards_one is not None
    assert towards_zero is not None
    assert float(towards_one(critic, real, generated, drawn).detach()) == pytest.approx(10 * (5 - 1) ** 2)
    assert float(towards_zero(critic, real, generated, drawn).detach()) == pytest.approx(1.0 * (25 + 25))


def test_a_convolution_in_groups_is_a_full_one_with_zeros_between_them() -> None:
    torch.manual_seed(1)
    layer = torch.nn.Conv2d(8, 12, 3, padding=1, groups=4, bias=False).double()
    x = torch.randn(2, 8, 5, 5).double()
    full = r3gan.filled(layer.weight, 4)
    assert full.shape == (12, 8, 3, 3)
    torch.testing.assert_close(torch.nn.functional.conv2d(x, full, padding=1), layer(x), rtol=1e-12, atol=1e-12)
