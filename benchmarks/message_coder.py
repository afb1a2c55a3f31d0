"""Whether a warden who learns tells messages as they are sent from the optimal sender's stegos at the same payload.

    python benchmarks/message_coder.py PHOTOGRAPHS [FACES] [--count 800] [--detectors spam srmq1] [--network-images 20000]
    python benchmarks/message_coder.py PHOTOGRAPHS --jpeg 75 --scheme juniward --detectors dctr/fixed jrm/fixed

Three questions a detector, each with one trained for it: covers or `bound`, covers or `message`, `bound` or `message`; the last
two stegos are of one cover. P_E of the test part with its 95 % interval. Covers are tiles of photographs, and faces where they
are given; with --jpeg, gray JPEGs of larger tiles, of those that take both. Rows go to results/message-coder.csv as they come;
those that are there already are not made again.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ssgan.datasets import Geometry, Patches
from ssgan.datasets.splits import PARTS
from ssgan.detection.question import Prepared, Question, prepare
from ssgan.detection.train import pair_scores
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

RESULTS = Path(__file__).resolve().parents[1] / "results" / "message-coder.csv"
FIELDS = ("source", "detector", "question", "pairs", "change_rate_bound", "change_rate_message", "p_e", "low", "high")
CODERS = ("bound", "message")


def asked(covers: Path, cut: Geometry | Patches, embedder: str, jpeg: int | None, count: int, seed: int) -> Prepared:
    """Covers of a source with their stegos, split by picture: a seed gives every coder the same covers and parts."""
    question = Question(covers, embedder, "spam", seed=seed, geometry=cut, convert=("jpeg",), limit=count, jpeg=jpeg)
    return prepare(question, workers=1)


def of_both(prepared: Prepared, other: Prepared) -> Prepared:
    """The pairs of covers that are in both: a JPEG is left out where the shortest message is too long for it."""
    found = {part: np.isin(prepared.names[part], other.names[part]) for part in PARTS}

    def kept(named: dict[str, list[str]]) -> dict[str, list[str]]:
        return {part: [name for name, wanted in zip(named[part], found[part], strict=True) if wanted] for part in PARTS}

    parts = {part: pairs[found[part]] for part, pairs in prepared.parts.items()}
    changed = sum(int((pairs.covers != pairs.stegos).sum()) for pairs in parts.values())
    rate = changed / sum(pairs.covers.numel() for pairs in parts.values())
    return replace(prepared, parts=parts, names=kept(prepared.names), groups=kept(prepared.groups), change_rate=rate)


def questions(bound: Prepared, message: Prepared) -> dict[str, dict[str, Pairs]]:
    """The pairs of each question."""
    assert bound.names == message.names, "the same covers in the same parts"
    direct = {
        part: replace(bound.parts[part], covers=bound.parts[part].stegos, stegos=message.parts[part].stegos) for part in PARTS
    }
    return {"cover or bound": bound.parts, "cover or message": message.parts, "bound or message": direct}


def rows(args: argparse.Namespace, known: set[tuple[str, str, str]]) -> Iterator[dict[str, object]]:
    """What is measured, a question at a time."""
    sources: dict[str, tuple[Path, Geometry | Patches]] = {}
    if args.jpeg is not None:
        called = f"photograph tiles 128 x 128 as JPEGs of quality {args.jpeg}, {args.scheme}@{args.payload:g}"
        sources[called] = (args.photographs, Patches(128, gray=True))
    else:
        sources["photograph tiles 64 x 64"] = (args.photographs, Patches(64, 192, gray=True))
        if args.faces is not None:
            sources = {"gray faces 64 x 64": (args.faces, Geometry(crop=108, size=64, gray=True))} | sources
    for source, (covers, cut) in sources.items():
        embedders = [f"{args.scheme}@{args.payload:g}/{coder}" for coder in CODERS]
        made = [asked(covers, cut, embedder, args.jpeg, args.count, args.seed) for embedder in embedders]
        made = [of_both(*made), of_both(*made[::-1])] if args.jpeg is not None else made
        for detector in args.detectors:
            for question, parts in questions(*made).items():
                if (source, detector, question) in known:
                    continue
                duration = args.network_images if detector in NETWORKS else None
                warden = detectors.make(
                    detector, parts["train"], seed=args.seed, duration_images=duration, threads=torch.get_num_threads()
                )
                warden.fit(parts["train"], parts["validate"])
                scores = pair_scores(warden, parts["test"])
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
    parser.add_argument("photographs", type=Path)
    parser.add_argument("faces", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--count", type=int, default=800, help="covers of each source")
    parser.add_argument("--jpeg", type=int, help="compress the photographs at this quality first")
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
