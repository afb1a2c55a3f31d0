"""Estimate the cost of a training: parameters, arithmetic and memory, from one counted step of two images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ssgan.compute.distributed import Processes
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import TrainingConfig
from ssgan.gan.training.ssgan import play
from ssgan.gan.training.state import Snapshot, State

COUNTED_TOGETHER = 2  # images: normalization needs more than one
PROGRAM_BYTES = 300 << 20  # of the libraries themselves


@dataclass(frozen=True)
class Budget:
    """The cost of a training. parameters: of each net. flops_per_image: of convolutions and products, an image shown to the
    critic.

    memory_bytes: weights, gradients, moments, averages, the state that is kept, and what the largest update holds for its way
    back, twice, since gradients come on that way; not the data.
    """

    parameters: dict[str, int]
    flops_per_image: float
    memory_bytes: int


def estimate(config: TrainingConfig) -> Budget:
    """Estimate the cost on one process and a CPU. Raises InvalidSetting for settings that make no game."""
    small = replace(config, batch=COUNTED_TOGETHER, precision="float32")
    device = torch.device("cpu")
    game, nets = assemble(small, device, Processes())
    if "detector" in nets:
        game.forward = nets["detector"]  # by layers that are counted
    draws = RandomDraws(small, Processes(), device)
    real = torch.zeros(COUNTED_TOGETHER, config.channels, config.image_size, config.image_size)
    with _Counter() as counter, _saved_bytes(game.optimizers.values()) as saved_bytes:
        play(game, draws, 0, lambda turn: real)
    state = State(game, nets)
    kept = sum(tensor.nbytes for tensor in Snapshot(state).tensors.values())
    gradients = sum(weight.nbytes for net in nets.values() for weight in net.parameters())
    activations = max(saved_bytes) * config.batch // COUNTED_TOGETHER
    return Budget(
        {name: sum(weight.numel() for weight in net.parameters()) for name, net in nets.items()},
        counter.flops / (COUNTED_TOGETHER * config.critic_steps),
        2 * kept + gradients + 2 * activations + PROGRAM_BYTES,
    )


class _Counter(TorchDispatchMode):
    """A counter of two for each multiplication of a convolution or a product (torch's own misses gradients at images)."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        if count := flop_registry.get(function._overloadpacket):
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out


@contextmanager
def _saved_bytes(optimizers: Iterable[torch.optim.Optimizer]) -> Iterator[list[int]]:
    """Yield the bytes saved for the backward pass, each storage once, of every update within the block.

    An update ends with the step of its optimizer.
    """
    totals, seen = [0], set[int]()

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if not isinstance(tensor, torch.nn.Parameter) and storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            totals[-1] += storage.nbytes()
        return tensor

    def end_update(*_: Any) -> None:
        totals.append(0)
        seen.clear()

    hooks = [optimizer.register_step_post_hook(end_update) for optimizer in optimizers]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield totals
    for hook in hooks:
        hook.remove()
