"""Train in several processes, as `torchrun` starts them: each takes its part of every batch, all keep the same weights.

Gradients are averaged by torch's DistributedDataParallel. Batch normalization uses the statistics of the whole batch: torch's
own SyncBatchNorm does so on CUDA only, so the layers are exchanged for ones that do it on any device. So a training in several
processes is the training in one, up to the order in which sums are taken. Only the first process writes and reports.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import nn

from ssgan.errors import InvalidSetting, SsganError

T = TypeVar("T")
Forward = Callable[..., torch.Tensor]
PATIENCE = timedelta(hours=6)  # for which a process waits for the others: the first may judge for long


@dataclass(frozen=True)
class Processes:
    """The number of processes that work together, and the rank of this one; the first is 0."""

    rank: int = 0
    count: int = 1

    def first(self, make: Callable[[], T]) -> T:
        """Return what the first process computes, in all processes; an error there is raised in all."""
        if self.count == 1:
            return make()
        broadcast: list[Any] = [None]
        if self.rank == 0:
            try:
                broadcast = [(make(), None)]
            except SsganError as failed:
                broadcast = [(None, failed)]
        dist.broadcast_object_list(broadcast, src=0, device=torch.device("cpu"))
        value, error = broadcast[0]
        if error is not None:
            raise error
        made: T = value
        return made

    def gathered(self, part: T) -> list[T]:
        """Return the parts of all processes, in their order."""
        if self.count == 1:
            return [part]
        parts: list[Any] = [None] * self.count
        dist.all_gather_object(parts, part)
        return parts

    def figures(self, *own: float) -> torch.Tensor:
        """Return float64 (processes, figures): a few numbers of each process, faster than by `gathered`."""
        mine = torch.tensor(own, dtype=torch.float64)
        if self.count == 1:
            return mine[None]
        parts = [torch.empty_like(mine) for _ in range(self.count)]
        dist.all_gather(parts, mine)
        return torch.stack(parts)

    def part(self, total: range, *, what: str) -> range:
        """Return this process's part of a batch. Raises InvalidSetting where it cannot be divided evenly."""
        if len(total) % self.count:
            raise InvalidSetting(
                f"a batch of {len(total)} {what} cannot be shared out among {self.count} processes",
                hint=f"take a multiple of {self.count} as batch_pairs, or another number of processes",
            )
        size = len(total) // self.count
        return total[self.rank * size : (self.rank + 1) * size]

    def share_statistics(self, network: nn.Module) -> None:
        """Replace every BatchNorm2d of the network by one that shares statistics, with the same parameters; alone, do
        nothing.
        """
        for parent in list(network.modules()) if self.count > 1 else []:
            for name, layer in parent.named_children():
                if type(layer) is nn.BatchNorm2d:
                    setattr(parent, name, SharedBatchNorm.of(layer, self.count))

    def averaging(self, network: nn.Module, forward: Forward, device: torch.device) -> Forward:
        """Return a forward pass whose parameter gradients are averaged over the processes; alone, return `forward`."""
        if self.count == 1:
            return forward
        devices = [device] if device.type == "cuda" else None
        whole = _Whole(network, forward)
        made: Forward = nn.parallel.DistributedDataParallel(whole, device_ids=devices, forward_sync_buffers=False)
        return made


def current() -> Processes:
    """Return the processes that have been joined, or this one alone."""
    if dist.is_available() and dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes()


def device_of(device: str) -> str:
    """Return the device of this process: under torchrun, where CUDA is asked for, each has its own."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if device == "cuda" and "WORLD_SIZE" in os.environ else device


@contextmanager
def joined(device: str = "cpu") -> Iterator[Processes]:
    """Join the processes that torchrun started, within the block; do nothing without torchrun, or where they are joined
    already.

    Tensors on the CPU go by gloo, those on CUDA by nccl.
    """
    if current().count > 1 or int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield current()
        return
    backend = "gloo"
    if device.startswith("cuda"):
        torch.cuda.set_device(device_of(device))
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, timeout=PATIENCE)
    try:
        yield current()
    finally:
        # DistributedDataParallel is part of reference cycles. As long as one is left, so are the threads of the group, and
        # one that lets go of a tensor while the interpreter ends aborts the process.
        gc.collect()
        dist.destroy_process_group()


def average_gradients(optimizers: Iterable[torch.optim.Optimizer], processes: Processes) -> None:
    """Begin each step of these optimizers with the mean of all processes' gradients, sent in one message.

    DistributedDataParallel needs one pass through each network before each step. This does not: in a game the generator's
    gradient begins at the images, after two other networks, and a penalty goes through the critic's gradient.
    """
    for optimizer in optimizers if processes.count > 1 else ():
        optimizer.register_step_pre_hook(_average)


def whole_norm(norm: torch.Tensor, processes: Processes) -> torch.Tensor:
    """Return float64 (), the norm of the gradient of a whole batch's mean loss, from that of each process's part."""
    if processes.count == 1:
        return norm.double()
    return (processes.figures(float(norm)).square().sum().sqrt() / processes.count).to(norm.device)


def whole_mean(mean: torch.Tensor, processes: Processes) -> torch.Tensor:
    """Return float64 (), a mean over the whole batch, from that over each process's part."""
    if processes.count == 1:
        return mean.double()
    return processes.figures(float(mean)).mean().to(mean.device)


def mean_figures(figures: dict[str, float], processes: Processes) -> dict[str, float]:
    """Return the figures of the whole batch, from those of each process's part."""
    means = processes.figures(*figures.values()).mean(dim=0).tolist()
    return dict(zip(figures, means, strict=True))


def _average(optimizer: torch.optim.Optimizer, *_: Any) -> None:
    gradients = [w.grad for group in optimizer.param_groups for w in group["params"] if w.grad is not None]
    together = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(together)
    together /= dist.get_world_size()
    for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


class _Whole(nn.Module):
    """A network's parameters with another forward pass, in the one module that DistributedDataParallel takes."""

    def __init__(self, network: nn.Module, way: Forward) -> None:
        super().__init__()
        self.network, self.way = network, way

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.way(*given)


class SharedBatchNorm(nn.BatchNorm2d):
    """BatchNorm with training statistics of the whole batch of `processes` processes, of equally many images."""

    processes = 1

    @classmethod
    def of(cls, layer: nn.BatchNorm2d, processes: int) -> SharedBatchNorm:
        """Return one that uses the parameters and buffers of that layer, not copies of them."""
        shared = cls(layer.num_features, layer.eps, layer.momentum)
        shared.processes = processes
        shared.weight, shared.bias = layer.weight, layer.bias
        shared.running_mean, shared.running_var = layer.running_mean, layer.running_var
        shared.num_batches_tracked = layer.num_batches_tracked
        return shared

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalize as nn.BatchNorm2d does, in float32: two averages over the processes forward, two backward."""
        if not self.training:
            return super().forward(input)
        x = input.float()
        mean = self._average(x.mean(dim=(0, 2, 3)))  # (C,)
        centered = x - mean[:, None, None]
        variance = self._average(centered.square().mean(dim=(0, 2, 3)))
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * self.processes)
        scale = torch.rsqrt(variance + self.eps) * self.weight
        normal: torch.Tensor = centered * scale[:, None, None] + self.bias[:, None, None]
        return normal.to(input.dtype)

    def _average(self, value: torch.Tensor) -> torch.Tensor:
        summed: torch.Tensor = _Sum.apply(value)  # type: ignore[no-untyped-call]
        return summed / self.processes

    def _remember(self, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
        """Update the running statistics as nn.BatchNorm2d does, with the unbiased variance."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / max(1, count - 1)), self.momentum)


class _Sum(torch.autograd.Function):
    """The sum over the processes, with the sum of their gradients as its gradient, since each process uses the sum."""

    @staticmethod
    def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
        summed = value.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        summed = gradients[0].contiguous().clone()
        dist.all_reduce(summed)
        return summed
