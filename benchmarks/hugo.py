"""HUGO-BD costs against conseal's, image by image, in one run: both alternate, and medians are compared.

python benchmarks/hugo.py prints one line per size and dtype. One thread; the same crops of a photograph for both.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import conseal
import numpy as np
import skimage
import torch
from PIL import Image

from ssgan.embedding import hugo

SIZES = ((64, 256), (256, 16), (512, 4))  # (side, images a batch)
PEER_SECONDS = 0.15  # the peer's share of a round
ROUNDS = 7
WET = 1e8  # the peer writes this where a change is impossible


def main() -> None:
    """Print the lines."""
    torch.set_num_threads(1)
    for side, count in SIZES:
        covers = crops(side, count)
        for dtype in (torch.float64, torch.float32):
            print(line(covers, dtype))


def crops(side: int, count: int) -> np.ndarray:
    """uint8 (count, side, side) from the 512 x 512 photograph `camera` that scikit-image's wheel carries."""
    photograph = np.asarray(Image.open(Path(skimage.__file__).parent / "data" / "camera.png"))
    corners = np.random.default_rng(0).integers(0, photograph.shape[0] - side + 1, (count, 2))
    return np.stack([photograph[y : y + side, x : x + side] for y, x in corners])


def line(covers: np.ndarray, dtype: torch.dtype) -> str:
    """Time both on `covers`, ours in `dtype`, and compare the costs of the first of them."""
    pixels = torch.from_numpy(covers)[:, None].to(dtype)
    ours_at_once = hugo.costs(pixels, 0.4)  # compiles
    expected = [conseal.hugo.compute_cost_adjusted(cover) for cover in covers[:8]]
    error = max(
        float(np.abs(found[i, 0].double().numpy() / rho - 1)[rho < WET].max())
        for i, pair in enumerate(expected)
        for found, rho in zip(ours_at_once, pair, strict=True)
    )
    peer_images = min(len(covers), max(1, int(PEER_SECONDS / seconds(lambda: conseal.hugo.compute_cost_adjusted(covers[0])))))
    ours, peer = [], []
    for _ in range(ROUNDS):
        peer.append(seconds(lambda: [conseal.hugo.compute_cost_adjusted(c) for c in covers[:peer_images]]) / peer_images)
        ours.append(seconds(lambda: hugo.costs(pixels, 0.4)) / len(covers))
    ratio = statistics.median(peer) / statistics.median(ours)
    name = f"hugo costs {covers.shape[1]}x{covers.shape[2]} batch {len(covers)} {str(dtype).removeprefix('torch.')}"
    times = f"ours {statistics.median(ours) * 1e3:.4f} ms/image  conseal {statistics.median(peer) * 1e3:.2f}"
    return f"{name:<40} {times}  ratio {ratio:.0f}  error {error:.1e}"


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
