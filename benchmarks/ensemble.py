"""The ensemble against sealwatch's (installed, or on PYTHONPATH), in one run, each BLAS call in one thread:
`OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/ensemble.py COVERS`.

COVERS is a folder or archive of faces; their first 2048, 64 x 64 and gray, are used. Stegos are LSB matching at 0.4; features
SPAM-686, and the same mixed into 12,000 columns as a stand-in for a rich model's width. A line each for learners of a fixed
size, ours in one thread and in two against the peer's, and for the whole search: seconds, L, d_sub, out-of-bag error, and P_E
on other images. Bar: 4 times the peer on two cores, out-of-bag error within 0.01.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import types
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from pairing import compare, seconds

from ssgan import images
from ssgan.datasets import Geometry, open_source
from ssgan.datasets.loading import rows
from ssgan.embedding.embedder import Embedder
from ssgan.steganalysis import ensemble, spam

PAIRS, WIDE = 1024, 12_000
FIXED = (("spam", 171, 40), ("wide", 600, 20))  # features, d_sub, learners timed


def peer() -> Any:
    """Sealwatch's trainer alone: the package around it asks for torchvision, which it does not need."""
    found = importlib.util.find_spec("sealwatch")
    if found is None or found.submodule_search_locations is None:
        raise SystemExit("sealwatch is not here: install it, or put its folder on PYTHONPATH")
    root = Path(next(iter(found.submodule_search_locations)))
    for name in ("sealwatch", "sealwatch.tools", "sealwatch.ensemble_classifier"):
        package = types.ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    tools = sys.modules["sealwatch"].tools = sys.modules["sealwatch.tools"]  # type: ignore[attr-defined]
    tools.setup_custom_logger = logging.getLogger  # type: ignore[attr-defined]
    tools.matlab = importlib.import_module("sealwatch.tools.matlab")  # type: ignore[attr-defined]
    return importlib.import_module("sealwatch.ensemble_classifier.fld_ensemble_trainer").FldEnsembleTrainer


def pairs(archive: str) -> tuple[np.ndarray, np.ndarray]:
    """float64 (2 PAIRS, 686), twice: SPAM of the first covers and of their stegos."""
    found = rows(open_source(Path(archive)), Geometry(crop=108, size=64, gray=True), [], convert=images.CONVERSIONS)
    covers = images.to_images(np.stack([samples for _, samples in islice(found, 2 * PAIRS)]))
    stegos = Embedder("lsb", 0.4).simulate(covers, np.random.default_rng(1))
    return spam.features(covers), spam.features(stegos)


def fixed(what: str, trainer: Any, covers: np.ndarray, stegos: np.ndarray, size: tuple[int, int]) -> None:
    """Learners of one size (features, learners): theirs, and ours in one thread and in two."""
    subspace, learners = size
    settings = ensemble.Settings(learners=learners, subspace=subspace)
    for threads in (1, 2):
        ours, theirs = compare(
            partial(ensemble.fit, covers, stegos, settings=settings, threads=threads),
            learners,
            lambda: trainer(covers, stegos, seed=1, L=learners, d_sub=subspace, verbose=0).train(),
            rounds=3,
        )
        theirs /= learners
        times = f"{ours:7.2f} ms a learner  peer {theirs:7.2f}  ratio {theirs / ours:4.1f}"
        print(f"{what:<5} d={subspace:<4} threads={threads} {times}", flush=True)


def search(what: str, trainer: Any, covers: np.ndarray, stegos: np.ndarray) -> None:
    """The whole search on half of the pairs; P_E of the votes on the other half."""
    train, test = slice(0, PAIRS), slice(PAIRS, 2 * PAIRS)
    made: list[Any] = []
    took = seconds(lambda: made.append(ensemble.fit(covers[train], stegos[train], seed=1, threads=2)))
    ours = made[0]
    print(f"{what:<5} search, ours: {took:6.1f} s  L={len(ours.b)} d={ours.w.shape[1]}  out-of-bag {ours.error:.4f}", end="  ")
    print(f"P_E of votes {halved(ours.votes, covers[test], stegos[test]):.4f}, of scores", end=" ")
    print(f"{halved(ours.scores, covers[test], stegos[test]):.4f}", flush=True)
    took = seconds(lambda: made.extend(trainer(covers[train], stegos[train], seed=1, verbose=0).train()))
    theirs, records = made[1:]
    out_of_bag = min(record["oob_error"] for record in records)
    size = f"L={len(theirs.base_learners)} d={theirs.d_sub}  out-of-bag {out_of_bag:.4f}"
    error = halved(theirs.predict, covers[test], stegos[test])
    print(f"{what:<5} search, peer: {took:6.1f} s  {size}  P_E of votes {error:.4f}", flush=True)


def halved(judge: Any, covers: np.ndarray, stegos: np.ndarray) -> float:
    """(P_FA + P_MD) / 2 at the threshold 0."""
    return float((judge(covers) > 0).mean() + (judge(stegos) <= 0).mean()) / 2


def main() -> None:
    """Print the lines."""
    if len(sys.argv) != 2 or os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise SystemExit(__doc__)
    trainer = peer()
    covers, stegos = pairs(sys.argv[1])
    mixing = np.random.default_rng(2).normal(size=(covers.shape[1], WIDE)) / WIDE**0.5
    sets = {"spam": (covers, stegos), "wide": (np.abs(covers @ mixing), np.abs(stegos @ mixing))}
    for what, subspace, learners in FIXED:
        first, second = (part[:PAIRS] for part in sets[what])
        fixed(what, trainer, first, second, (subspace, learners))
    search("spam", trainer, covers, stegos)


if __name__ == "__main__":
    main()
