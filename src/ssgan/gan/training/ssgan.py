"""SSGAN: a generator G against a critic D, which asks whether its images look real, and a detector S, the paper's steganalyser,
which asks whether a message hidden in them shows.

    min over G, max over D and S of
        alpha (E D(x) - E D(G(z))) + (1 - alpha) E[log S(Stego(G(z))) + log(1 - S(G(z)))]                            Eq. (4)

H. Shi, J. Dong, W. Wang, Y. Qian, X. Zhang, "SSGAN: secure steganography based on generative adversarial networks", 2017. The
equations did not survive in the paper's text; docs/paper.md says how each was read. S(x) is the probability that x hides
something, D a value, with Wasserstein's or any other objective of the catalog. Covers and stegos are rounded to pixels alike,
so that S sees what a receiver gets, and reads the embedding, not the rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch.nn.functional import softplus

from ssgan import images
from ssgan.embedding.coder import Seeds
from ssgan.embedding.embedder import Embedder
from ssgan.gan.training.objectives import Objective
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import TrainingConfig
from ssgan.images.grain import residual_medians

Network: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
RealBatch: TypeAlias = Callable[[int], torch.Tensor]  # which update of the critic in this step -> Floats (N, C, H, W)
Scalars: TypeAlias = dict[str, torch.Tensor]  # of shape (), on the device: reading one would wait for it, so a step reads none

# Of the running means: of the two gradients' norms, a generator step; of the detector's right answers, a detector step.
DECAY = 0.99
CHANCE = 0.55  # share of right answers up to which a gated detector is not heard
EMBEDDING_FORMS = ("both", "confusion")  # forms of secrecy that embed into the generator's images


@dataclass
class Balance:
    """The weight of the detector's gradient beside the critic's: unchanged, or scaled to the critic's norm first, or bounded by
    it besides, image by image.

    The two gradients at the generator's images differ by a factor of tens to thousands, which moves with the clipping, the
    width and the scale of the detector's input, so that a plain alpha is no share of anything. All values are tensors on the
    device of the gradients: reading one would wait for it.

    The gradient of a detector that guesses is noise. `gated`, it is heard as far as the detector is right: with the share of
    right answers a, in a running mean, its part is weighed by (a - CHANCE) / (1 - CHANCE), and by 0 below.
    """

    mode: str = "plain"
    whole_norm: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.double  # of the whole batch, in several processes
    running_norms: torch.Tensor = field(default_factory=lambda: torch.zeros(2, dtype=torch.float64))  # realism, secrecy
    gated: bool = False
    whole_mean: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.double  # of the whole batch, in several processes
    running_accuracy: torch.Tensor = field(default_factory=lambda: torch.full((), 0.5, dtype=torch.float64))

    def answered(self, accuracy: torch.Tensor) -> None:
        """Take the detector's share of right answers in a batch, before it learned from it, into the running mean."""
        if self.gated:
            self.running_accuracy.lerp_(self.whole_mean(accuracy), 1 - DECAY)

    def heard(self) -> torch.Tensor | float:
        """Return how far the detector is heard, 0...1."""
        return ((self.running_accuracy - CHANCE) / (1 - CHANCE)).clamp(min=0) if self.gated else 1.0

    def bounded(self, push: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """Return the detector's scaled gradient, in the mode `bounded` no longer at any image than the critic's."""
        if self.mode != "bounded":
            return push
        longest, own = (one.flatten(1).norm(dim=1) for one in (gradient, push))
        return push * (longest / own.clamp(min=torch.finfo(own.dtype).tiny)).clamp(max=1)[:, None, None, None]

    def norm(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return float64 (), the Euclidean norm of a gradient at the images."""
        return self.whole_norm(gradient.norm())

    def scale(self, realism: torch.Tensor, secrecy: torch.Tensor) -> torch.Tensor:
        """Return float64 (), the factor of the secrecy's gradient, from the norms of both.

        It is 1 in the plain mode. Else it is the ratio of the running means, 0 until both norms are finite.
        """
        new = torch.stack([realism, secrecy])
        norms = self.running_norms
        norms.copy_(torch.where(new.isfinite().all(), DECAY * norms + (1 - DECAY) * new, norms))
        if self.mode == "plain":
            return torch.ones_like(realism)
        return torch.where(norms[1] > 0, norms[0] / norms[1], 0.0)


@dataclass(eq=False)
class Ssgan:
    """The three nets and their three updates; each update returns the scalars it measured.

    `forward` computes the detector's logits in training, pixels 0...255 to logits: the network itself, or a faster way to the
    same numbers.
    """

    config: TrainingConfig
    generator: torch.nn.Module
    critic: torch.nn.Module
    detector: torch.nn.Module | None
    objective: Objective
    embedder: Embedder
    optimizers: dict[str, torch.optim.Optimizer]  # of generator, critic, detector
    forward: Network
    balance: Balance

    def update_critic(
        self, real: torch.Tensor, latents: torch.Tensor, drawn: torch.Tensor, *, penalize: bool = True
    ) -> Scalars:
        """Update D from real Floats (N, C, H, W), latents (N, L) and numbers (N,) drawn for the penalty.            Eq. (6)

        A penalty of one update in `config.penalty_every` counts that many times (T. Karras et al., CVPR 2020, appendix B).
        """
        with torch.no_grad():
            generated = self.generator(latents)
        real_values, generated_values = self.critic(real), self.critic(generated)
        loss = self.objective.critic(real_values, generated_values)
        measured = {
            "critic_loss": loss.detach(),
            "real_value": real_values.detach().mean(),
            "generated_value": generated_values.detach().mean(),
        }
        if self.objective.penalty is not None and penalize:
            penalty = self.objective.penalty(self.critic, real, generated, drawn)
            measured["penalty"] = penalty.detach()
            loss = loss + self.config.penalty_every * penalty
        self._step("critic", loss)
        if self.objective.clip is not None:
            with torch.no_grad():
                for weights in self.critic.parameters():
                    weights.clamp_(-self.config.clip, self.config.clip)
        return measured

    def update_detector(self, latents: torch.Tensor, image_seeds: Seeds, real: torch.Tensor | None = None) -> Scalars:
        """Update S from covers beside their stegos, one uint64 seed an image.                                      Eq. (7)

        The covers are generated ones; with `config.shown`, real Floats replace all of them or half.
        """
        covers = self.covers(latents, real)
        return self.learn_pairs(covers, self.embedder.simulate_seeded(covers, image_seeds))

    def covers(self, latents: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
        """Return Images (N, C, H, W), the covers that S learns from."""
        with torch.no_grad():
            covers = images.to_pixels(self.generator(latents))
            if real is None or self.config.shown == "generated":
                return covers
            half = len(covers) // 2 if self.config.shown == "both" else 0
            return torch.cat([covers[:half], images.to_pixels(real)[half:]])

    def learn_pairs(self, covers: torch.Tensor, stegos: torch.Tensor) -> Scalars:
        """Update S from Images, by -log(1 - S(cover)) and -log S(stego)."""
        logits = self.forward(torch.cat([covers, stegos]).float())
        of_covers, of_stegos = logits.chunk(2)
        loss = (softplus(of_covers).mean() + softplus(-of_stegos).mean()) / 2
        self._step("detector", loss)
        accuracy = ((of_covers < 0).float().mean() + (of_stegos > 0).float().mean()) / 2
        self.balance.answered(accuracy)
        # Share of pairs whose stego has the larger value: 1/2 where it reads nothing, more where only the covers differ more.
        pairs = (of_stegos > of_covers).float().mean()
        return {"detector_loss": loss.detach(), "detector_accuracy": accuracy, "detector_pairs": pairs}

    def update_generator(
        self, latents: torch.Tensor, image_seeds: Seeds, real: torch.Tensor | None = None, *, use_detector: bool = True
    ) -> Scalars:
        """Update G from both answers: alpha realism + (1 - alpha) secrecy.                                         Eq. (5)

        The two gradients are taken at the images, where their norms are measured, weighed, and go back through G together.
        `real` Floats are for objectives that compare with them. Without `use_detector` the loss is realism alone.
        """
        generated = self.generator(latents)
        at = generated.detach().requires_grad_()
        values = self.critic(at)
        real_values = self.critic(real).detach() if self.objective.relative and real is not None else None
        realism = self.objective.generator(values, real_values)
        (gradient,) = torch.autograd.grad(realism, at)
        measured = {"generator_loss": realism.detach(), "realism_gradient": self.balance.norm(gradient)}
        if self.detector is not None and use_detector:
            secrecy = self.secrecy(at, image_seeds)
            (push,) = torch.autograd.grad(secrecy, at)
            measured |= {"secrecy_loss": secrecy.detach(), "secrecy_gradient": self.balance.norm(push)}
            scale = self.balance.scale(measured["realism_gradient"], measured["secrecy_gradient"])
            share = (1 - self.config.alpha) * self._heard(at, real, measured)
            gradient = (1 - share) * gradient + share * self.balance.bounded(scale * push, gradient)
        self.optimizers["generator"].zero_grad(set_to_none=True)
        generated.backward(gradient)
        self.optimizers["generator"].step()
        return measured

    def _heard(self, floats: torch.Tensor, real: torch.Tensor | None, measured: Scalars) -> torch.Tensor | float:
        """Return how far the detector is heard, 0...1: not at all while the covers are rougher than photographs by more than
        `config.roughness` times; and add what decides to `measured`.
        """
        heard = self.balance.heard()
        if self.config.roughness and real is not None:
            # Processes that share a batch decide alike, by the mean of their medians.
            medians = (residual_medians(rounded(part.detach())) for part in (floats, real))
            made, given = (self.balance.whole_mean(median) for median in medians)
            measured |= {"residual_median": made, "real_residual_median": given}
            heard = torch.where(made <= self.config.roughness * given, 1.0, 0.0) * heard
        if isinstance(heard, torch.Tensor):
            measured["secrecy_heard"] = heard
        return heard

    def secrecy(self, floats: torch.Tensor, image_seeds: Seeds) -> torch.Tensor:
        """Return the generator's loss for covers that S classifies correctly; four forms.

        saturating       E log(1 - S(G(z))), as printed                                                            R1
        non-saturating   -E log S(G(z)), as SGAN's code has it                                                     R2
        both             R2 - E log(1 - S(Stego(G(z)))), all of Eq. (4), through the embedding straight            R3
        confusion        covers and stegos both towards 1/2                                                        R4
        """
        covers = rounded(floats)
        form = self.config.secrecy
        logits = self.forward(covers)
        if form == "saturating":
            return -softplus(logits).mean()
        if form == "non-saturating":
            return softplus(-logits).mean()
        of_stegos = self.forward(straight_through_stego(covers, self.embedder, image_seeds))
        if form == "both":
            return softplus(-logits).mean() + softplus(of_stegos).mean()
        return _confusion(logits) + _confusion(of_stegos)

    def _step(self, which: str, loss: torch.Tensor) -> None:
        self.optimizers[which].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[which].step()


def play(
    game: Ssgan,
    draws: RandomDraws,
    step: int,
    real_batch: RealBatch,
    *,
    train_detector: bool = True,
    train_generator: bool = True,
    use_detector: bool = True,
) -> Scalars:
    """Play one step: the critic learns, then the detector, then the generator from both. Return what the updates measured.

    The last real images shown to the critic serve the other two as well. The flags leave out the detector's updates, the
    generator's, or the detector's answer in the generator's loss.
    """
    config, measured = game.config, Scalars()
    for turn in range(config.critic_steps):
        real = real_batch(turn)
        penalize = (step * config.critic_steps + turn) % config.penalty_every == 0
        latents, drawn = draws.latents("critic", step, turn), draws.penalty(step, turn)
        measured |= game.update_critic(real, latents, drawn, penalize=penalize)
    for turn in range(config.detector_steps if config.uses_detector and train_detector else 0):
        latents, image_seeds = draws.latents("detector", step, turn), draws.image_seeds("detector", step, turn)
        measured |= game.update_detector(latents, image_seeds, real)
    for turn in range(config.generator_steps if train_generator else 0):
        latents, image_seeds = draws.latents("generator", step, turn), draws.image_seeds("generator", step, turn)
        measured |= game.update_generator(latents, image_seeds, real, use_detector=use_detector)
    return measured


def numbers(scalars: Scalars) -> dict[str, float]:
    """Return the scalars as numbers, read from the device at once."""
    values = torch.stack([value.double() for value in scalars.values()]).tolist() if scalars else []
    return dict(zip(scalars, values, strict=True))


def rounded(floats: torch.Tensor) -> torch.Tensor:
    """Return gray values 0...255, whole as float32, from Floats; the gradient passes as if nothing was rounded."""
    values = (floats + 1) * 127.5
    return values + (images.to_pixels(floats).float() - values).detach()


def straight_through_stego(covers: torch.Tensor, embedder: Embedder, image_seeds: Seeds) -> torch.Tensor:
    """Return stegos of gray values, whole as float32: cover + (stego - cover), the bracket taken as constant.

    For LSB matching that is the gradient of the mean, since the mean of the changes is 0 away from 0 and 255.
    """
    pixels = covers.detach().to(torch.uint8)
    change = embedder.simulate_seeded(pixels, image_seeds).float() - pixels.float()
    return covers + change


def _confusion(logits: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the predictions (logits) with the label 1/2."""
    return (softplus(logits) + softplus(-logits)).mean() / 2
