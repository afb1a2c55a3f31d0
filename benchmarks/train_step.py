"""A step of the paper's training beside the plain PyTorch loop of the same nets, in one run: `python benchmarks/train_step.py`.

Preset `paper`: DCGAN 5 x 5, width 64, 64 x 64 color, GNCNN as detector, lsb@0.4/plain, batch 64, RMSProp; one step updates the
critic once, the detector once, the generator twice. The plain loop has torch's own layers, contiguous, and calls
loss.backward(). One thread, process CPU time, medians of alternating rounds. Bars: 1.4 times the plain loop, and 58 % of what a
product of 2048 x 2048 float32 matrices reaches in the same run. FLOPs are those of the convolutions and linear layers that a
step needs, at their nominal sizes: products with a border's zeros count, though ours leaves them out.

`--layers` shows every layer by itself, `--write` keeps the figures in results/. `--device cuda` shows the ways through the nets
on a graphics card instead, in images per second, with `--compiled` those of torch.compile too, which take minutes to make.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from pairing import write
from torch import nn
from torch.nn.functional import softplus
from torch.utils.flop_counter import FlopCounterMode

from ssgan import images
from ssgan.compute.distributed import Processes
from ssgan.gan.backbones import layers
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws, Use
from ssgan.gan.training.settings import configure
from ssgan.gan.training.ssgan import Ssgan, numbers, play, rounded

CPU = torch.device("cpu")
PEAK_SIDE = 2048
LEAST_SECONDS = 0.1  # of CPU time that a figure is taken from
ROUNDS = {"step": 7, "layer": 5, "card": 8}
Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One figure: CPU milliseconds of ours and of the plain way, their ratio, and GFLOP/s of each and of a large product."""

    what: str
    batch: int
    ours_ms: float
    plain_ms: float
    ratio: float
    ours_gflops: float
    plain_gflops: float
    peak_gflops: float
    share_of_peak: float
    error: float

    def __str__(self) -> str:
        times = f"{self.ours_ms:8.1f} ms  plain {self.plain_ms:8.1f} ms  ratio {self.ratio:5.2f}"
        rates = f"{self.ours_gflops:6.1f} GFLOP/s of {self.peak_gflops:.0f}: {self.share_of_peak:4.0%}"
        return f"{self.what:<34} {times}  {rates} (plain {self.plain_gflops / self.peak_gflops:4.0%})  error {self.error:.1e}"


def compare(what: str, ours: Step, plain: Step, flops: float, batch: int, *, rounds: int, error: float = float("nan")) -> Row:
    """Alternating rounds of the two and of the large product, in process CPU time."""
    square = torch.randn(PEAK_SIDE, PEAK_SIDE)
    programs: list[Step] = [ours, plain, lambda: square @ square]
    repeats = [max(1, round(LEAST_SECONDS / max(min(cpu_seconds(work) for _ in range(2)), 1e-6))) for work in programs]
    times: list[list[float]] = [[], [], []]
    for _ in range(rounds):
        for work, count, taken in zip(programs, repeats, times, strict=True):
            taken.append(cpu_seconds(work, count))
    ours_s, plain_s, peak_s = (statistics.median(taken) for taken in times)
    ours_rate, plain_rate, peak = flops / ours_s / 1e9, flops / plain_s / 1e9, 2 * PEAK_SIDE**3 / peak_s / 1e9
    row = Row(what, batch, ours_s * 1e3, plain_s * 1e3, plain_s / ours_s, ours_rate, plain_rate, peak, ours_rate / peak, error)
    print(row, flush=True)
    return row


def cpu_seconds(work: Step, count: int = 1) -> float:
    """CPU seconds of the process for `work`, the mean of `count` times."""
    start = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - start) / count


def plain_layers(net: nn.Module) -> nn.Module:
    """A copy of the net with torch's own layers in the place of ours, the weights contiguous."""
    made = copy.deepcopy(net)
    for parent in list(made.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, layers.Up | layers.Down):
                setattr(parent, name, plain_layer(layer))
    return made


def plain_layer(layer: layers.Up | layers.Down) -> nn.Module:
    """torch's layer with the same weights."""
    before, after, bias = layer.in_channels, layer.out_channels, layer.bias is not None
    made: nn.Module = nn.Conv2d(before, after, 5, 2, 2, bias=bias)
    if isinstance(layer, layers.Up):
        made = nn.ConvTranspose2d(before, after, 5, 2, 2, 1, bias=bias)
    made.load_state_dict(layer.state_dict())
    return made


class Inputs(RandomDraws):
    """What one step is given, the same for both and the same in every step: nothing is drawn while time is taken."""

    def __init__(self, game: Ssgan) -> None:
        config, rng = game.config, torch.Generator().manual_seed(1)
        super().__init__(config, Processes(), CPU)
        size = (config.batch, config.channels, config.image_size, config.image_size)
        self.real = torch.rand(size, generator=rng) * 2 - 1
        self.every = torch.rand((2 + config.generator_steps, config.batch, config.latent), generator=rng) * 2 - 1
        self.seeds = np.arange(config.batch, dtype=np.uint64)
        self.drawn = torch.rand(config.batch, generator=rng)

    def latents(self, use: Use, step: int, turn: int = 0) -> torch.Tensor:
        """Of this update."""
        return self.every[{"critic": 0, "detector": 1}.get(use, 2 + turn)]

    def image_seeds(self, use: Use, step: int, turn: int = 0) -> np.ndarray:
        """The same for all."""
        return self.seeds

    def penalty(self, step: int, turn: int = 0) -> torch.Tensor:
        """The same for all."""
        return self.drawn


def step(game: Ssgan, given: Inputs) -> None:
    """Ours, as the training does it."""
    play(game, given, 0, lambda turn: given.real)


def plain_step(game: Ssgan, given: Inputs) -> None:
    """The same as one would write it down; Eqs. (5) to (7)."""
    config, optimizers, detector = game.config, game.optimizers, game.detector
    assert detector is not None
    # The critic.
    with torch.no_grad():
        generated = game.generator(given.latents("critic", 0))
    loss = game.critic(generated).mean() - game.critic(given.real).mean()
    optimizers["critic"].zero_grad()
    loss.backward()
    optimizers["critic"].step()
    with torch.no_grad():
        for weights in game.critic.parameters():
            weights.clamp_(-config.clip, config.clip)
    # The detector.
    with torch.no_grad():
        covers = images.to_pixels(game.generator(given.latents("detector", 0)))
    stegos = game.embedder.simulate_seeded(covers, given.seeds)
    of_covers, of_stegos = detector(covers.float()), detector(stegos.float())
    loss = (softplus(of_covers).mean() + softplus(-of_stegos).mean()) / 2
    optimizers["detector"].zero_grad()
    loss.backward()
    optimizers["detector"].step()
    # The generator, twice.
    for latents in given.every[2:]:
        generated = game.generator(latents)
        hiding = -softplus(detector(rounded(generated))).mean()
        loss = config.alpha * -game.critic(generated).mean() + (1 - config.alpha) * hiding
        optimizers["generator"].zero_grad()
        loss.backward()
        optimizers["generator"].step()


def games() -> tuple[Ssgan, Ssgan]:
    """Ours, and the plain one with the same weights."""
    game, nets = assemble(configure("paper"), CPU, Processes())
    generator, critic, detector = (plain_layers(nets[name]) for name in ("generator", "critic", "detector"))
    rate, alpha = game.config.learning_rate, game.config.smoothing
    plain = replace(
        game,
        generator=generator,
        critic=critic,
        detector=detector,
        forward=detector,
        optimizers={
            name: torch.optim.RMSprop(net.parameters(), lr=rate, alpha=alpha)
            for name, net in (("generator", generator), ("critic", critic), ("detector", detector))
        },
    )
    return game, plain


def step_flops(game: Ssgan, given: Inputs) -> int:
    """What a step needs: where the generator learns, no gradient of the critic's and the detector's weights."""
    assert game.detector is not None
    critic, detector, generator = copy.deepcopy(game.critic), copy.deepcopy(game.detector), copy.deepcopy(game.generator)
    with FlopCounterMode(display=False) as counter:
        critic(given.real).sum().backward()
        critic(given.real).sum().backward()
        detector(torch.cat([given.real, given.real])).sum().backward()
        with torch.no_grad():
            generator(given.every[0]), generator(given.every[1])
        for latents in given.every[2:]:
            generator(latents).sum().backward()
            for net in (critic, detector):
                net.requires_grad_(False)(given.real.clone().requires_grad_()).sum().backward()
    return int(counter.get_total_flops())


def whole_step(rounds: int) -> Row:
    """A step; the error is that of both nets' gradients from the same weights."""
    game, plain = games()
    given = Inputs(game)
    flops = step_flops(plain, given)
    error = distance(gradients(game, given), gradients(plain, given))
    return compare(
        "step, preset paper",
        partial(step, game, given),
        partial(plain_step, plain, given),
        flops,
        game.config.batch,
        rounds=rounds,
        error=error,
    )


def sampling(rounds: int) -> Row:
    """Images of a trained generator, batch 64."""
    game, plain = games()
    latents = Inputs(game).every[0]
    ours, theirs = game.generator.eval(), plain.generator.eval()

    def sample(generator: nn.Module) -> torch.Tensor:
        with torch.inference_mode():
            made: torch.Tensor = generator(latents)
        return made

    with FlopCounterMode(display=False) as counter:
        wanted = sample(theirs)
    error, flops = distance(sample(ours), wanted), counter.get_total_flops()
    row = compare("sampling", lambda: sample(ours), lambda: sample(theirs), flops, len(latents), rounds=rounds, error=error)
    print(f"{len(latents) / row.ours_ms * 1e3:.0f} images per CPU-second, plain {len(latents) / row.plain_ms * 1e3:.0f}")
    return row


def each_layer(rounds: int) -> Iterator[Row]:
    """Forward, and the derivatives by the input and by the weights, of every layer of both nets in a batch of 64."""
    game, _ = games()
    floats, latents = Inputs(game).real, Inputs(game).every[0]
    given: dict[nn.Module, torch.Tensor] = {}
    found = [
        layer for net in (game.generator, game.critic) for layer in net.modules() if isinstance(layer, layers.Up | layers.Down)
    ]
    for layer in found:
        layer.register_forward_pre_hook(lambda layer, inputs: given.update({layer: inputs[0].detach()}))
    game.generator(latents), game.critic(floats)
    for layer in found:
        plain, x = plain_layer(layer), given[layer].requires_grad_()
        its_x = x.detach().contiguous().requires_grad_()
        y, its_y = layer(x), plain(its_x)
        gradient = torch.randn_like(y)
        its_gradient = gradient.contiguous()
        flops = 50 * x.shape[0] * layer.in_channels * layer.out_channels * min(x.shape[2], y.shape[2]) ** 2
        name = f"{layer.in_channels} to {layer.out_channels}, {x.shape[2]} to {y.shape[2]}"

        pairs: list[tuple[str, Step, Step]] = [
            ("forward", partial(layer, x), partial(plain, its_x)),
            ("by input", derivative(y, x, gradient), derivative(its_y, its_x, its_gradient)),
            (
                "by weights",
                derivative(y, layer.weight, gradient),
                derivative(its_y, plain.get_parameter("weight"), its_gradient),
            ),
        ]
        for what, ours, its in pairs:
            error = distance(ours(), its())
            yield compare(f"{name}, {what}", ours, its, flops, len(x), rounds=rounds, error=error)


def gradients(game: Ssgan, given: Inputs) -> torch.Tensor:
    """Of the critic's values of real images less those of generated ones, by all weights of the critic and the generator."""
    loss = game.critic(given.real).mean() - game.critic(game.generator(given.every[0])).mean()
    weights = [*game.critic.parameters(), *game.generator.parameters()]
    return torch.cat([gradient.flatten() for gradient in torch.autograd.grad(loss, weights)])


def derivative(of: torch.Tensor, by: torch.Tensor, gradient: torch.Tensor) -> Step:
    """A program that takes it."""
    return lambda: torch.autograd.grad(of, by, gradient, retain_graph=True)[0]


def distance(ours: object, theirs: object) -> float:
    """Largest difference, relative to the largest value."""
    assert isinstance(ours, torch.Tensor)
    assert isinstance(theirs, torch.Tensor)
    return float((ours - theirs).detach().abs().max() / theirs.detach().abs().max())


# A graphics card: what is chosen there is taken from this table.


def ways(device: torch.device, *, compiled: bool, rounds: int = ROUNDS["card"]) -> list[Way]:
    """Images per second of every way through the nets, a line each; a way that fails says so."""
    orders = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    made, rows = ("eager", "graphs", *(("compiled",) if compiled else ())), []
    for batch, precision, (order, memory), how in itertools.product((64, 256), ("tf32", "bf16"), orders.items(), made):
        torch.compiler.reset()
        try:
            rows.append(Way(batch, precision, order, how, round(rate(device, batch, precision, memory, how, rounds))))
            print(rows[-1], flush=True)
        except (RuntimeError, torch._dynamo.exc.TorchDynamoException) as failed:
            print(f"{batch} {precision} {order} {how} failed: {str(failed).splitlines()[0][:120]}", flush=True)
    return rows


@dataclass(frozen=True)
class Way:
    """One way through the nets on a card: real images a second of wall time, in a step of the preset `paper`."""

    batch: int
    precision: str
    order: str
    given: str  # eager, graphs (as a training does it), or compiled
    images_per_second: float

    def __str__(self) -> str:
        name = f"batch {self.batch}, {self.precision}, {self.order}, {self.given}"
        return f"{name:<48} {self.images_per_second:8.0f} images/s"


def rate(device: torch.device, batch: int, precision: str, order: torch.memory_format, made: str, rounds: int) -> float:
    """Real images a second of wall time, the median of ROUNDS["layer"] times `rounds` steps; draws and numbers included."""
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    game, nets = assemble(configure("paper", batch=batch), device, Processes(), capture=made == "graphs")
    for name in ("generator", "critic"):
        net: nn.Module = Ordered(nets[name], device, order, bf16=precision == "bf16")
        setattr(game, name, torch.compile(net) if made == "compiled" else net)
    draws, real = RandomDraws(game.config, Processes(), device), Inputs(game).real.to(device)

    def go(first: int) -> None:
        for number in range(first, first + rounds):
            numbers(play(game, draws, number, lambda turn: real))

    go(0)
    seconds = []
    for turn in range(1, 1 + ROUNDS["layer"]):
        wait(device)
        start = time.perf_counter()
        go(turn * rounds)
        wait(device)
        seconds.append(time.perf_counter() - start)
    return rounds * batch / statistics.median(seconds)


def wait(device: torch.device) -> None:
    """Until all that was begun on the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Ordered(nn.Module):
    """A net gone through in an order of memory and a precision."""

    def __init__(self, net: nn.Module, device: torch.device, order: torch.memory_format, *, bf16: bool) -> None:
        super().__init__()
        self.net, self.kind, self.order, self.bf16 = net, device.type, order, bf16
        for weight in net.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=order)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """As the net's."""
        given = given.contiguous(memory_format=self.order) if given.ndim == 4 else given
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.bf16):
            out: torch.Tensor = self.net(given)
        return out.float()


def main() -> None:
    """Print the lines; with --write, keep them in results/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compiled", action="store_true")
    asked = parser.parse_args()
    if asked.device != "cpu":
        found = ways(torch.device(asked.device), compiled=asked.compiled)
        if asked.write:
            write("train_step-cuda", found, asked.device)
        return
    torch.set_num_threads(1)
    rows = [whole_step(ROUNDS["step"]), sampling(ROUNDS["layer"])]
    rows += each_layer(ROUNDS["layer"]) if asked.layers else []
    if asked.write:
        write("train_step", rows)


if __name__ == "__main__":
    main()
