"""The ensemble against sealwatch's in one run: `OPENBLAS_NUM_THREADS=1 python benchmarks/ensemble.py --peer FOLDER`.

FOLDER holds sealwatch unpacked (`pip install --no-deps --target FOLDER sealwatch`); only its trainer is imported. Covers are
tiles of 64 x 64 samples of photographs: those in scikit-image's wheel, or with --covers those of a folder or archive. Stegos
are plain LSB matching at 0.4 bits per sample. A line each

- for learners of a fixed size on SPAM and SRM: processor seconds of one thread, and wall seconds of two threads against the
  peer, which has none;
- for whole trainings on SRM, on several splits by photograph: both search for the size of a learner and for their number, and
  chance decides how many they try. Wall seconds with two threads of ours, what was found, the out-of-bag error, and P_E of the
  votes on the photographs kept apart; of our scores too.

Bars: 4 times the peer on two cores; P_E not worse than the peer's by more than the standard deviation over the splits.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import statistics
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from pairing import write

from ssgan import images
from ssgan.datasets import Patches, load, open_source
from ssgan.embedding.embedder import Embedder
from ssgan.steganalysis.classifiers import ensemble
from ssgan.steganalysis.error_rate import p_e
from ssgan.steganalysis.features import spam, srm

PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "moon", "motorcycle_left")
FIXED = (("spam", 171, 200), ("srm", 600, 60))  # features, d_sub, learners timed
ROUNDS = 3
NAN = float("nan")


@dataclass(frozen=True)
class Figure:
    """One comparison: seconds, a learner's or of a whole training, and what came out; `split` counts from 1, 0 is none."""

    what: str
    photographs: int
    pairs: int
    threads: int
    split: int
    ours_s: float
    peer_s: float
    ratio: float
    ours_processor_s: float = NAN
    peer_processor_s: float = NAN
    ours_learners_tried: int = 0
    peer_learners_tried: int = 0
    ours_size: str = ""
    peer_size: str = ""
    ours_out_of_bag: float = NAN
    peer_out_of_bag: float = NAN
    ours_p_e: float = NAN
    peer_p_e: float = NAN
    ours_p_e_of_scores: float = NAN

    def __str__(self) -> str:
        text = (
            f"{self.what:<12} threads={self.threads} {self.ours_s:8.3f} s  peer {self.peer_s:8.3f} s  ratio {self.ratio:5.1f}"
        )
        if self.split:
            text += f"  processor {self.ours_processor_s:.1f} s, {self.peer_processor_s:.1f} s"
            text += f"  learners {self.ours_learners_tried}, {self.peer_learners_tried}"
            text += f"  {self.ours_size}, {self.peer_size}  out-of-bag {self.ours_out_of_bag:.4f} {self.peer_out_of_bag:.4f}"
            text += f"  P_E {self.ours_p_e:.4f} {self.peer_p_e:.4f}  of scores {self.ours_p_e_of_scores:.4f}"
        return text


@dataclass(frozen=True)
class Data:
    """Features float32 (N, D) of covers and stegos, by the set's name, and which of the photographs each tile is of."""

    photographs: int
    source: np.ndarray
    features: dict[str, list[np.ndarray]]


def peer(folder: Path) -> Any:
    """Sealwatch's trainer alone: the package around it asks for torchvision, which it does not need."""
    for name in ("sealwatch", "sealwatch.tools", "sealwatch.ensemble_classifier"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    tools = sys.modules["sealwatch"].tools = sys.modules["sealwatch.tools"]  # type: ignore[attr-defined]
    tools.setup_custom_logger = logging.getLogger  # type: ignore[attr-defined]
    tools.matlab = importlib.import_module("sealwatch.tools.matlab")  # type: ignore[attr-defined]
    return importlib.import_module("sealwatch.ensemble_classifier.fld_ensemble_trainer").FldEnsembleTrainer


def tiles(covers: Path | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gray tiles uint8 (N, 1, 64, 64), at most `count` of all photographs together, and the photograph of each, int64 (N,)."""
    cut = Patches(64, gray=True)
    if covers is None:
        data = Path(skimage.__file__).parent / "data"
        listed = [np.stack([tile for _, tile in cut.cut(images.read(data / f"{n}.png").samples)]) for n in PHOTOGRAPHS]
        whole, source = np.concatenate(listed), np.repeat(np.arange(len(listed)), [len(part) for part in listed])
    else:
        loaded = load(open_source(covers), cut, convert=images.CONVERSIONS)
        whole = loaded.images.numpy()
        source = np.unique([name.rsplit("@", 1)[0] for name in loaded.names], return_inverse=True)[1]
    chosen = np.sort(np.random.default_rng(1).permutation(len(whole))[:count])
    return whole[chosen], source[chosen]


def learners(name: str, trainer: Any, data: Data, *, subspace: int, number: int) -> list[Figure]:
    """Learners of a fixed size: processor seconds of one thread, wall seconds of two."""
    covers, stegos = (part[: len(part) // 2] for part in data.features[name])
    size = ensemble.EnsembleSettings(learners=number, subspace=subspace)

    def theirs() -> object:
        return trainer(covers, stegos, seed=1, L=number, d_sub=subspace, verbose=0).train()

    found = []
    for threads, which in ((1, 1), (2, 0)):
        ours = partial(ensemble.fit, covers, stegos, settings=size, threads=threads)
        ours()
        rounds = [(both(ours)[which], both(theirs)[which]) for _ in range(ROUNDS)]
        mine, other = (statistics.median(times) / number for times in zip(*rounds, strict=True))
        figure = Figure(f"{name} d={subspace}", data.photographs, len(covers), threads, 0, mine, other, other / mine)
        found.append(figure)
        print(figure, flush=True)
    return found


def training(trainer: Any, data: Data, *, split: int) -> Figure:
    """Whole trainings on the pairs of half of the photographs, judged on the others."""
    chosen = np.random.default_rng(split).permutation(data.photographs)[: data.photographs // 2]
    train = np.isin(data.source, chosen)
    covers, stegos = data.features["srm"]
    parts, made, tried = (covers[train], stegos[train]), list[Any](), list[int]()

    def report(subspace: int, number: int, error: float) -> None:
        tried.append(number)

    mine = both(lambda: made.append(ensemble.fit(*parts, seed=split, threads=2, on_ensemble=report)))
    other = both(lambda: made.extend(trainer(*parts, seed=split, verbose=0).train()))
    ours, theirs, records = made

    def judged(judge: Callable[[np.ndarray], np.ndarray]) -> float:
        return p_e(judge(covers[~train]), judge(stegos[~train]))[0]

    figure = Figure(
        *("srm training", data.photographs, int(train.sum()), 2, split, mine[0], other[0], other[0] / mine[0]),
        *(mine[1], other[1], sum(tried), sum(record["num_base_learners"] for record in records)),
        ours_size=f"{len(ours.b)} x {ours.w.shape[1]}",
        peer_size=f"{len(theirs.base_learners)} x {theirs.d_sub}",
        ours_out_of_bag=ours.error,
        peer_out_of_bag=min(record["oob_error"] for record in records),
        ours_p_e=judged(ours.votes),
        peer_p_e=judged(theirs.predict_confidence),
        ours_p_e_of_scores=judged(ours.scores),
    )
    print(figure, flush=True)
    return figure


def summary(figures: list[Figure]) -> str:
    """Mean and standard deviation over the splits."""

    def mean_of(name: str) -> str:
        values = [getattr(figure, name) for figure in figures]
        return f"{np.mean(values):.4f} +- {np.std(values, ddof=min(1, len(values) - 1)):.4f}"

    ratio = statistics.median(figure.ratio for figure in figures)
    total = sum(figure.peer_s for figure in figures) / sum(figure.ours_s for figure in figures)
    effort = sum(f.peer_processor_s for f in figures) / sum(f.ours_processor_s for f in figures)
    differences = [figure.ours_p_e - figure.peer_p_e for figure in figures]
    return (
        f"trainings: ratio {ratio:.1f} in the median, {total:.1f} of all together, {effort:.1f} in processor time\n"
        f"P_E {mean_of('ours_p_e')}, of scores {mean_of('ours_p_e_of_scores')}, peer {mean_of('peer_p_e')}, "
        f"difference {np.mean(differences):+.4f} +- {np.std(differences, ddof=min(1, len(differences) - 1)):.4f}; "
        f"out-of-bag {mean_of('ours_out_of_bag')}, peer {mean_of('peer_out_of_bag')}"
    )


def both(work: Callable[[], object]) -> tuple[float, float]:
    """How long `work` takes: by the clock on the wall, and the processors' time, whatever else the machine does."""
    start = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def prepared(covers: Path | None, count: int) -> Data:
    """Tiles, their stegos, and the features of both in single precision."""
    tiled, source = tiles(covers, count)
    stegos = Embedder.parse("lsb@0.4/plain").simulate(images.to_images(tiled), np.random.default_rng(1)).numpy()
    photographs = int(source.max()) + 1
    print(f"{len(tiled)} tiles of {photographs} photographs")
    sets = {"spam": spam.features, "srm": srm.features}
    made = {name: [extract(part).astype(np.float32) for part in (tiled, stegos)] for name, extract in sets.items()}
    return Data(photographs, source, made)


def main() -> None:
    """Print every figure; --write keeps them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, required=True, help="the folder that holds sealwatch")
    parser.add_argument("--covers", type=Path, help="a folder or archive of photographs, beside those of scikit-image")
    parser.add_argument("--tiles", type=int, default=2048, help="how many tiles are used at most")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="keep the figures in results/ensemble.csv")
    asked = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        raise SystemExit("set OPENBLAS_NUM_THREADS=1: our threads are ours, and the peer's linear algebra is compared with one")
    trainer, found = peer(asked.peer), list[Figure]()
    for covers in (None, asked.covers) if asked.covers else (None,):
        data = prepared(covers, asked.tiles)
        for name, subspace, number in FIXED:
            found += learners(name, trainer, data, subspace=subspace, number=number)
        trained = [training(trainer, data, split=split) for split in range(1, asked.splits + 1)]
        print(summary(trained))
        found += trained
    if asked.write:
        write("ensemble", found)


if __name__ == "__main__":
    main()
