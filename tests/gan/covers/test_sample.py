"""An image depends on its latent alone; secret latents are nobody's to draw again; laws are as the settings say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ssgan.errors import RefusedModel
from ssgan.gan.catalog import BACKBONES, generator_of
from ssgan.gan.covers.sample import PIECE, latents, paths, prepared, public_latents, sample, secret_latents
from ssgan.gan.training.settings import TrainingConfig, configure

NORMAL = configure("tiny", image_size=16, width=16, latent=8)
UNIFORM = replace(NORMAL, latent_law="uniform")


def made(config: TrainingConfig) -> nn.Module:
    """A generator whose images are not all alike."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        generator = generator_of(config)
        with torch.no_grad():
            for _ in range(3):
                generator(torch.randn(64, config.latent))
    return prepared(generator)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_an_image_is_the_same_whatever_is_made_beside_it(backbone: str) -> None:
    config = replace(NORMAL, backbone=backbone)
    generator = made(config)
    numbers = list(range(2 * PIECE + 7))
    together = sample(generator, public_latents(config, numbers, 5))
    assert together.shape == (len(numbers), 3, 16, 16)
    assert together.dtype == torch.uint8
    for size in (1, 3, PIECE - 1, PIECE + 1):
        parts = [numbers[start : start + size] for start in range(0, min(len(numbers), 20 * size), size)]
        apart = torch.cat([sample(generator, public_latents(config, part, 5)) for part in parts])
        assert torch.equal(apart, together[: len(apart)])
    backwards = sample(generator, public_latents(config, numbers[::-1], 5))
    assert torch.equal(backwards.flip(0), together)


def test_the_generator_always_sees_batches_of_one_size() -> None:
    """Other sizes sum in another order, which would move a pixel value now and then."""
    generator, seen = made(NORMAL), []
    generator.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    for count in (1, PIECE, 2 * PIECE + 1):
        assert len(sample(generator, secret_latents(NORMAL, count))) == count
    assert seen == [PIECE] * 5


def test_images_of_different_latents_differ() -> None:
    covers = sample(made(NORMAL), secret_latents(NORMAL, 32))
    assert len({cover.numpy().tobytes() for cover in covers}) == 32


@given(st.integers(0, 2**64), st.integers(0, 10**9))
def test_a_public_latent_is_that_of_its_seed_and_number(seed: int, number: int) -> None:
    alone = public_latents(NORMAL, [number], seed)
    among = public_latents(NORMAL, [number + 1, number], seed)
    assert torch.equal(alone[0], among[1])
    assert not torch.equal(among[0], among[1])
    assert not torch.equal(alone, public_latents(NORMAL, [number], seed + 1))


@pytest.mark.parametrize("seed", [7, None], ids=["public", "secret"])
def test_uniform_latents_are_uniform(seed: int | None) -> None:
    drawn = latents(UNIFORM, range(10_000), seed).numpy().ravel()
    assert drawn.dtype == np.float32
    assert np.abs(drawn).max() <= 1
    assert _distance(np.sort(drawn), lambda x: (x + 1) / 2) < 2.0 / math.sqrt(len(drawn))


@pytest.mark.parametrize("seed", [7, None], ids=["public", "secret"])
def test_normal_latents_are_normal(seed: int | None) -> None:
    drawn = latents(NORMAL, range(10_000), seed).numpy().ravel()
    cumulative = torch.distributions.Normal(0.0, 1.0).cdf(torch.from_numpy(np.sort(drawn)).double()).numpy()
    assert _distance(cumulative, lambda x: x) < 2.0 / math.sqrt(len(drawn))


def _distance(ordered: np.ndarray, cumulative: object) -> float:
    """Kolmogorov's; above 2 / sqrt(n) in 7 of 10,000 cases (A. Kolmogorov, 1933)."""
    assert callable(cumulative)
    share = (np.arange(len(ordered)) + 0.5) / len(ordered)
    return float(np.abs(cumulative(ordered.astype(np.float64)) - share).max())


def test_the_ends_of_the_random_numbers_give_finite_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    for byte in (b"\x00", b"\xff"):
        monkeypatch.setattr("os.urandom", lambda size, byte=byte: byte * size)
        assert bool(torch.isfinite(secret_latents(NORMAL, 2)).all())
        assert float(secret_latents(UNIFORM, 2).abs().max()) <= 1


def test_secret_latents_come_from_the_system_and_never_twice() -> None:
    torch.manual_seed(0)
    first = secret_latents(NORMAL, 4)
    torch.manual_seed(0)
    assert not torch.equal(first, secret_latents(NORMAL, 4))


@pytest.mark.parametrize("config", [NORMAL, UNIFORM], ids=["normal", "uniform"])
def test_a_path_leads_from_one_latent_to_the_other(config: TrainingConfig) -> None:
    begin, end = public_latents(config, [0, 1], 1), public_latents(config, [2, 3], 1)
    way = paths(config, begin, end, 5)
    assert way.shape == (2, 5, 8)
    torch.testing.assert_close(way[:, 0], begin)
    torch.testing.assert_close(way[:, -1], end)
    if config.latent_law == "uniform":
        torch.testing.assert_close(way[:, 2], (begin + end) / 2)


def test_a_path_between_normal_latents_keeps_their_length() -> None:
    begin = nn.functional.normalize(public_latents(NORMAL, range(6), 2)) * 3
    way = paths(NORMAL, begin, begin.roll(1, 0), 7)
    torch.testing.assert_close(way.norm(dim=-1), torch.full((6, 7), 3.0))


def test_a_path_from_a_latent_to_itself_stays_there() -> None:
    begin = public_latents(NORMAL, [4], 2)
    torch.testing.assert_close(paths(NORMAL, begin, begin, 3), begin[:, None].expand(1, 3, 8), rtol=1e-4, atol=1e-4)


def test_a_generator_that_makes_no_numbers_is_refused() -> None:
    generator = made(NORMAL)
    norms = [layer for layer in generator.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert norms[0].running_var is not None
    norms[0].running_var.fill_(-1)
    with pytest.raises(RefusedModel, match="finite"):
        sample(generator, secret_latents(NORMAL, 1))
