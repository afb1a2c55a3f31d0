"""Backbones and objectives by name: a new backbone is a file and a row here, a new objective two functions and a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ssgan.gan.backbones import dcgan, r3gan, resnet
from ssgan.gan.training.objectives import (
    Objective,
    gradient_penalty,
    hinge_critic,
    log_critic,
    log_generator,
    relativistic_critic,
    relativistic_generator,
    wasserstein_critic,
    wasserstein_generator,
    zero_centered,
)


@dataclass(frozen=True)
class Backbone:
    """Generator and critic of one design.

    `generator(image_size, channels, *, latent, width)` maps latents (N, L) to Floats, `critic(image_size, channels, *, width,
    norm)` Floats to values (N,).
    """

    generator: Callable[..., nn.Module]
    critic: Callable[..., nn.Module]
    title: str
    paper: str


BACKBONES: dict[str, Backbone] = {
    "dcgan": Backbone(
        dcgan.Generator, dcgan.Critic, "DCGAN, kernel 5: the paper's", "A. Radford, L. Metz, S. Chintala, ICLR 2016"
    ),
    "dcgan4": Backbone(
        dcgan.generator4, dcgan.critic4, "DCGAN, kernel 4, as in WGAN's code", "M. Arjovsky et al., arXiv 1701.07875"
    ),
    "resnet": Backbone(
        resnet.Generator, resnet.Critic, "residual, as in WGAN-GP's and SNGAN's code", "I. Gulrajani et al., NeurIPS 2017"
    ),
    "r3gan": Backbone(
        r3gan.Generator, r3gan.Critic, "the modern baseline: grouped residual blocks, no norm", "Y. Huang et al., NeurIPS 2024"
    ),
}

OBJECTIVES: dict[str, Objective] = {
    "log": Objective(log_critic, log_generator, "log loss", "I. Goodfellow et al., NeurIPS 2014"),
    "wgan": Objective(
        wasserstein_critic, wasserstein_generator, "Wasserstein, weights clipped", "M. Arjovsky et al., arXiv 1701.07875",
        clip=0.01,
    ),
    "wgan-gp": Objective(
        wasserstein_critic, wasserstein_generator, "Wasserstein, gradient penalty", "I. Gulrajani et al., NeurIPS 2017",
        penalty=gradient_penalty, norm="none",
    ),
    "hinge": Objective(hinge_critic, wasserstein_generator, "hinge", "J. Lim, J. Ye, arXiv 1705.02894"),
    "relativistic": Objective(
        relativistic_critic, relativistic_generator, "relativistic, R1 and R2", "Y. Huang et al., NeurIPS 2024",
        penalty=zero_centered, relative=True, norm="none",
    ),
}  # fmt: skip
