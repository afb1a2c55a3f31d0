"""How fast real images come from the cache, and how long a training waits for them: `python benchmarks/batches.py ARCHIVE`.

64 x 64 color faces, batches of 64, half of them mirrored, one thread; processor time, the median of seven rounds. The share is
that of a training with the preset `tiny`, whose steps are the shortest.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

from ssgan.compute.distributed import Processes
from ssgan.datasets import GEOMETRIES
from ssgan.gan.training.data import Batches, read
from ssgan.gan.training.loop import Pace, RealReading, train
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.settings import PRESETS

ROUNDS, BATCHES, STEPS = 7, 100, 60


def main() -> None:
    """Two lines: images a second, and the share of a training's time."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--cache", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache, geometry = chosen.cache or Path(folder) / "cache", GEOMETRIES["celeba64"]
        config = replace(PRESETS["paper"], flips=True)
        real = read(chosen.archive, config, cache, geometry=geometry, convert=("jpeg",))
        device = torch.device("cpu")
        batches = Batches(real, config, RandomDraws(config, Processes(), device).mine, device)
        rates = []
        for number in range(ROUNDS):
            start = time.process_time()
            for k in range(BATCHES):
                batches.at(number * BATCHES + k)
            rates.append(BATCHES * config.batch / (time.process_time() - start))
        print(f"batches of {config.batch} from {len(real.chosen)} cached images: {statistics.median(rates):.0f} images/CPU-s")
        tiny = replace(PRESETS["tiny"], duration_images=STEPS * PRESETS["tiny"].batch)
        pace = Pace(log_images=tiny.duration_images, sample_images=tiny.duration_images)
        result = train(
            chosen.archive, tiny, Path(folder) / "run", reading=RealReading(geometry, ("jpeg",), cache=cache), pace=pace
        )
        print(f"a training with the preset tiny waits for {result.figures['data_share']:.2%} of its time")


if __name__ == "__main__":
    main()
