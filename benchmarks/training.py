"""Training steps of the detector's networks, ours beside plain PyTorch in one run: `python benchmarks/training.py`.

A step is forward, loss, backward and Adamax on 32 covers and 32 stegos (16 and 16 for the larger networks). The plain side is
the network's own definition in torch.nn, called as it stands; ours goes through `accelerated`. Medians of alternating rounds:
of wall time with two threads, for which the machine must be quiet, since torch's threads wait for each other in every layer; of
process CPU time with `--threads 1`. Bars at 64 x 64: GNCNN and Xu-Net 1.7 times the plain one, Ye-Net and SRNet 1.2 times.

`--size 64 256` takes a quarter of the batch at 256; `--write` keeps the figures in results/training.csv. `--device cuda`, or
`--table` anywhere, shows every way to call the plain network as well: precision, memory layout, and, with
`--compiled`, torch.compile, which takes minutes to make.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from pairing import crops, write

from ssgan.compute.allocator import keep_freed
from ssgan.compute.cuda_graphs import EAGER_CALLS, Captured, Eager, Runner
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.networks.fused.acceleration import PRECISIONS, Forward, accelerated

IMAGES = 400_000  # of a training, for what is worth its time at the start
LEAST_SECONDS = {"cpu": 0.5, "cuda": 0.05}  # that a figure is taken from
Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One figure: images a second, ours and the plain network's, the ratio of the medians, and how far the logits differ."""

    network: str
    way: str
    size: int
    batch: int
    threads: int
    ours: float
    plain: float
    ratio: float
    error: float

    def __str__(self) -> str:
        what = f"{self.network:<15} {self.way:<30} {self.size:>3} x {self.batch:<3}"
        rates = f"{self.ours:8.1f} images/s  plain {self.plain:8.1f} images/s  ratio {self.ratio:5.2f}"
        return f"{what} {rates}  error {self.error:.1e}"


def main() -> None:
    """Print a line a network, or a line a way."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("networks", nargs="*", default=["gncnn", "xunet", "yenet", "yedroudj", "srnet"])
    asked.add_argument("--size", type=int, nargs="+", default=[64])
    asked.add_argument("--rounds", type=int, default=9)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--table", action="store_true")
    asked.add_argument("--compiled", action="store_true")
    asked.add_argument("--write", action="store_true")
    given = asked.parse_args()
    torch.set_num_threads(given.threads)
    device, rows = torch.device(given.device), []
    keep_freed()  # both sides, so that no side pays the other's page faults
    for name, size in itertools.product(given.networks, given.size):
        bench = Bench(name, size, device)
        table = given.table or device.type != "cpu"
        ours = (("ours", accelerated(bench.fresh(), device=device, images=IMAGES)) for _ in range(1))
        for way, forward in bench.ways(compiled=given.compiled) if table else ours:
            rows.append(bench.compare(way, forward, given.rounds))
            print(rows[-1], flush=True)
    if given.write:
        write("training" if device.type == "cpu" else f"training-{device.type}", rows, given.device)


class Bench:
    """One network with its batch: covers, and the same with one sample in five changed by one."""

    def __init__(self, name: str, size: int, device: torch.device) -> None:
        self.name, self.device = name, device
        pairs = max(1, NETWORKS[name].recipe.batch_pairs * min(1, (64 * 64 * 4) / size**2) // 1)
        covers = crops(size, int(pairs)).float()
        rng = torch.Generator().manual_seed(1)
        signs = torch.randint(0, 10, covers.shape, generator=rng)
        stegos = (covers + (signs == 0).float() - (signs == 1).float()).clamp(0, 255)
        self.pixels = torch.cat([covers, stegos]).to(device)
        self.labels = torch.cat([torch.zeros(len(covers)), torch.ones(len(covers))]).to(device)
        torch.manual_seed(0)
        self.network = NETWORKS[name].make(size, 1)
        self.trained: list[torch.nn.Module] = []

    def fresh(self) -> torch.nn.Module:
        """A copy of the network to train."""
        self.trained.append(copy.deepcopy(self.network).to(self.device).train())
        return self.trained[-1]

    def compare(self, way: str, forward: Forward, rounds: int) -> Row:
        """The way, whose network is the last made fresh, beside the plain network."""
        ours, plain = self.trained[-1], copy.deepcopy(self.network).to(self.device).train()
        with torch.no_grad():
            expected = copy.deepcopy(plain)(self.pixels)
        # In training mode with derivatives, as it will be called; the running statistics of `ours` move on by one batch.
        logits = forward(self.pixels).detach()
        error = float((logits - expected).abs().max() / expected.abs().max())
        recorded = self.device.type == "cuda" and way.startswith("ours")  # as a training does it
        steps = [self.step(ours, forward, Captured(self.device) if recorded else Eager()), self.step(plain, plain, Eager())]
        for step in steps * (1 + EAGER_CALLS):
            step()
        least = LEAST_SECONDS[self.device.type]
        repeats = [max(1, round(least / self.seconds(step, 1))) for step in steps]
        times: list[list[float]] = [[], []]
        for _ in range(rounds):
            for step, count, taken in zip(steps, repeats, times, strict=True):
                taken.append(self.seconds(step, count))
        ours_s, plain_s = (statistics.median(taken) / len(self.pixels) for taken in times)
        size, threads = self.pixels.shape[-1], torch.get_num_threads()
        return Row(self.name, way, size, len(self.pixels), threads, 1 / ours_s, 1 / plain_s, plain_s / ours_s, error)

    def step(self, network: torch.nn.Module, forward: Forward, run: Runner) -> Step:
        """One step of the training of `network`, gone through by `forward`."""
        optimizer = torch.optim.Adamax(network.parameters(), 1e-5, capturable=isinstance(run, Captured))

        def work(pixels: torch.Tensor) -> torch.Tensor:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(forward(pixels), self.labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return lambda: run("step", work, self.pixels)

    def seconds(self, step: Step, count: int) -> float:
        """Seconds a step, the mean of `count`."""
        self.wait()
        alone = torch.get_num_threads() == 1 and self.device.type == "cpu"
        clock = time.process_time if alone else time.perf_counter
        start = clock()
        for _ in range(count):
            step()
        self.wait()
        return (clock() - start) / count

    def wait(self) -> None:
        """Until the device has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def ways(self, *, compiled: bool) -> Iterator[tuple[str, Forward]]:
        """Every way to call the plain network, and ours in both precisions; each with a fresh network."""
        kinds = ("eager", "compiled") if compiled else ("eager",)
        for precision in PRECISIONS:
            yield f"ours {precision}", accelerated(self.fresh(), device=self.device, images=IMAGES, precision=precision)
        for precision, layout, kind in itertools.product(PRECISIONS, ("contiguous", "channels_last"), kinds):
            network = self.fresh()
            if layout == "channels_last":
                for weights in network.parameters():
                    if weights.ndim == 4:
                        weights.data = weights.data.contiguous(memory_format=torch.channels_last)
            called = torch.compile(network) if kind == "compiled" else network

            def forward(pixels: torch.Tensor, called: Forward = called, half: bool = precision == "bf16") -> torch.Tensor:
                with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
                    return called(pixels).float()

            yield f"{precision} {layout} {kind}", forward


if __name__ == "__main__":
    main()
