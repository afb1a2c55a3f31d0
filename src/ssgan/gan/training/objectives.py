"""Define the objectives of critic and generator: losses of critic values, and the penalty that bounds the critic.

Critic values are float (N,), higher = rather real; losses are means and are minimized. Each function names its source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch.nn.functional import softplus

CriticNetwork: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
# (critic, real Floats, generated Floats, a number in [0, 1) for each of them) -> what is added to the critic's loss
Penalty: TypeAlias = Callable[[CriticNetwork, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Objective:
    """One objective: `critic(real values, generated values)`, `generator(generated values, real values)`; real ones count if
    `relative`.

    `clip` bounds the critic's weights after each of its steps. `norm` is what the critic may normalize by: a penalty on single
    images does not go with BatchNorm.
    """

    critic: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    generator: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]
    title: str
    paper: str
    penalty: Penalty | None = None
    clip: float | None = None
    relative: bool = False
    norm: str = "batch"


def log_critic(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Return -E log D(x) - E log(1 - D(G(z))), D the sigmoid of the value. I. Goodfellow et al., NeurIPS 2014, Eq. (1)."""
    return softplus(-real).mean() + softplus(generated).mean()


def log_generator(generated: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
    """Return -E log D(G(z)): the form that does not saturate, from the same paper, section 3."""
    return softplus(-generated).mean()


def wasserstein_critic(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Return E D(G(z)) - E D(x). M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN", 2017, algorithm 1."""
    return generated.mean() - real.mean()


def wasserstein_generator(generated: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
    """Return -E D(G(z))."""
    return -generated.mean()


def hinge_critic(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Return E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))). J. Lim, J. Ye, "Geometric GAN", 2017."""
    return (1 - real).relu().mean() + (1 + generated).relu().mean()


def relativistic_critic(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Return E f(D(x) - D(G(z))), f = softplus(-t), pair by pair. A. Jolicoeur-Martineau, ICLR 2019; Y. Huang et al., NeurIPS
    2024.
    """
    return softplus(generated - real).mean()


def relativistic_generator(generated: torch.Tensor, real: torch.Tensor | None = None) -> torch.Tensor:
    """Return the same with the pair exchanged."""
    assert real is not None, "a relativistic objective compares with real values"
    return softplus(real - generated).mean()


GRADIENT_PENALTY = 10.0  # lambda of WGAN-GP
R1_R2 = 1.0  # gamma / 2 of R3GAN at small sizes, for each of the two


def gradient_penalty(critic: CriticNetwork, real: torch.Tensor, generated: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Return lambda E (|grad D(x')| - 1)^2 at x' between real and generated. I. Gulrajani et al., NeurIPS 2017, Eq. (3)."""
    share = drawn[:, None, None, None]
    between = (share * real + (1 - share) * generated).requires_grad_()
    norms = _gradient(critic, between).flatten(1).norm(dim=1)
    return GRADIENT_PENALTY * (norms - 1).square().mean()


def zero_centered(critic: CriticNetwork, real: torch.Tensor, generated: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
    """Return gamma / 2 (E |grad D(x)|^2 + E |grad D(G(z))|^2): R1 and R2. Y. Huang et al., NeurIPS 2024, Eq. (4)."""
    terms = [_gradient(critic, part.detach().requires_grad_()).square().flatten(1).sum(1).mean() for part in (real, generated)]
    return R1_R2 * (terms[0] + terms[1])


def _gradient(critic: CriticNetwork, floats: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(critic(floats).sum(), floats, create_graph=True)
    return found
