"""Whether a warden who learns tells messages as they are sent from the optimal sender's stegos at the same payload.

    python benchmarks/message_coder.py FACES PHOTOGRAPHS [--count 800] [--detectors spam srmq1] [--network-images 20000]

Three questions a detector, each with one trained for it: covers or `bound`, covers or `message`, `bound` or `message`; the last
two stegos are of one cover. P_E of the test part with its 95 % interval. Rows go to
results/message-coder.csv as they come; those that are there already are not made again.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import torch

from ssgan.datasets import Geometry, Patches
from ssgan.datasets.splits import PARTS
from ssgan.detection.question import Prepared, Question, prepare
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

RESULTS = Path(__file__).resolve().parents[1] / "results" / "message-coder.csv"
FIELDS = ("source", "detector", "question", "pairs", "change_rate_bound", "change_rate_message", "p_e", "low", "high")
CODERS = ("bound", "message")


def asked(covers: Path, cut: Geometry | Patches, embedder: str, count: int, seed: int) -> Prepared:
    """Covers of a source with their stegos, split by picture: a seed gives every coder the same covers and parts."""
    return prepare(Question(covers, embedder, "spam", seed=seed, geometry=cut, convert=("jpeg",), limit=count), workers=1)


def questions(bound: Prepared, message: Prepared) -> dict[str, dict[str, Pairs]]:
    """The pairs of each question."""
    assert bound.names == message.names, "the same covers in the same parts"
    direct = {part: Pairs(bound.parts[part].stegos, message.parts[part].stegos) for part in PARTS}
    return {"cover or bound": bound.parts, "cover or message": message.parts, "bound or message": direct}


def rows(args: argparse.Namespace, known: set[tuple[str, str, str]]) -> Iterator[dict[str, object]]:
    """What is measured, a question at a time."""
    sources: dict[str, tuple[Path, Geometry | Patches]] = {
        "gray faces 64 x 64": (args.faces, Geometry(crop=108, size=64, gray=True)),
        "photograph tiles 64 x 64": (args.photographs, Patches(64, 192, gray=True)),
    }
    for source, (covers, cut) in sources.items():
        made = [asked(covers, cut, f"{args.scheme}@{args.payload:g}/{coder}", args.count, args.seed) for coder in CODERS]
        for detector in args.detectors:
            for question, parts in questions(*made).items():
                if (source, detector, question) in known:
                    continue
                duration = args.network_images if detector in NETWORKS else None
                warden = detectors.make(
                    detector, parts["train"], seed=args.seed, duration_images=duration, threads=torch.get_num_threads()
                )
                warden.fit(parts["train"], parts["validate"])
                scores = warden.scores(parts["test"].covers), warden.scores(parts["test"].stegos)
                low, high = error_interval([Scores(*scores, made[0].groups["test"])])
                yield {
                    "source": source, "detector": detector, "question": question,
                    "pairs": sum(len(part) for part in parts.values()),
                    "change_rate_bound": f"{made[0].change_rate:.5f}", "change_rate_message": f"{made[1].change_rate:.5f}",
                    "p_e": f"{p_e(*scores)[0]:.4f}", "low": f"{low:.4f}", "high": f"{high:.4f}",
                }  # fmt: skip


def main() -> None:
    """Measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--count", type=int, default=800, help="covers of each source")
    parser.add_argument("--scheme", default="hill")
    parser.add_argument("--payload", type=float, default=0.4)
    parser.add_argument("--detectors", nargs="+", default=["spam", "srmq1"])
    parser.add_argument("--network-images", type=int, default=20000, help="images that a network sees in training")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    known: set[tuple[str, str, str]] = set()
    if args.out.exists():
        with args.out.open(newline="", encoding="utf-8") as file:
            known = {(row["source"], row["detector"], row["question"]) for row in csv.DictReader(file)}
    else:
        args.out.write_text(",".join(FIELDS) + "\n", encoding="utf-8")
    for row in rows(args, known):
        with args.out.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, FIELDS, lineterminator="\n").writerow(row)
        print(*row.values(), sep="  ", flush=True)


if __name__ == "__main__":
    main()
