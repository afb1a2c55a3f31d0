"""Costs and simulator against conseal, in one run: `python benchmarks/costs.py` prints a line a figure, `--write` keeps them.

Bars, one thread: at 64 x 64, batch 256, float64: S-UNIWARD and WOW 100 x, HUGO-BD 40 x, HILL 8 x conseal's Rust backend, MiPOD
6 x, lambda to 1e-6 (conseal: 1e-3) 8 x, S-UNIWARD from cover to stego 40 x; at 512 x 512 10 x (HUGO 35 x), and MiPOD in a fifth
of conseal's memory.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial

import conseal
import numpy as np
import torch
from pairing import Row, compare, crops, peak_megabytes, write

from ssgan.embedding.catalog import SCHEMES
from ssgan.embedding.coders import bound
from ssgan.embedding.costs import Costs
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.schemes import mipod

SIZES = {64: 256, 256: 16, 512: 4}
WET = 1e7  # the peer writes 1e8 or more where a change is impossible
PAYLOAD = 0.4

MEMORY_OURS = """
import torch, numpy as np
torch.set_num_threads(1)
from ssgan.embedding.embedder import Embedder
images = lambda n: torch.from_numpy(np.random.default_rng(1).integers(0, 256, (1, 1, n, n), dtype=np.uint8))
small, large = images(64), images(512)
Embedder("mipod", 0.4).change_probabilities(small)
Embedder("mipod", 0.4).change_probabilities(large)
"""
MEMORY_PEER = """
import conseal, numpy as np
images = lambda n: np.random.default_rng(1).integers(0, 256, (n, n), dtype=np.uint8)
small, large = images(64), images(512)
conseal.mipod.probability(small, alpha=0.4)
conseal.mipod.probability(large, alpha=0.4)
"""


def rust_hill(cover: np.ndarray) -> object:
    """conseal's compiled HILL; its Python one is the default."""
    conseal.set_backend(conseal.BACKEND_RUST)
    try:
        return conseal.hill.compute_cost_adjusted(cover)
    finally:
        conseal.set_backend(conseal.BACKEND_PYTHON)


PEERS: dict[str, tuple[str, Callable[[np.ndarray], object]]] = {
    "suniward costs": ("suniward", lambda x: conseal.suniward.compute_cost_adjusted(x)[0]),
    "wow costs": ("wow", lambda x: conseal.wow.compute_cost_adjusted(x)[0]),
    "hugo costs": ("hugo", lambda x: conseal.hugo.compute_cost_adjusted(x)[0]),
    "hill costs, peer in Rust": ("hill", rust_hill),
    "hill costs, peer in SciPy": ("hill", conseal.hill.compute_cost_adjusted),
    "mipod probabilities": ("mipod", lambda x: conseal.mipod.probability(x, alpha=PAYLOAD)[0][0]),
}


def costs(size: int, dtype: torch.dtype) -> list[Row]:
    """Every scheme's costs."""
    covers, rows = crops(size, SIZES[size]), []
    cover = covers[0, 0].numpy()
    for what, (scheme, peer) in PEERS.items():
        embedder = Embedder(scheme, PAYLOAD, dtype=dtype)
        make = embedder.change_probabilities if scheme == "mipod" else embedder.costs
        if scheme == "hill":
            error = float("nan")  # four times the authors' scale, and another floor on flat places: not comparable
        elif scheme == "mipod":
            # Before the wet rule. The peer reads a table of the inverse, so the difference is not one of rounding.
            rho = SCHEMES["mipod"].costs(covers[:1].to(dtype), PAYLOAD).plus
            error = largest_error(1 / (rho[0, 0].exp() + 2), peer(cover))
        else:
            error = largest_error(embedder.costs(covers[:1]).plus[0, 0], peer(cover))
        times = compare(partial(make, covers), len(covers), partial(peer, cover))
        rows.append(timed_row(what, covers, dtype, times, error))
    pixels = covers.to(dtype).split(max(1, 16 * 4096 // size**2))
    error = largest_error(mipod.fisher_information(pixels[0])[0, 0], conseal.mipod.compute_cost(cover))
    times = compare(
        lambda: [mipod.fisher_information(part) for part in pixels], len(covers), lambda: conseal.mipod.compute_cost(cover)
    )
    rows.append(timed_row("mipod Fisher information", covers, dtype, times, error))
    return rows


def timed_row(what: str, covers: torch.Tensor, dtype: torch.dtype, times: tuple[float, float], error: float) -> Row:
    """The row, printed."""
    row = Row(what, covers.shape[-1], len(covers), name(dtype), *times, times[1] / times[0], error)
    print(row, flush=True)
    return row


def simulator(size: int, dtype: torch.dtype) -> list[Row]:
    """The search for lambda, and the way from cover to stego."""
    covers, rows = crops(size, SIZES[size]), []
    cover = covers[0, 0].numpy()
    for scheme, peer in (("suniward", conseal.suniward), ("hill", conseal.hill), ("hugo", conseal.hugo)):
        ours, theirs = Embedder(scheme, PAYLOAD, dtype=dtype).costs(covers), peer.compute_cost_adjusted(cover)
        share = max(1, 16 * 4096 // size**2)
        parts = [Costs(*pair) for pair in zip(ours.plus.split(share), ours.minus.split(share), strict=True)]
        carried = bound.entropy_bits(bound.change_probabilities(ours, PAYLOAD))
        theirs = partial(conseal.simulate._ternary.probability, theirs, alpha=PAYLOAD, n=cover.size)
        times = compare(partial(probabilities, parts), len(covers), theirs)
        error = float((carried / (PAYLOAD * size**2) - 1).abs().max())
        rows.append(timed_row(f"lambda and probabilities, {scheme}", covers, dtype, times, error))
    return [*rows, *(stegos(some, dtype, error) for some in (covers, covers[:1]))]


def stegos(covers: torch.Tensor, dtype: torch.dtype, error: float) -> Row:
    """The way from cover to stego, of a batch or of one image alone."""
    embedder, seeds = Embedder("suniward", PAYLOAD, dtype=dtype), np.arange(len(covers), dtype=np.uint64)
    cover, repeats = covers[0, 0].numpy(), max(1, 64 // len(covers))
    times = compare(
        lambda: [embedder.simulate_seeded(covers, seeds) for _ in range(repeats)],
        repeats * len(covers),
        lambda: conseal.suniward.simulate_single_channel(cover, PAYLOAD, seed=1),
    )
    alone = ", one image" if len(covers) == 1 else ""
    return timed_row(f"suniward from cover to stego{alone}", covers, dtype, times, error)


def probabilities(parts: list[Costs]) -> None:
    """Those of each part, let go at once."""
    for part in parts:
        bound.change_probabilities(part, PAYLOAD)


def largest_error(ours: torch.Tensor, theirs: object) -> float:
    """Relative, over the samples that are dry to both."""
    expected = np.asarray(theirs)
    dry = expected < WET
    return float(np.abs(ours.double().numpy() / expected - 1)[dry].max())


def name(dtype: torch.dtype) -> str:
    """float32 or float64."""
    return str(dtype).removeprefix("torch.")


def main() -> None:
    """Print the lines; with --write, keep them in results/."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # the peer's, on flat places
    rows = []
    for size in SIZES:
        for dtype in (torch.float64, torch.float32):
            rows += costs(size, dtype) + simulator(size, dtype)
    ours, peer = peak_megabytes(MEMORY_OURS), peak_megabytes(MEMORY_PEER)
    print(f"mipod at 512 x 512, extra memory: {ours:.0f} MB, peer {peer:.0f} MB, ratio {peer / max(ours, 1):.1f}")
    if "--write" in sys.argv:
        write("costs", rows)


if __name__ == "__main__":
    main()
