"""The table of detection: what each detector makes of each embedder: `python benchmarks/detection.py SOURCE ARCHIVE`.

SOURCE is a row of SOURCES, ARCHIVE holds its pictures. A cell is what `ssgan train-detector ARCHIVE --embedder E --detector D
--seed S` does with the source's reading options: covers split by person or picture, embedded with a seed for each, a detector
trained on 70 %, chosen on 10 %, judged once on 20 %. Rows go to results/detection.csv as they come; the same command goes on.
`--processes N` measures N cells at a time, which a graphics card with several cores beside it has room for: `--device cuda`.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from ssgan.datasets import Geometry, Patches
from ssgan.detection.question import Question
from ssgan.detection.train import train_detector

RESULTS = Path(__file__).resolve().parents[1] / "results" / "detection.csv"
EMBEDDERS = ("lsb@0.4/plain", "hugo@0.4", "wow@0.4", "suniward@0.4", "hill@0.4")
SOURCES: dict[str, Geometry | Patches] = {
    "faces 64 gray": Geometry(crop=108, size=64, gray=True),  # --geometry celeba64 --gray
    "faces 64 color": Geometry(crop=108, size=64),  # --geometry celeba64
    "photographs 256 gray": Patches(256, gray=True),  # --tile 256 --gray
}


@dataclass(frozen=True)
class Cell:
    """One trained and judged detector; `images_seen` is what a network was allowed to see in training, 0 for features."""

    source: str
    embedder: str
    detector: str
    seed: int
    train_pairs: int
    test_pairs: int
    images_seen: int
    p_e: float
    low: float
    high: float
    p_fa: float
    p_md: float
    validation_p_e: float
    change_rate: float
    cpu_seconds: float
    device: str
    curriculum: str  # larger payloads learned from first, with commas between them


def done() -> set[tuple[str, str, str, int, int, str]]:
    """What has its row already: source, embedder, detector, seed, images seen, and curriculum."""
    if not RESULTS.exists():
        return set()
    with RESULTS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(r["source"], r["embedder"], r["detector"], int(r["seed"]), int(r["images_seen"]), r["curriculum"]) for r in rows}


def written(curriculum: tuple[float, ...]) -> str:
    """As a row has it."""
    return ",".join(f"{payload:g}" for payload in curriculum)


def measure(source: str, question: Question, threads: int, device: str) -> Cell:
    """Train and judge in a folder that is thrown away."""
    torch.set_num_threads(threads)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = train_detector(question, Path(folder) / "run", threads=threads, device=device)
    figures = {name: round(getattr(found, name), 5) for name in ("p_e", "p_fa", "p_md", "validation_p_e", "change_rate")}
    low, high = (round(end, 5) for end in found.p_e_interval)
    return Cell(
        source=source,
        embedder=question.embedder,
        detector=question.detector,
        seed=question.seed,
        train_pairs=found.pairs[0],
        test_pairs=found.pairs[2],
        images_seen=question.duration_images or 0,
        low=low,
        high=high,
        cpu_seconds=round(time.process_time() - start, 1),
        device=torch.cuda.get_device_name() if device == "cuda" else "cpu",
        curriculum=written(question.curriculum),
        **figures,
    )


def keep(cell: Cell) -> None:
    """One row more."""
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Cell)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(cell))


def main() -> None:
    """Every cell that has no row yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", choices=list(SOURCES))
    parser.add_argument("archive", type=Path)
    parser.add_argument("--embedders", nargs="+", default=list(EMBEDDERS))
    parser.add_argument("--detectors", nargs="+", default=["spam", "srm"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--duration", type=int, help="images that a network sees")
    parser.add_argument(
        "--curriculum", type=float, nargs="+", default=(), help="larger payloads that a network learns from first"
    )
    parser.add_argument("--limit", type=int, help="only so many covers")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    geometry = SOURCES[asked.source]
    jpeg = ("jpeg",) if isinstance(geometry, Geometry) else ()
    already, curriculum = done(), tuple(asked.curriculum)
    wanted = [
        Question(
            asked.archive, embedder, detector, seed, geometry, jpeg, asked.limit,
            duration_images=asked.duration, curriculum=curriculum,
        )
        for seed, embedder, detector in itertools.product(asked.seeds, asked.embedders, asked.detectors)
        if (asked.source, embedder, detector, seed, asked.duration or 0, written(curriculum)) not in already
    ]  # fmt: skip
    with ProcessPoolExecutor(asked.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        begun = [pool.submit(measure, asked.source, question, asked.threads, asked.device) for question in wanted]
        for finished in as_completed(begun):
            cell = finished.result()
            keep(cell)
            print(" ".join(str(value) for value in asdict(cell).values()), flush=True)


if __name__ == "__main__":
    main()
