"""Time several trainings by alternating steps, so that a busy machine is the same for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch

from ssgan.compute.distributed import Processes
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import TrainingConfig
from ssgan.gan.training.ssgan import numbers, play

WARM_STEPS = 4  # before the clock runs: kernels are compiled, and on a graphics card steps are recorded
ROUNDS = 7


def seconds_per_image(
    configs: Mapping[str, TrainingConfig], device: str | torch.device = "cpu", *, rounds: int = ROUNDS
) -> dict[str, float]:
    """Return for each settings the median of `rounds` seconds a step, over the real images shown to the critic.

    On a processor they are those of this process's CPU time, on an accelerator those of a clock. Raises InvalidSetting.
    """
    where = torch.device(device)
    steps = {name: _steps(config, where) for name, config in configs.items()}
    for step in steps.values():
        for number in range(WARM_STEPS):
            step(number)
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(WARM_STEPS, WARM_STEPS + rounds):
        for name, step in steps.items():
            begun = _now(where)
            step(number)
            taken[name].append((_now(where) - begun) / (configs[name].critic_steps * configs[name].batch))
    return {name: statistics.median(some) for name, some in taken.items()}


def _steps(config: TrainingConfig, where: torch.device) -> Callable[[int], None]:
    """Return a function that does the step of that number, on noise in place of real images."""
    game, _ = assemble(config, where, Processes())
    draws = RandomDraws(config, Processes(), where)
    shape = (config.batch, config.channels, config.image_size, config.image_size)
    real = torch.rand(shape, generator=torch.Generator().manual_seed(0)).mul(2).sub(1).to(where)

    def step(number: int) -> None:
        numbers(play(game, draws, number, lambda turn: real))  # numbers wait for an accelerator

    return step


def _now(where: torch.device) -> float:
    if where.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(where)
    return time.perf_counter()
