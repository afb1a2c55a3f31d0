"""What a training costs, beside what is counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ssgan.gan.training.budget import estimate
from ssgan.gan.training.settings import PRESETS


def test_a_plain_game_costs_what_its_layers_say() -> None:
    """By hand: dense latent x 8192, four transposed convolutions 512 -> 256 -> 128 -> 64 -> 3 at 5 x 5; the critic likewise."""
    config = replace(PRESETS["dcgan"], width=64)
    critic = [25 * 3 * 64 * 32**2, *(25 * 64 * 2**i * 64 * 2 ** (i + 1) * (16 >> i) ** 2 for i in range(3)), 8192]
    generator = [100 * 8192, *(25 * 512 // 2**i * 256 // 2**i * (4 << i) ** 2 for i in range(3)), 25 * 64 * 3 * 32**2]
    # The critic's update: G once; D forward, D to the weights, and to the maps but the images, for real and generated ones.
    # The generator's: G forward and back twice, but not to the latents; D forward and to the images.
    update_critic = sum(generator) + 2 * (3 * sum(critic) - critic[0])
    update_generator = 3 * sum(generator) - generator[0] + 2 * sum(critic)
    assert estimate(config).flops_per_image == pytest.approx(2 * (update_critic + update_generator), rel=1e-3)


def test_counts_go_with_what_they_count() -> None:
    paper = estimate(replace(PRESETS["paper"], width=8))
    more = estimate(replace(PRESETS["paper"], width=8, generator_steps=3, batch=128))
    assert paper.parameters.keys() == {"generator", "critic", "detector"}
    assert more.flops_per_image > 1.2 * paper.flops_per_image
    assert more.memory_bytes > paper.memory_bytes
    five = estimate(replace(PRESETS["wgan"], width=8))
    assert five.flops_per_image < estimate(replace(PRESETS["wgan"], width=8, critic_steps=1)).flops_per_image


@pytest.mark.parametrize("preset", ["wgan-gp", "modern"])
def test_what_goes_through_gradients_is_counted_too(preset: str) -> None:
    small = replace(PRESETS[preset], width=8, image_size=32)
    plain = replace(small, objective="hinge")
    assert estimate(small).flops_per_image > 1.3 * estimate(plain).flops_per_image
