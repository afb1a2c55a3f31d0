"""What a sample costs in small and in large images: `python benchmarks/sizes.py` prints a line a figure, `--write` keeps them.

CPU time of one thread, medians of rounds in which the sizes take turns. Bars: a sample of 4,096 x 4,096 at 1.15 times that of
512 x 512 at most, from cover to stego and for the costs alone.
"""

from __future__ import annotations

import pairing  # isort: skip  (one thread: before NumPy)

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ssgan.embedding.embedder import Embedder

SIDES = (64, 512, 2048, 4096)
SCHEMES = ("suniward", "hill", "mipod")
ROUNDS = 5
REFERENCE = 512
PAYLOAD = 0.4


@dataclass(frozen=True)
class Row:
    """One figure: nanoseconds a sample, their quartiles, and the ratio of the median to that of 512 x 512."""

    what: str
    side: int
    ns: float
    low: float
    high: float
    ratio: float

    def __str__(self) -> str:
        spread = f"{self.low:6.1f} to {self.high:6.1f}"
        return f"{self.what:<32} {self.side:>5}  {self.ns:7.1f} ns/sample ({spread})  {self.ratio:5.2f} x that of 512"


def measured(what: str, work: Callable[[np.ndarray], object]) -> list[Row]:
    """The rows of one kind of work on an image uint8 (1, 1, side, side)."""
    photograph = pairing.crops(REFERENCE, 1).numpy()
    images = {side: np.tile(photograph, (1, 1, *[max(1, side // REFERENCE)] * 2))[..., :side, :side] for side in SIDES}
    times: dict[int, list[float]] = {side: [] for side in SIDES}
    for turn in range(ROUNDS + 1):
        for side, image in images.items():
            repeats = max(1, (REFERENCE // side) ** 2)
            took = pairing.cpu_seconds(lambda i=image, r=repeats: [work(i) for _ in range(r)])  # type: ignore[misc]
            if turn:  # the first one warms up
                times[side].append(took / repeats / image.size * 1e9)
    reference = statistics.median(times[REFERENCE])
    rows = []
    for side, found in times.items():
        low, middle, high = statistics.quantiles(found, n=4)
        rows.append(Row(what, side, middle, low, high, middle / reference))
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Print the lines; with --write, keep them in results/."""
    rows, seeds = [], np.arange(1, dtype=np.uint64)
    for scheme in SCHEMES:
        embedder = Embedder(scheme, PAYLOAD)
        rows += measured(f"{scheme}, costs", embedder.costs)
        rows += measured(f"{scheme}, cover to stego", partial(embedder.simulate_seeded, seeds=seeds))
    if "--write" in sys.argv:
        pairing.write("sizes", rows)


if __name__ == "__main__":
    main()
