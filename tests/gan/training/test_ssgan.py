"""The game: what each update changes and what it leaves alone, the four forms of secrecy, and rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from ssgan import images
from ssgan.embedding.embedder import Embedder
from ssgan.gan.catalog import BACKBONES, OBJECTIVES
from ssgan.gan.training.settings import PRESETS, TrainingConfig, configure
from ssgan.gan.training.ssgan import Balance, Ssgan, rounded, straight_through_stego
from ssgan.steganalysis.catalog import NETWORKS

SMALL = replace(PRESETS["paper"], image_size=32, channels=1, width=4, latent=8, batch=6)
SEEDS = np.arange(6, dtype=np.uint64)


def made(config: TrainingConfig = SMALL) -> Ssgan:
    torch.manual_seed(1)
    backbone, objective = BACKBONES[config.backbone], OBJECTIVES[config.objective]
    generator = backbone.generator(config.image_size, config.channels, latent=config.latent, width=config.width)
    critic = backbone.critic(config.image_size, config.channels, width=config.width, norm=objective.norm)
    detector = NETWORKS[config.detector].make(config.image_size, config.channels)
    nets = {"generator": generator, "critic": critic, "detector": detector}
    optimizers: dict[str, torch.optim.Optimizer] = {k: torch.optim.SGD(net.parameters(), lr=0.1) for k, net in nets.items()}
    embedder = Embedder.parse(config.embedder)
    balance = Balance(config.alpha_mode, gated=config.gated)
    return Ssgan(config, generator, critic, detector, objective, embedder, optimizers, detector, balance)


def latents(config: TrainingConfig = SMALL) -> torch.Tensor:
    return torch.rand(config.batch, config.latent, generator=torch.Generator().manual_seed(2)) * 2 - 1


def real(config: TrainingConfig = SMALL) -> torch.Tensor:
    shape = (config.batch, config.channels, config.image_size, config.image_size)
    return torch.rand(shape, generator=torch.Generator().manual_seed(3)) * 2 - 1


def drawn() -> torch.Tensor:
    return torch.rand(SMALL.batch, generator=torch.Generator().manual_seed(4))


def weights(net: torch.nn.Module | None) -> list[torch.Tensor]:
    assert net is not None
    return [weight.detach().clone() for weight in net.parameters()]


def moved(before: list[torch.Tensor], net: torch.nn.Module | None) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(before, weights(net), strict=True))


@pytest.mark.parametrize("update", ["critic", "detector", "generator"])
def test_an_update_moves_its_own_net_alone(update: str) -> None:
    game = made()
    nets = {"critic": game.critic, "detector": game.detector, "generator": game.generator}
    before = {name: weights(net) for name, net in nets.items()}
    if update == "critic":
        game.update_critic(real(), latents(), drawn())
    elif update == "detector":
        game.update_detector(latents(), SEEDS)
    else:
        game.update_generator(latents(), SEEDS)
    assert {name for name, net in nets.items() if moved(before[name], net)} == {update}
    assert all(weight.grad is None for name, net in nets.items() if net and name != update for weight in net.parameters())


def test_the_critics_weights_are_clipped_after_each_step() -> None:
    game = made()
    game.update_critic(real(), latents(), drawn())
    assert max(float(weight.abs().max()) for weight in weights(game.critic)) <= SMALL.clip


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_the_critic_learns_to_tell_real_from_generated(objective: str) -> None:
    game = made(replace(SMALL, objective=objective, clip=1.0))
    first = torch.tensor(0.0)
    for net in ("critic",):
        game.optimizers[net] = torch.optim.Adam(game.critic.parameters(), lr=1e-3)
    for step in range(12):
        metrics = game.update_critic(real(), latents(), drawn())
        first = metrics["critic_loss"] if step == 0 else first
    assert metrics["critic_loss"] < first
    assert metrics["real_value"] > metrics["generated_value"]


def test_the_weighted_gradient_is_that_of_the_weighted_loss() -> None:
    """The gradients are joined at the images; the plain way, one loss through everything, gives the same step."""
    config = replace(SMALL, alpha=0.7, secrecy="both")
    game, other = made(config), made(config)
    before = weights(game.generator)
    game.update_generator(latents(), SEEDS)
    floats = other.generator(latents())
    loss = 0.7 * other.objective.generator(other.critic(floats), None) + 0.3 * other.secrecy(floats, SEEDS)
    loss.backward()
    for old, new, weight in zip(before, weights(game.generator), other.generator.parameters(), strict=True):
        assert weight.grad is not None
        torch.testing.assert_close(old - 0.1 * weight.grad, new, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("secrecy", ["saturating", "non-saturating", "both", "confusion"])
def test_each_form_of_secrecy_is_its_formula(secrecy: str) -> None:
    config = configure("paper", image_size=32, channels=1, width=4, latent=8, batch=6, secrecy=secrecy)
    game = made(config)
    floats = real()
    cover = rounded(floats)
    stego = straight_through_stego(cover, game.embedder, SEEDS)
    with torch.no_grad():
        s, t = (torch.sigmoid(game.forward(x).double()) for x in (cover, stego))
        expected = {
            "saturating": (1 - s).log().mean(),
            "non-saturating": -s.log().mean(),
            "both": -s.log().mean() - (1 - t).log().mean(),
            "confusion": -((s.log() + (1 - s).log()).mean() + (t.log() + (1 - t).log()).mean()) / 2,
        }[secrecy]
        assert float(game.secrecy(floats, SEEDS)) == pytest.approx(float(expected), rel=1e-5)


def test_a_silent_detector_gives_the_generator_no_gradient() -> None:
    """Before the warm-up is over only the critic is heard, whatever alpha is."""
    game, alone = made(), made(replace(SMALL, alpha=1.0))
    game.update_generator(latents(), SEEDS, use_detector=False)
    metrics = alone.update_generator(latents(), SEEDS)
    assert metrics["secrecy_gradient"] > 0
    for a, b in zip(weights(game.generator), weights(alone.generator), strict=True):
        torch.testing.assert_close(a, b)


def test_balanced_both_gradients_count_as_alpha_says() -> None:
    game = made(replace(SMALL, alpha=0.5, alpha_mode="balanced"))
    metrics = game.update_generator(latents(), SEEDS)
    nothing = torch.tensor(0.0, dtype=torch.float64)
    torch.testing.assert_close(game.balance.scale(nothing, nothing) * metrics["secrecy_gradient"], metrics["realism_gradient"])
    assert scale("plain", 3.0, 5.0) == 1.0
    assert scale("balanced", 3.0, 0.0) == 0.0
    assert scale("balanced", float("nan"), 1.0) == 0.0


def scale(mode: str, realism: float, secrecy: float) -> float:
    return float(Balance(mode).scale(*torch.tensor([realism, secrecy], dtype=torch.float64)))


def test_covers_and_stegos_are_whole_gray_values_and_differ_by_the_embedding_alone() -> None:
    floats = real().requires_grad_()
    cover = rounded(floats)
    torch.testing.assert_close(cover.detach(), images.to_pixels(floats).float(), rtol=0, atol=0)
    (gradient,) = torch.autograd.grad(cover.sum(), floats)
    torch.testing.assert_close(gradient, torch.full_like(gradient, 127.5))
    embedder = Embedder.parse("lsb@0.4/plain")
    stego = straight_through_stego(cover, embedder, SEEDS)
    change = (stego - cover).detach()
    assert set(change.unique().tolist()) <= {-1.0, 0.0, 1.0}
    assert 0.15 < float(change.abs().mean()) < 0.25
    assert abs(float(change.mean())) < 0.02, "as many up as down"
    torch.testing.assert_close(
        stego.detach(), embedder.simulate_seeded(images.to_pixels(floats), SEEDS).float(), rtol=0, atol=0
    )


def test_the_detector_learns_from_pairs_that_differ_by_the_embedding() -> None:
    """It sees each cover beside its own stego, as whole gray values of one batch."""
    seen: list[torch.Tensor] = []
    game = made()
    network = game.forward

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return network(pixels)

    game.forward = forward
    metrics = game.update_detector(latents(), SEEDS)
    covers, stegos = seen[0].chunk(2)
    assert torch.equal(covers, covers.round())
    assert set((stegos - covers).unique().tolist()) <= {-1.0, 0.0, 1.0}
    assert float(metrics["detector_loss"]) == pytest.approx(float(softplus(torch.tensor(0.0))), abs=0.2)


@pytest.mark.parametrize("shown", ["generated", "real", "both"])
def test_the_detector_is_shown_what_the_setting_says(shown: str) -> None:
    game = made(configure("paper", image_size=32, channels=1, width=4, latent=8, batch=6, shown=shown))
    seen: list[torch.Tensor] = []

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return pixels.mean(dim=(1, 2, 3)).requires_grad_()

    game.forward = forward
    game.optimizers["detector"] = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with torch.no_grad():
        generated = images.to_pixels(made().generator(latents())).float()
    game.update_detector(latents(), SEEDS, real())
    covers, photographs = seen[0].chunk(2)[0], images.to_pixels(real()).float()
    expected = {"generated": generated, "real": photographs, "both": torch.cat([generated[:3], photographs[3:]])}[shown]
    assert torch.equal(covers, expected)


def test_a_detector_that_guesses_leaves_the_generator_as_without_it_to_the_bit() -> None:
    """Heard only as far as it is right, it has no say at chance: in every mode, whatever its gradient."""
    for mode in ("plain", "balanced", "bounded"):
        alone = made(replace(SMALL, alpha=1.0))
        game = made(replace(SMALL, alpha=0.5, alpha_mode=mode, gated=True))
        for each in (alone, game):
            for _ in range(3):
                each.update_detector(latents(), SEEDS)
            game.balance.running_accuracy.fill_(0.55)
            for _ in range(2):
                each.update_generator(latents(), SEEDS)
        for a, b in zip(weights(alone.generator), weights(game.generator), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize(("accuracy", "heard"), [(0.3, 0.0), (0.55, 0.0), (0.775, 0.5), (1.0, 1.0)])
def test_the_detector_is_heard_as_far_as_it_is_right(accuracy: float, heard: float) -> None:
    game = made(replace(SMALL, alpha=0.5, gated=True))
    game.balance.running_accuracy.fill_(accuracy)
    assert float(game.update_generator(latents(), SEEDS)["secrecy_heard"]) == pytest.approx(heard)
    assert Balance().heard() == 1.0


def test_right_answers_are_counted_in_a_running_mean() -> None:
    game, expected = made(replace(SMALL, gated=True)), 0.5
    for _ in range(3):
        accuracy = float(game.update_detector(latents(), SEEDS)["detector_accuracy"])
        expected += 0.01 * (accuracy - expected)
    assert float(game.balance.running_accuracy) == pytest.approx(expected)


def test_bounded_secrecy_is_at_no_image_longer_than_realism() -> None:
    rng = torch.Generator().manual_seed(5)
    gradient, push = (torch.randn(5, 1, 8, 8, generator=rng) for _ in range(2))
    scales = torch.tensor([0.0, 0.1, 1.0, 10.0, 1e6])[:, None, None, None]
    found = Balance("bounded").bounded(scales * push, gradient)
    lengths, longest = found.flatten(1).norm(dim=1), gradient.flatten(1).norm(dim=1)
    assert bool((lengths <= longest * (1 + 1e-6)).all())
    torch.testing.assert_close(found[:2], scales[:2] * push[:2])
    torch.testing.assert_close(lengths[3:], longest[3:])
    assert torch.equal(Balance("balanced").bounded(scales * push, gradient), scales * push)


def test_a_detector_is_not_heard_while_covers_are_rougher_than_photographs() -> None:
    game = made(replace(SMALL, alpha=0.5, roughness=1.5))
    flat = torch.linspace(-0.9, 0.9, 32).expand(SMALL.batch, 1, 32, 32).contiguous()
    rough = game.update_generator(latents(), SEEDS, flat + 0.01 * real())
    assert float(rough["residual_median"]) > 1.5 * float(rough["real_residual_median"])
    assert float(rough["secrecy_heard"]) == 0
    assert float(game.update_generator(latents(), SEEDS, real())["secrecy_heard"]) == 1


def test_pairs_count_stegos_above_their_own_covers() -> None:
    game = made()
    covers = images.to_pixels(real())
    game.forward = lambda pixels: pixels.mean((1, 2, 3)) * torch.ones(1, requires_grad=True)
    brighter = torch.where(torch.arange(SMALL.batch)[:, None, None, None] < 4, covers.clamp(max=250) + 5, covers)
    assert float(game.learn_pairs(covers, brighter)["detector_pairs"]) == pytest.approx(4 / 6)


def test_the_penalty_of_one_update_in_four_counts_four_times() -> None:
    config = replace(SMALL, objective="relativistic", penalty_every=4)
    game, whole = made(config), made(replace(config, penalty_every=1))
    measured = [game.update_critic(real(), latents(), drawn(), penalize=number == 0) for number in range(2)]
    assert "penalty" in measured[0]
    assert "penalty" not in measured[1]
    usual = whole.update_critic(real(), latents(), drawn())
    torch.testing.assert_close(measured[0]["penalty"], usual["penalty"])
    assert moved(weights(whole.critic), game.critic)
