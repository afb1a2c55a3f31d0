"""Feature sets against sealwatch in one run, one thread: `python benchmarks/features.py --peer FOLDER` prints a line a figure.

FOLDER holds sealwatch unpacked (`pip install --no-deps --target FOLDER sealwatch`); only its spatial features are imported,
which need NumPy and SciPy alone: the whole package brings another torch. Without --peer our own times are printed. Times are
the processor's, medians of alternating rounds. Bars: SRM 150 x at 64 x 64 and 100 x at 256 x 256 and 512 x 512, SPAM 8 x;
10,000 pairs of SRM at 64 x 64 in 3 minutes on two cores, which is 18 ms an image.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pairing import Row, crops, write

from ssgan.steganalysis.features import crm, maxsrm, spam, srm

BATCHES = {64: 64, 256: 4, 512: 1}
Extract = Callable[[np.ndarray], np.ndarray]


def peer_sets(folder: Path) -> dict[str, Extract]:
    """sealwatch's extractors, each from one uint8 image (H, W) or (H, W, 3) to features in our order."""
    for name in ("sealwatch", "sealwatch.tools"):  # without the packages' own imports, the networks among them
        package = types.ModuleType(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    sys.modules["sealwatch.tools"].matlab = importlib.import_module("sealwatch.tools.matlab")  # type: ignore[attr-defined]
    peer_srm = importlib.import_module("sealwatch.srm.srm")
    peer_crm = importlib.import_module("sealwatch.srm.crm")
    peer_spam = importlib.import_module("sealwatch._sealwatch").spam

    def joined(found: dict[str, np.ndarray], order: list[str]) -> np.ndarray:
        return np.concatenate([found[name].ravel() for name in order])

    return {
        "spam": lambda x: joined(peer_spam.extract(x1=x, T=3, rounded=False), list(spam.SUBMODELS)),
        "srm": lambda x: joined(peer_srm.extract(x), list(srm.SUBMODELS)),
        "srmq1": lambda x: joined(peer_srm.extract(x, qs=[[1]] * 5), list(srm.SUBMODELS_Q1)),
        "crm": lambda x: joined(peer_crm.extract(x, Tc=3), list(crm.SUBMODELS)),
    }


def rows(peers: dict[str, Extract], sizes: list[int]) -> list[Row]:
    """Every set at every size."""
    found = []
    for size in sizes:
        gray = crops(size, BATCHES[size]).numpy()
        color = np.concatenate([gray, gray ^ 1, gray ^ 2], axis=1)
        probabilities = np.full(gray.shape, 0.1)
        sets: dict[str, tuple[Callable[[], np.ndarray], np.ndarray]] = {
            "spam": (lambda x=gray: spam.features(x, threads=1), gray[0, 0]),  # type: ignore[misc]
            "srm": (lambda x=gray: srm.features(x, threads=1), gray[0, 0]),  # type: ignore[misc]
            "srmq1": (lambda x=gray: srm.features_q1(x, threads=1), gray[0, 0]),  # type: ignore[misc]
            "crm": (lambda x=color: crm.features(x, threads=1), color[0].transpose(1, 2, 0)),  # type: ignore[misc]
            "maxsrmd2": (lambda x=gray, p=probabilities: maxsrm.features(x, p, threads=1), gray[0, 0]),  # type: ignore[misc]
        }
        for name, (ours, image) in sets.items():
            first, peer = ours()[0], peers.get(name)
            mine, other, error = [], [float("nan")], float("nan")
            for _ in range(15 if name == "spam" else 3 if size == 64 else 1):
                mine += [processor_seconds(ours) / len(gray) * 1e3 for _ in range(5)]
                if peer:
                    made, repeats = peer(image), 20 if name == "spam" else 1
                    error = float(np.abs(first - made).max())
                    other.append(processor_seconds(lambda p=peer, x=image, n=repeats: [p(x) for _ in range(n)]) / repeats * 1e3)  # type: ignore[misc]
            times = statistics.median(mine), statistics.median(other[1:] or other)
            found.append(Row(name, size, len(gray), "uint8", *times, times[1] / times[0], error))
            print(found[-1], flush=True)
    return found


def processor_seconds(work: Callable[[], object]) -> float:
    """How long this process computes to do `work`, whatever else the machine does."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print every figure; --write keeps them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="the folder that holds sealwatch")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(BATCHES), choices=list(BATCHES))
    parser.add_argument("--write", action="store_true", help="keep the figures in results/features.csv")
    asked = parser.parse_args()
    if asked.peer:
        sys.path.insert(0, str(asked.peer))
    found = rows(peer_sets(asked.peer) if asked.peer else {}, asked.sizes)
    if asked.write:
        write("features", found)


if __name__ == "__main__":
    main()
