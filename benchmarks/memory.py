"""Memory a sample: `python benchmarks/memory.py [MEGAPIXELS ...] [--channels 1] [--scheme hill] [--only hide] [--write]`.

Without sizes, the whole table: HILL in gray and in color, and what the other schemes take to hide. Each figure is a process of
its own: the greatest resident size while a file is hidden in, searched for a message (which it does not hold: the same work),
simulated on or asked about, less what the process held after it had done the same with a picture of 256 x 256 (imports,
compiled loops), over the samples of the picture. Bars: hide 24 bytes, reveal 4, and 3 GB for 12 megapixels in color.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pairing import write

from ssgan import images

COMMANDS = ("hide", "reveal", "simulate", "detect")
TABLE = (
    *((command, "hill", size, 1) for size in (1.0, 4.0, 16.0) for command in COMMANDS),
    *((command, "hill", 64.0, 1) for command in ("hide", "reveal")),
    *((command, "hill", 12.0, 3) for command in COMMANDS),
    *(("hide", scheme, 4.0, 1) for scheme in ("lsb", "lsbr", "suniward", "wow", "hugo", "hugo2010", "mg", "mipod")),
)  # command, scheme, megapixels, channels
SMALL = 256  # pixels a side, of the picture that warms up

CHILD = """
import resource, sys, time
from pathlib import Path

command, scheme, small, large = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])

def work(path):
    if command == "hide":
        from ssgan.messages.files import hide_file
        from ssgan.messages.keys import KeyFile
        hide_file(path, b"x", KeyFile(bytes(32)), path.with_suffix(".hidden.png"), scheme=scheme, overwrite=True)
    elif command == "reveal":
        from ssgan.messages.files import reveal_files
        from ssgan.messages.keys import KeyFile
        from ssgan.errors import NothingFound
        try:
            reveal_files([path], KeyFile(bytes(32)))
        except NothingFound:
            pass
    elif command == "simulate":
        import numpy as np
        from ssgan import images
        from ssgan.embedding.embedder import Embedder
        samples = images.read(path).samples
        Embedder(scheme, 0.4).simulate_seeded(images.to_images(samples), np.array([1], dtype=np.uint64))
    else:
        from ssgan import images
        from ssgan.detection.verdicts.judge import judge
        judge(images.to_images(images.read(path).samples))

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

work(small)
Path("/proc/self/clear_refs").write_text("5")  # forget the peak of imports and compilation
before, began = resident(), time.process_time()
work(large)
print(peak() - before, time.process_time() - began, before)
"""


def cover(height: int, width: int, channels: int) -> np.ndarray:
    """uint8 (C, H, W): slopes with noise, so that no part is flat."""
    rng = np.random.default_rng(height)
    slope = (np.linspace(40, 160, width)[None, :] + np.linspace(0, 50, height)[:, None]).astype(np.uint8)
    return np.stack([slope + rng.integers(0, 16, (height, width), dtype=np.uint8) for _ in range(channels)])


@dataclass(frozen=True)
class Row:
    """One figure: bytes a sample and in all beyond those of a small picture, and processor time."""

    what: str
    scheme: str
    megapixels: float
    channels: int
    bytes_a_sample: float
    megabytes: int
    cpu_s: float
    megabytes_before: int


def measure(command: str, scheme: str, megapixels: float, channels: int) -> Row:
    """One row of the table."""
    side = round((megapixels * 1e6) ** 0.5)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for size in (SMALL, side):
            path = Path(folder) / f"{size}.png"
            images.write(path, cover(size, size, channels), durable=False)
            paths.append(str(path))
        child = [sys.executable, "-c", CHILD, command, scheme, *paths]
        printed = subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()
    taken, samples = int(printed[0]), channels * side * side
    bytes_a_sample, cpu_s = round(taken / samples, 1), round(float(printed[1]), 1)
    return Row(command, scheme, megapixels, channels, bytes_a_sample, round(taken / 1e6), cpu_s, round(int(printed[2]) / 1e6))


def main() -> None:
    """The table, a line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("megapixels", nargs="*", type=float)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--scheme", default="hill")
    parser.add_argument("--only", choices=COMMANDS, nargs="*", default=list(COMMANDS))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    asked = [(command, given.scheme, size, given.channels) for size in given.megapixels for command in given.only]
    rows = []
    for case in asked or TABLE:
        rows.append(measure(*case))
        print(*(f"{name} {value}" for name, value in asdict(rows[-1]).items()), sep="  ", flush=True)
        if given.write:
            write("memory", rows)


if __name__ == "__main__":
    main()
