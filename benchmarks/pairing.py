"""Timing two programs against each other in one run: they alternate, and the medians are compared.

Machines are shared and their clocks drift, so a ratio of medians is what a figure here means; the milliseconds are those of
the day. One thread for all.
"""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skimage
import torch
from PIL import Image

RESULTS = Path(__file__).resolve().parents[1] / "results"


@dataclass(frozen=True)
class Row:
    """One figure: milliseconds an image, ours and the peer's, the ratio of the medians, and how far the results differ."""

    what: str
    size: int
    batch: int
    dtype: str
    ours_ms: float
    peer_ms: float
    ratio: float
    error: float

    def __str__(self) -> str:
        times = f"{self.ours_ms:9.4f} ms/image  peer {self.peer_ms:9.3f} ms/image  ratio {self.ratio:7.1f}"
        return f"{self.what:<34} {self.size:>3}  {self.dtype:<7} {times}  error {self.error:.1e}"


def compare(ours: Callable[[], object], batch: int, peer: Callable[[], object], *, rounds: int = 7) -> tuple[float, float]:
    """(ours, peer) in milliseconds an image: medians over alternating rounds; `ours` does `batch` images, `peer` one."""
    ours(), peer()
    repeats = max(1, int(0.1 / max(seconds(peer), 1e-9)))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        times[0].append(seconds(ours) / batch)
        times[1].append(seconds(lambda: [peer() for _ in range(repeats)]) / repeats)
    return statistics.median(times[0]) * 1e3, statistics.median(times[1]) * 1e3


def cpu_seconds(work: Callable[[], object]) -> float:
    """How long `work` keeps this process's threads busy: less than the clock where others use the processor, too."""
    start = time.process_time()
    work()
    return time.process_time() - start


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def crops(size: int, count: int) -> torch.Tensor:
    """uint8 (count, 1, size, size): places of the photograph `camera` in scikit-image's wheel, drawn with a fixed seed."""
    photograph = np.array(Image.open(Path(skimage.__file__).parent / "data" / "camera.png"))
    corners = np.random.default_rng(0).integers(0, photograph.shape[0] - size + 1, (count, 2))
    return torch.from_numpy(np.stack([photograph[y : y + size, x : x + size] for y, x in corners]))[:, None]


def write(name: str, rows: Sequence[Any], device: str = "cpu") -> None:
    """results/NAME.csv: one line a figure (Row or another dataclass), with the processor or card, versions and commit."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[*asdict(rows[0]), device, "torch", "numpy", "commit"], lineterminator="\n")
        writer.writeheader()
        there = processor() if device == "cpu" else torch.cuda.get_device_name(device)
        circumstances = {device: there, "torch": torch.__version__, "numpy": np.__version__, "commit": commit()}
        for row in rows:
            figures = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(row).items()}
            writer.writerow({**figures, **circumstances})


def processor() -> str:
    """The processor's name as the system gives it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def commit() -> str:
    """The commit measured."""
    asked = ["git", "-C", str(RESULTS.parent), "rev-parse", "--short", "HEAD"]
    made = subprocess.run(asked, capture_output=True, text=True, check=False)
    return made.stdout.strip() or "unknown"


def peak_megabytes(script: str) -> float:
    """Megabytes that the last line of `script` needs beyond what is in use before it, in a process of its own (Linux)."""
    *before, last = script.strip().splitlines()
    probe = (
        "from pathlib import Path\nhigh = lambda: int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
    )
    reset = "\nPath('/proc/self/clear_refs').write_text('5')\nstart = high()\n"  # the high-water mark is what is in use now
    program = probe + "\n".join(before) + reset + last + "\nprint((high() - start) / 1024)"
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(made.stdout.strip().splitlines()[-1])
