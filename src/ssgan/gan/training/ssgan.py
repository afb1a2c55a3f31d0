"""SSGAN: a generator G against a critic D, who asks whether its images look real, and a detector S, the paper's steganalyser,
who asks whether a message hidden in them shows.

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
from functools import partial
from typing import cast

import numpy as np
import torch
from torch.nn.functional import softplus

from ssgan import images
from ssgan.compute.cuda_graphs import Direct, Launch
from ssgan.embedding.coders.plain import Seeds
from ssgan.embedding.embedder import Embedder
from ssgan.gan.training.balance import Balance
from ssgan.gan.training.objectives import Objective
from ssgan.gan.training.settings import TrainingConfig

Network = Callable[[torch.Tensor], torch.Tensor]
Scalars = dict[str, torch.Tensor]  # of shape (), on the device: nobody waits for them before all of a step is on its way


@dataclass(eq=False)
class Ssgan:
    """The three nets and their three updates; each update returns the scalars it measured.

    `forward` says how the detector's logits are computed in training, pixels 0...255 to logits: the network itself, or a
    faster way to the same numbers. `launch` is how work is given to the device; embedding is part of it where it is steady.
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
    launch: Launch = field(default_factory=Direct)

    def update_critic(self, real: torch.Tensor, latents: torch.Tensor, drawn: torch.Tensor) -> Scalars:
        """D learns: Floats (N, C, H, W) that are real, latents (N, L), drawn numbers (N,) for the penalty.          Eq. (6)"""
        return cast(Scalars, self.launch("critic", self._critic_learns, real, latents, drawn))

    def _critic_learns(self, real: torch.Tensor, latents: torch.Tensor, drawn: torch.Tensor) -> Scalars:
        with torch.no_grad():
            generated = self.generator(latents)
        real_values, generated_values = self.critic(real), self.critic(generated)
        loss = self.objective.critic(real_values, generated_values)
        penalty = None
        if self.objective.penalty is not None:
            penalty = self.objective.penalty(self.critic, real, generated, drawn)
        self._step("critic", loss if penalty is None else loss + penalty)
        if self.objective.clip is not None:
            with torch.no_grad():
                for weights in self.critic.parameters():
                    weights.clamp_(-self.config.clip, self.config.clip)
        measured = {
            "critic_loss": loss.detach(),
            "real_value": real_values.detach().mean(),
            "generated_value": generated_values.detach().mean(),
        }
        return measured if penalty is None else measured | {"penalty": penalty.detach()}

    def update_detector(self, latents: torch.Tensor, own_seeds: np.ndarray, real: torch.Tensor | None = None) -> Scalars:
        """S learns: each cover beside its own stego, one uint64 seed an image.                                     Eq. (7)

        The covers are generated ones; `config.shown` lets real Floats take their place, or join them.
        """
        assert self.detector is not None
        shown = () if self.config.shown == "generated" or real is None else (real,)
        if self.launch.records and self.embedder.steady:
            return cast(Scalars, self.launch("detector", self._detector_meets, latents, on(latents, own_seeds), *shown))
        covers = cast(torch.Tensor, self.launch("covers", self._covers, latents, *shown))
        stegos = self.embedder.simulate_seeded(covers, own_seeds)
        return cast(Scalars, self.launch("detector", self._detector_learns, covers, stegos))

    def _detector_meets(self, latents: torch.Tensor, own_seeds: torch.Tensor, *shown: torch.Tensor) -> Scalars:
        covers = self._covers(latents, *shown)
        return self._detector_learns(covers, self.embedder.simulate_seeded(covers, own_seeds))

    def _covers(self, latents: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
        with torch.no_grad():
            covers = images.to_pixels(self.generator(latents))
            if real is None:
                return covers
            half = len(covers) // 2 if self.config.shown == "both" else 0
            return torch.cat([covers[:half], images.to_pixels(real)[half:]])

    def _detector_learns(self, covers: torch.Tensor, stegos: torch.Tensor) -> Scalars:
        logits = self.forward(torch.cat([covers, stegos]).float())
        of_covers, of_stegos = logits.chunk(2)
        loss = (softplus(of_covers).mean() + softplus(-of_stegos).mean()) / 2  # -log(1 - S(cover)) and -log S(stego)
        self._step("detector", loss)
        right = ((of_covers < 0).float().mean() + (of_stegos > 0).float().mean()) / 2
        return {"detector_loss": loss.detach(), "detector_accuracy": right}

    def update_generator(
        self, latents: torch.Tensor, own_seeds: np.ndarray, *, real: torch.Tensor | None = None, secrecy: bool = True
    ) -> Scalars:
        """G learns from both answers: alpha realism + (1 - alpha) secrecy.                                         Eq. (5)

        The two gradients are taken at the images, where their norms are measured, weighed, and go back through G together.
        `real` Floats are for objectives that compare with them. Without `secrecy` only the critic is heard.
        """
        beside = () if real is None or not self.objective.relative else (real,)
        if self.detector is None or not secrecy:
            return cast(Scalars, self.launch("generator", partial(self._generator_learns, None), latents, *beside))
        if self.launch.records and (self.embedder.steady or self.config.secrecy not in _EMBEDS):
            given = (on(latents, own_seeds), latents, *beside)
            return cast(Scalars, self.launch("generator, hearing the detector", self._generator_learns, *given))
        return self._generator_learns(own_seeds, latents, *beside)

    def _generator_learns(self, own_seeds: Seeds | None, latents: torch.Tensor, real: torch.Tensor | None = None) -> Scalars:
        """With seeds, what the detector says is heard."""
        generated = self.generator(latents)
        at = generated.detach().requires_grad_()
        realism = self.objective.generator(self.critic(at), None if real is None else self.critic(real).detach())
        (pull,) = torch.autograd.grad(realism, at)
        measured = {"generator_loss": realism.detach(), "realism_gradient": self.balance.norm(pull)}
        if own_seeds is not None:
            hiding = self.secrecy(at, own_seeds)
            (push,) = torch.autograd.grad(hiding, at)
            measured |= {"secrecy_loss": hiding.detach(), "secrecy_gradient": self.balance.norm(push)}
            scale = self.balance.scale(measured["realism_gradient"], measured["secrecy_gradient"])
            pull = self.config.alpha * pull + (1 - self.config.alpha) * scale * push
        self.optimizers["generator"].zero_grad(set_to_none=True)
        generated.backward(pull)
        self.optimizers["generator"].step()
        return measured

    def secrecy(self, floats: torch.Tensor, own_seeds: Seeds) -> torch.Tensor:
        """What G pays for covers that S reads rightly; four forms.

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
        of_stegos = self.forward(straight_through_stego(covers, self.embedder, own_seeds))
        if form == "both":
            return softplus(-logits).mean() + softplus(of_stegos).mean()
        return _confusion(logits) + _confusion(of_stegos)

    def _step(self, which: str, loss: torch.Tensor) -> None:
        self.optimizers[which].zero_grad(set_to_none=True)
        loss.backward()
        self.optimizers[which].step()


def on(there: torch.Tensor, own_seeds: np.ndarray) -> torch.Tensor:
    """int64 (N,): uint64 seeds, with the same bits, where `there` is."""
    return torch.from_numpy(own_seeds.view(np.int64)).to(there.device, non_blocking=True)


def numbers(scalars: Scalars) -> dict[str, float]:
    """What was measured as numbers, in one look at the device."""
    values = torch.stack([value.double() for value in scalars.values()]).tolist() if scalars else []
    return dict(zip(scalars, values, strict=True))


_EMBEDS = ("both", "confusion")  # forms of secrecy whose stegos are made on the way


def rounded(floats: torch.Tensor) -> torch.Tensor:
    """Gray values 0...255, whole as float32, from Floats; the gradient passes as if nothing had been rounded."""
    values = (floats + 1) * 127.5
    return values + (images.to_pixels(floats).float() - values).detach()


def straight_through_stego(covers: torch.Tensor, embedder: Embedder, own_seeds: Seeds) -> torch.Tensor:
    """Stegos of gray values, whole as float32: cover + (stego - cover), the bracket taken as constant.

    For LSB matching that is the gradient of the mean, since the mean of the changes is 0 away from 0 and 255.
    """
    pixels = covers.detach().to(torch.uint8)
    change = embedder.simulate_seeded(pixels, own_seeds).float() - pixels.float()
    return covers + change


def _confusion(logits: torch.Tensor) -> torch.Tensor:
    """The cross-entropy with 1/2."""
    return (softplus(logits) + softplus(-logits)).mean() / 2
