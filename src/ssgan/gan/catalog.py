"""List backbones and objectives by name: a backbone's file ends with its rows, an objective is two functions and a row here."""

from __future__ import annotations

from torch import nn

from ssgan.gan.backbone import Backbone
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
from ssgan.gan.training.settings import TrainingConfig

# In the order of lists. A new one is its file and its name here, twice.
_BACKBONES = (dcgan, resnet, r3gan)

BACKBONES: dict[str, Backbone] = {name: row for module in _BACKBONES for name, row in module.ROWS.items()}

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


def generator_of(config: TrainingConfig) -> nn.Module:
    """Return the generator of these settings, of new weights from torch's own generator of random numbers."""
    make = BACKBONES[config.backbone].generator
    return make(config.image_size, config.channels, latent=config.latent, width=config.width, colors=config.colors)
