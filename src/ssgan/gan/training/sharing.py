"""One game played by several processes, as `torchrun` starts them: each takes its part of every batch, all keep the same nets.

Gradients are averaged when an optimizer is about to use them. That is plainer here than DistributedDataParallel, which wants
each net gone through once before each step: the generator's gradient begins at the images, after two other nets, and a penalty
goes through the critic's gradient. Batch normalization uses the statistics of the whole batch
(`steganalysis.distributed.SharedBatchNorm`); without it, the game of several processes is that of one up to the order of sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist

from ssgan.compute.distributed import Processes


def average_gradients(optimizers: Iterable[torch.optim.Optimizer], processes: Processes) -> None:
    """From now on each step of these optimizers begins with the mean of all processes' gradients, in one message."""
    for optimizer in optimizers if processes.count > 1 else ():
        optimizer.register_step_pre_hook(_average)


def whole_norm(norm: torch.Tensor, processes: Processes) -> torch.Tensor:
    """float64 (): the norm of the gradient of a whole batch's mean loss, from that of each process's part."""
    if processes.count == 1:
        return norm.double()
    return (processes.figures(float(norm)).square().sum().sqrt() / processes.count).to(norm.device)


def mean_figures(figures: dict[str, float], processes: Processes) -> dict[str, float]:
    """Figures of the whole batch, from those of each process's part."""
    means = processes.figures(*figures.values()).mean(dim=0).tolist()
    return dict(zip(figures, means, strict=True))


def _average(optimizer: torch.optim.Optimizer, *_: Any) -> None:
    gradients = [w.grad for group in optimizer.param_groups for w in group["params"] if w.grad is not None]
    together = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(together)
    together /= dist.get_world_size()
    for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))
