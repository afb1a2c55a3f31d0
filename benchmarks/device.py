"""Images per second of every scheme, from cover to stego, on a device: `python benchmarks/device.py --device cuda`.

64 x 64 gray covers, batches of 4096 (256 on the processor), float32 and float64.
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np
import torch
from pairing import crops, seconds

from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.embedder import Embedder

BATCHES = {"cuda": 4096, "cpu": 256}
ROUNDS = 5
SLOW = {"hugo2010"}  # one sample at a time, on the processor


def main() -> None:
    """Print a line a scheme."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(parser.parse_args().device)
    torch.set_num_threads(1)
    count = BATCHES.get(device.type, 256)
    covers, seeds = crops(64, count).to(device), np.arange(count, dtype=np.uint64)
    for scheme in sorted(set(SCHEMES) - SLOW):
        for dtype in (torch.float32, torch.float64):
            embedder = Embedder(scheme, 0.4, dtype=dtype)

            def simulate(embedder: Embedder = embedder) -> None:
                embedder.simulate_seeded(covers, seeds)
                if device.type == "cuda":
                    torch.cuda.synchronize(device)

            simulate()
            rate = count / statistics.median(seconds(simulate) for _ in range(ROUNDS))
            print(
                f"{scheme:<9} {str(dtype).removeprefix('torch.'):<8} batch {count} on {device}: {rate:8.0f} images/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
