"""The syndrome-trellis coder: speed, coding loss and memory, one line each; one thread unless a line says otherwise.

In brackets, for orientation, stand figures of the DDE Lab library (C++) taken earlier on another machine (Ice Lake, 2.8 GHz);
it is not run here. `--write` keeps the lines in results/stc.csv.
"""

from __future__ import annotations

import pairing  # isort: skip  (one thread: before NumPy)

import ast
import csv
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage
import torch
from PIL import Image

from ssgan.embedding.coders.gibbs import Sender
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.stc import embed, trellis
from ssgan.embedding.stc.trellis import Code
from ssgan.images.samples import pixels

KEY = b"the key of the benchmark"
PHOTOGRAPHS = ("camera.png", "brick.png", "grass.png", "gravel.png")  # 512 x 512 gray, in scikit-image's wheel
# Coding loss in per cent at n = 200,000 by profile, payload and height, measured with the DDE Lab library.
PUBLISHED = {
    ("constant", 0.5): (7.3, 4.6, 3.5),
    ("constant", 0.25): (11.5, 7.9, 6.3),
    ("constant", 0.1): (15.6, 10.9, 8.9),
    ("linear", 0.5): (6.5, 4.2, 3.3),
    ("linear", 0.25): (9.3, 6.0, 4.6),
    ("linear", 0.1): (10.4, 6.8, 5.1),
    ("square", 0.5): (6.1, 3.7, 2.8),
    ("square", 0.1): (10.6, 6.6, 5.1),
}


@dataclass(frozen=True)
class Figure:
    """One measured thing; `published` is the peer's on its own machine, where there is one."""

    what: str
    value: float
    unit: str
    published: str = ""

    def __str__(self) -> str:
        return f"{self.what:<58} {self.value:10.3f} {self.unit}" + (f"  [{self.published}]" if self.published else "")


def median_seconds(
    work: Callable[[], object], rounds: int = 7, clock: Callable[[Callable[[], object]], float] = pairing.seconds
) -> float:
    """Of `rounds` calls, after one that warms up."""
    work()
    return statistics.median(clock(work) for _ in range(rounds))


def without_avx512(elements: int = 262_144) -> list[Figure]:
    """The trellis alone in code for a processor with AVX2 only, in a process of its own."""
    script = f"import stc; print([(f.what, f.value) for f in stc.binary({elements})])"
    environment = {**os.environ, "NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}
    here = Path(__file__).parent
    made = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=here, env=environment
    )  # fmt: skip
    unit = "ns per element and state"
    return [Figure(f"{what}, AVX2 code", value, unit, "0.62 to 1.2") for what, value in ast.literal_eval(made.stdout)]


def binary(elements: int = 262_144) -> list[Figure]:
    """The trellis alone, on a linear profile; CPU time."""
    figures = []
    rng = np.random.default_rng(0)
    costs, cover = rng.random(elements), rng.integers(0, 2, elements, dtype=np.uint8)
    for height in (7, 10, 12):
        for payload in (0.4, 0.1):
            message = rng.integers(0, 2, round(payload * elements), dtype=np.uint8)
            time = median_seconds(
                lambda m=message, h=height: trellis.embed(cover, costs, m, Code(h)),  # type: ignore[misc]
                clock=pairing.cpu_seconds,
            )
            what = f"binary, h = {height}, payload {payload}, n = {elements}"
            figures.append(Figure(what, time * 1e9 / elements / 2**height, "ns per element and state", "0.62 to 1.2"))
    return figures


def layered() -> list[Figure]:
    """A 512 x 512 photograph from costs to stego and back, ternary at 0.4 bits per sample."""
    figures = []
    cover, plus, minus = photograph("camera.png", "suniward")
    message = np.random.default_rng(0).integers(0, 2, round(0.4 * cover.size), dtype=np.uint8)
    for height, published in ((7, "0.32"), (10, "0.82"), (12, "2.73")):
        code = Code(height)
        time = median_seconds(lambda c=code: embed.embed(pixels(cover), plus, minus, message, c))  # type: ignore[misc]
        figures.append(Figure(f"512 x 512 ternary, h = {height}, embedded and proven", time, "s", published))
        made = embed.embed(pixels(cover), plus, minus, message, code)
        time = median_seconds(lambda m=made, c=code: embed.extract(m.stego, m.first, m.second, c))  # type: ignore[misc]
        figures.append(Figure(f"512 x 512 ternary, h = {height}, extracted", time * 1e3, "ms", "13 to 16"))
    return figures


def loss_on_photographs() -> list[Figure]:
    """Coding loss and distortion over the bound at 0.4 bits per sample, a mean over photographs."""
    figures = []
    for scheme in ("suniward", "hill"):
        covers = [photograph(name, scheme) for name in PHOTOGRAPHS]
        for height, published in ((7, "10.9"), (10, "7.5"), (12, "5.9")):
            for name, key in (("published", None), ("keyed", KEY)):
                made = [
                    embed.embed(pixels(cover), plus, minus, bits(0.4 * cover.size, i), Code(height, key))
                    for i, (cover, plus, minus) in enumerate(covers)
                ]
                what = f"coding loss, {scheme} 512 x 512, h = {height}, {name} columns"
                there = f"{published} on another photograph" if scheme == "suniward" else ""
                figures.append(Figure(what, 100 * statistics.mean(m.coding_loss for m in made), "%", there))
                if key is None:
                    ratio = statistics.mean(m.distortion / m.bound for m in made)
                    figures.append(Figure(f"distortion / bound, {scheme}, h = {height}", ratio, ""))
    return figures


def loss_on_profiles(elements: int = 200_000) -> list[Figure]:
    """Binary coding loss on the profiles of the literature."""
    figures = []
    rng = np.random.default_rng(0)
    ramp = rng.permutation(np.arange(1, elements + 1) / elements)
    profiles = {"constant": np.ones(elements), "linear": ramp, "square": np.square(ramp)}
    wet = np.full((1, elements), np.inf)
    for (profile, payload), published in PUBLISHED.items():
        costs = profiles[profile]
        sender = Sender(costs[None], wet)
        for height, there in zip((7, 10, 12), published, strict=True):
            cover, message = rng.integers(0, 2, elements, dtype=np.uint8), bits(payload * elements, height)
            paid = costs[trellis.embed(cover, costs, message, Code(height)) != cover].sum()
            ideal = sender.payload(np.log(sender.lambdas_for_distortion(np.array([paid]))))[0][0]
            what = f"coding loss, {profile} profile, payload {payload}, h = {height}"
            figures.append(Figure(what, 100 * (1 - len(message) / ideal), "%", str(there)))
    return figures


def batches(count: int = 256) -> list[Figure]:
    """Small covers, many at a time."""
    figures = []
    cover, plus, minus = photograph("camera.png", "hill")
    covers, pluses, minuses = (part[: count * 1024].reshape(-1, 4096) for part in (cover, plus, minus))
    messages = [bits(0.4 * 4096, i) for i in range(len(covers))]
    for height in (7, 10):
        for threads in (1, 2):
            time = median_seconds(
                lambda h=height, t=threads: embed.embed_batch(pixels(covers), pluses, minuses, messages, Code(h), threads=t),  # type: ignore[misc]
                rounds=3,
            )
            what = f"{len(covers)} covers of 64 x 64, h = {height}, {threads} thread{'s' * (threads > 1)}"
            figures.append(Figure(what, len(covers) / time, "covers/s", {7: "250", 10: "77"}[height] + " one by one"))
    return figures


def memory() -> list[Figure]:
    """What embedding adds at its peak to a process that has already embedded in a small cover (Linux only)."""
    script = """
import re, sys
import numpy as np
from pathlib import Path
from ssgan.embedding.stc import embed as stc
from ssgan.images.samples import pixels
rng = np.random.default_rng(0)
draw = lambda n: (pixels(np.full(n, 7, np.uint8)), *[rng.random(n)] * 2, rng.integers(0, 2, int(0.4 * n), dtype=np.uint8))
kilobytes = lambda name: int(re.search(name + r":\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
code = stc.Code(int(sys.argv[1]))
stc.embed(*draw(4096), code)
large = draw(262144)
Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
before = kilobytes("VmRSS")
stc.embed(*large, code)
print((kilobytes("VmHWM") - before) / 1024)
"""
    if not Path("/proc/self/clear_refs").exists():
        return []
    figures = []
    for height, published in ((7, ""), (10, "33.5 for survivors alone"), (12, "134 for survivors alone"), (15, "")):
        made = subprocess.run([sys.executable, "-c", script, str(height)], capture_output=True, text=True, check=True)
        figures.append(Figure(f"memory beyond the samples, 512 x 512, h = {height}", float(made.stdout), "MB", published))
    return figures


def photograph(name: str, scheme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples of the photograph and their costs of +1 and -1, in a random order."""
    image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("L")
    cover = torch.from_numpy(np.array(image))[None, None]
    costs = Embedder(scheme, 0.4).costs(cover)
    order = np.random.default_rng(0).permutation(cover.numel())
    samples, plus, minus = (part.numpy().ravel()[order] for part in (cover, costs.plus, costs.minus))
    return samples, plus, minus


def bits(count: float, seed: int) -> np.ndarray:
    """A random message."""
    return np.random.default_rng(seed).integers(0, 2, round(count), dtype=np.uint8)


def main() -> None:
    """Print the lines; with --write, keep them in results/."""
    torch.set_num_threads(1)
    figures = []
    for measure in (binary, without_avx512, layered, batches, memory, loss_on_photographs, loss_on_profiles):
        for figure in measure():
            print(figure, flush=True)
            figures.append(figure)
    if "--write" in sys.argv:
        pairing.RESULTS.mkdir(exist_ok=True)
        circumstances = (pairing.processor(), np.__version__, pairing.commit())
        with (pairing.RESULTS / "stc.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["what", "value", "unit", "published", "cpu", "numpy", "commit"])
            writer.writerows([f.what, f"{f.value:.4g}", f.unit, f.published, *circumstances] for f in figures)


if __name__ == "__main__":
    main()
