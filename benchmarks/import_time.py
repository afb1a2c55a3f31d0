"""What it costs to begin: CPU seconds of a fresh interpreter, median of five.

Bars: `ssgan --help` and `import ssgan` within 0.5 CPU seconds, and neither imports torch.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

BEGINNINGS = {
    "import ssgan": ["-c", "import ssgan"],
    "ssgan --help": ["-m", "ssgan", "--help"],
    "ssgan simulate --help": ["-m", "ssgan", "simulate", "--help"],
    "read an image file": ["-c", "import ssgan.images"],
    "parse an embedder (torch, numba)": ["-c", "import ssgan; ssgan.Embedder.parse('hill@0.4')"],
}


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one run, in a process of its own."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def main() -> None:
    """Print a line for each beginning."""
    for what, arguments in BEGINNINGS.items():
        cpu_seconds(arguments)  # the first run writes byte code
        print(f"{what:<34} {statistics.median(cpu_seconds(arguments) for _ in range(5)):.2f} CPU-s")


if __name__ == "__main__":
    main()
