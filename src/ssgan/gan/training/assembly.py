"""Assemble a game from settings: nets, objective, embedder, optimizers, on a device, in a precision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ssgan.compute import seeds
from ssgan.compute.cuda_graphs import Captured, runner_for
from ssgan.compute.distributed import Processes, average_gradients, whole_mean, whole_norm
from ssgan.compute.optimizers import make_optimizer
from ssgan.embedding.embedder import Embedder
from ssgan.errors import InvalidSetting, unknown
from ssgan.gan.backbones.colors import LUMA
from ssgan.gan.catalog import BACKBONES, OBJECTIVES, generator_of
from ssgan.gan.covers.generators import find_generator, load_generator
from ssgan.gan.training.captured import CapturedSsgan
from ssgan.gan.training.settings import TrainingConfig
from ssgan.gan.training.ssgan import Balance, Network, Ssgan
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.networks.fused.acceleration import accelerated


def assemble(
    config: TrainingConfig, device: torch.device, processes: Processes, *, capture: bool = True
) -> tuple[Ssgan, dict[str, nn.Module]]:
    """Return the game, and its nets by name as they are saved. Raises InvalidSetting for a name that no catalog has.

    On a graphics card the updates are captured as CUDA graphs, unless `capture` is False or several processes play.
    """
    _expect_known("backbone", config.backbone, BACKBONES)
    _expect_known("objective", config.objective, OBJECTIVES)
    if config.uses_detector:
        _expect_known("network", config.detector, NETWORKS)
    embedder, nets = Embedder.parse(config.embedder), _nets(config)
    if config.start:
        _begin_from(nets["generator"], config.start)
    for net in nets.values():
        processes.share_statistics(net.to(device))
    optimizers = {name: _optimizer(config, name, net) for name, net in nets.items()}
    average_gradients(optimizers.values(), processes)
    detector = nets.get("detector")
    game = Ssgan(
        config=config,
        generator=_in_precision(nets["generator"], config, device),
        critic=_in_precision(nets["critic"], config, device),
        detector=detector,
        objective=OBJECTIVES[config.objective],
        embedder=embedder,
        optimizers=optimizers,
        forward=_forward(detector, config, device),
        balance=Balance(
            mode=config.alpha_mode,
            whole_norm=lambda norm: whole_norm(norm, processes),
            running_norms=torch.zeros(2, dtype=torch.float64, device=device),
            gated=config.gated,
            whole_mean=lambda share: whole_mean(share, processes),
            running_accuracy=torch.full((), 0.5, dtype=torch.float64, device=device),
        ),
    )
    runner = runner_for(device, processes=processes.count)
    return (CapturedSsgan.of(game, runner) if capture and isinstance(runner, Captured) else game), nets


@contextmanager
def faster_products(device: torch.device) -> Iterator[None]:
    """Allow TF32 for products on an accelerator, and keep freed memory, within the block."""
    if device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


class InPrecision(nn.Module):
    """A net in bfloat16 or with adjacent channels; its output and its weights are float32."""

    def __init__(self, net: nn.Module, device: torch.device, *, bf16: bool) -> None:
        super().__init__()
        self.net, self.kind, self.bf16 = net, device.type, bf16
        net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Run the net in its precision."""
        if given.ndim == 4:
            given = given.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16):
            out: torch.Tensor = self.net(given)
        return out.float()


def _expect_known(what: str, name: str, catalog: Collection[str]) -> None:
    if name not in catalog:
        raise unknown(what, name, catalog)


def _nets(config: TrainingConfig) -> dict[str, nn.Module]:
    """Return nets initialized each from a seed of its own, without changing torch's own generator."""
    critic, objective = BACKBONES[config.backbone].critic, OBJECTIVES[config.objective]
    size, channels = config.image_size, config.channels
    makers: dict[str, Callable[[], nn.Module]] = {
        "generator": lambda: generator_of(config),
        "critic": lambda: critic(size, channels, width=config.width, norm=objective.norm),
    }
    if config.uses_detector:
        makers["detector"] = lambda: NETWORKS[config.detector].make(size, channels)
    nets = {}
    for name, make in makers.items():
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.derive(config.seed, "weights", name) % 2**63)
            nets[name] = make()
    return nets


def _begin_from(generator: nn.Module, start: str) -> None:
    """Take the weights of another generator that have the same names and shapes. Raises InvalidSetting where none has.

    A layer that makes one map takes the luma of a layer that makes red, green and blue.
    """
    found, own = load_generator(find_generator(Path(start)))[0].state_dict(), generator.state_dict()
    for name, tensor in found.items():
        if name in own and tensor.shape == (len(LUMA), *own[name].shape[1:]) and len(own[name]) == 1:
            found[name] = torch.tensordot(tensor.new_tensor(LUMA), tensor, dims=1)[None]
    fitting = {name: tensor for name, tensor in found.items() if name in own and own[name].shape == tensor.shape}
    if not any(tensor.is_floating_point() and tensor.ndim > 1 for tensor in fitting.values()):
        raise InvalidSetting(
            f"no layer of {start} fits this generator", hint="give its backbone, width, latent and image size, or another start"
        )
    generator.load_state_dict(fitting, strict=False)


def _optimizer(config: TrainingConfig, name: str, net: nn.Module) -> torch.optim.Optimizer:
    rate = config.detector_learning_rate if name == "detector" else config.learning_rate
    settings: dict[str, dict[str, Any]] = {
        "rmsprop": {"alpha": config.smoothing, "momentum": config.momentum},
        "adam": {"betas": (config.momentum, config.smoothing), "fused": True},
    }
    chosen: str = config.optimizer
    if name == "detector" and config.detector_optimizer:  # with torch's own momentum
        settings = {"rmsprop": {}, "adam": {"fused": True}, "adamax": {}}
        chosen = config.detector_optimizer
    _expect_known("optimizer", chosen, settings)
    return make_optimizer(chosen, net, rate, **settings[chosen])


def _in_precision(net: nn.Module, config: TrainingConfig, device: torch.device) -> nn.Module:
    """Wrap the net; on a CPU in float32 return it unchanged, since with kernel 5 adjacent channels gain nothing."""
    bf16 = config.precision == "bf16"
    return InPrecision(net, device, bf16=bf16) if bf16 or device.type != "cpu" else net


def _forward(detector: nn.Module | None, config: TrainingConfig, device: torch.device) -> Network:
    """Return the detector's forward pass in training; without a detector it is never called."""
    if detector is None:
        return torch.nn.Identity()
    return accelerated(detector, device=device, images=config.duration_images, precision=config.precision)
