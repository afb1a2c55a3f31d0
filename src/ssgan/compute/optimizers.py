"""Make optimizers by name, and set their learning rates, also where a step is captured on a graphics card."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ssgan.errors import unknown

OPTIMIZERS = {"adadelta": "Adadelta", "adam": "Adam", "adamax": "Adamax", "rmsprop": "RMSprop", "sgd": "SGD"}  # in torch.optim


def make_optimizer(
    name: str, network: nn.Module, learning_rate: float, *, is_scheduled: bool = False, **settings: Any
) -> torch.optim.Optimizer:
    """Return the optimizer of that name for all weights of a network. Raises InvalidSetting for an unknown name.

    On a graphics card its steps can be captured. There `is_scheduled` keeps the rate in a tensor, which a captured step reads.
    `settings` are those of the class in torch.
    """
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    device = next(network.parameters()).device
    on_card = device.type == "cuda"
    rate = torch.tensor(learning_rate, device=device) if on_card and is_scheduled else learning_rate
    settings["fused" if name == "sgd" else "capturable"] = on_card  # torch captures SGD only in its fused form
    optimizer: torch.optim.Optimizer = getattr(torch.optim, OPTIMIZERS[name])(network.parameters(), lr=rate, **settings)
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of all weights."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate
