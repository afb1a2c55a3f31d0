"""Drawn covers: round trips, what they cost, how samples are distributed, and whether a warden tells messages from none.

    python benchmarks/drawn.py trips [--count 10000]       random messages and keys, read back; other keys; changed samples
    python benchmarks/drawn.py laws [--count 850]          honest and driven samples under their tables; bits; bytes; one latent
    python benchmarks/drawn.py warden [--count 1000] [--detectors spam scrmq1] [--seeds 3]
    python benchmarks/drawn.py parts [--count 2000]         by SPAM: planes, lowest bits, dark and bright covers
    python benchmarks/drawn.py timing [--count 1000]        whether a failure's time says why it failed
    python benchmarks/drawn.py natural FACES [--count 600]  how far covers are from photographs: residual, colors, P_E by SPAM

`warden` asks a detector, trained for each question, to tell honest covers from covers with a message of every byte that is
promised; and, as a control, from the same honest covers with LSB matching and HILL at 0.4 bits a sample. P_E of a part that is
seen once, with its 95 % interval. `--generator FOLDER` takes another model than faces64. Rows go to results/drawn.csv.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from drawn_transform import probability_transform
from scipy import stats

from ssgan.compute.keystream import reader
from ssgan.datasets import GEOMETRIES, load, open_source
from ssgan.drawn import drawing, model
from ssgan.drawn.coder import most_words
from ssgan.drawn.header import GivenUp
from ssgan.drawn.model import DrawnModel
from ssgan.embedding.embedder import Embedder
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.gan.covers.sample import prepared, public_latents, sample
from ssgan.images import Images
from ssgan.images.grain import kv_residuals
from ssgan.messages import drawn
from ssgan.messages.drawn import DrawnKeys, picture_root, reveal_drawn
from ssgan.messages.keys import KeyFile
from ssgan.steganalysis import detectors
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e
from ssgan.steganalysis.training.network_detector import NetworkDetector

RESULTS = Path(__file__).resolve().parents[1] / "results" / "drawn.csv"
FIELDS = ("figure", "value", "low", "high", "count", "processor", "torch", "numpy")
CELLS = 1024
DRAWN, PAIRED = "drawn at the promise", "in the same covers"
SHARES = (0.7, 0.1)  # of the pictures: to learn from, to choose by; the rest is judged once

Row = tuple[str, float, float, float, int]  # figure, value, interval, count


def key_of(number: int, use: str) -> KeyFile:
    """A key for one picture."""
    return KeyFile(hashlib.sha256(f"{use} {number}".encode()).digest())


def trips(by: DrawnModel, count: int) -> Iterator[Row]:
    """Messages of all lengths, random, all zeros and all ones, each with a key of its own."""
    rng, outcomes = np.random.default_rng(1), Counter[str]()
    hiding, revealing = [], []
    for number in range(count):
        length = (
            int(rng.integers(0, drawn.capacity_bytes(by) + 1)) if number % 4 else (0, drawn.capacity_bytes(by))[number // 4 % 2]
        )
        message = (rng.bytes(length), bytes(length), b"\xff" * length)[number % 3]
        key = key_of(number, "trip")
        begun = time.process_time()
        made = drawn.hide(message, key, by, drawing)
        hiding.append(time.process_time() - begun)
        begun = time.process_time()
        found = reveal_drawn(made.picture, key, [by], drawing)
        revealing.append(time.process_time() - begun)
        outcomes["read back" if found == message else "lost"] += 1
        if number % 10 == 0:
            outcomes["another key finds something"] += (
                reveal_drawn(made.picture, key_of(number, "other"), [by], drawing) is not None
            )
            changed = made.picture.copy()
            changed.ravel()[rng.integers(changed.size)] ^= 1
            outcomes["a changed sample goes unnoticed"] += reveal_drawn(changed, key, [by], drawing) is not None
    yield "round trips, messages lost", outcomes["lost"], 0, 3 / count, count
    yield "another key finds something", outcomes["another key finds something"], 0, 0, -(-count // 10)
    yield "a changed sample goes unnoticed", outcomes["a changed sample goes unnoticed"], 0, 0, -(-count // 10)
    for name, seconds in (("hide with reading back, ms of CPU", hiding), ("reveal, ms of CPU", revealing)):
        low, middle, high = (1000 * float(np.quantile(seconds[1:], share)) for share in (0.05, 0.5, 0.95))
        yield name, middle, low, high, count


def laws(by: DrawnModel, count: int) -> Iterator[Row]:
    """Whether samples follow their tables, and what a picture carries."""
    for kind in ("honest", "driven"):
        uniform, totals, sure = [], [], []
        rng = np.random.default_rng(2)
        for number in range(count):
            made, latent = (honest if kind == "honest" else driven)(by, number)
            values = probability_transform(by, made.picture, latent, rng)
            uniform.append(np.bincount(np.minimum((values * CELLS).astype(np.int64), CELLS - 1), minlength=CELLS))
            totals.append(float(drawing.self_information(by, made.picture, latent).sum()))
            sure.append(32 * made.words_used)
        cells = np.sum(uniform, axis=0)
        samples = int(cells.sum())
        yield f"{kind} samples under their tables, chi-square p", float(stats.chisquare(cells).pvalue), 0, 1, samples
        steps = np.cumsum(cells) / samples - np.arange(1, CELLS + 1) / CELLS
        distance = float(np.abs(steps).max())
        yield (
            f"{kind} samples under their tables, Kolmogorov p",
            float(stats.kstwobign.sf(distance * samples**0.5)),
            0,
            1,
            samples,
        )
        yield f"{kind}, bits a sample", float(np.mean(totals)) / np.prod(by.shape), 0, 0, count
        yield f"{kind}, self-information of a picture, deviation in bits", float(np.std(totals)), 0, 0, count
        yield f"{kind}, share of the self-information that carries", float(np.sum(sure) / np.sum(totals)), 0, 0, count
    counts, total = np.zeros(256), 0
    for number in range(3 * count):
        made, latent = honest(by, 10**6 + number)
        words = drawing.read(by, made.picture, latent)
        content = words.words[: words.determined].astype(">u4").view(np.uint8)
        counts += np.bincount(content, minlength=256)
        total += content.size
    yield "bytes read from honest covers, chi-square p", float(stats.chisquare(counts).pvalue), 0, 1, total
    yield from one_latent(by, min(count, 250))


def one_latent(by: DrawnModel, count: int) -> Iterator[Row]:
    """Honest and driven pictures of one latent: the hardest case, since only what is drawn differs."""
    latent = hashlib.sha256(b"one latent").digest()
    groups = []
    for kind in ("honest", "driven"):
        pictures = []
        for number in range(count):
            made, _ = honest(by, number, latent) if kind == "honest" else driven(by, number, latent)
            pictures.append(made.picture.reshape(-1).astype(np.float64))
        groups.append(np.stack(pictures))
    samples = np.concatenate(groups)
    for name, both in (("mean", samples), ("lowest bit", samples % 2), ("square", (samples - 128) ** 2)):
        both = (both - both.mean(0)) / (both.std(0) + 1e-9)
        rng, found = np.random.default_rng(3), []
        for trial in range(201):
            order = np.arange(2 * count) if trial == 0 else rng.permutation(2 * count)
            apart = both[order[:count]].mean(0) - both[order[count:]].mean(0)
            found.append(float((apart**2).sum()))
        yield f"one latent, {name} of every sample, permutation p", float(np.mean(np.array(found) >= found[0])), 0, 1, 2 * count


def honest(by: DrawnModel, number: int, latent: bytes | None = None) -> tuple[drawing.PictureStreams, bytes]:
    """The honest cover of that number, and its latent."""
    following = reader(hashlib.sha256(f"honest {number}".encode()).digest())
    while True:
        given, nonce = latent or following(32), following(16)
        bits = np.frombuffer(following(4 * most_words(int(np.prod(by.shape)))), "<u4").astype(np.uint32)
        try:
            return drawing.draw(by, given, nonce, bits), given
        except GivenUp:
            continue


def driven(by: DrawnModel, number: int, latent: bytes | None = None) -> tuple[drawing.PictureStreams, bytes]:
    """A cover with a message of all the bytes that are promised, by a key and a nonce of its own."""
    following = reader(hashlib.sha256(f"driven {number}".encode()).digest())
    message = (bytes(drawn.capacity_bytes(by)), following(drawn.capacity_bytes(by)))[number % 2]
    while True:
        nonce = following(16)
        keys = DrawnKeys.of(picture_root(by.shape, nonce, key_of(number, "driven")), by.identity)
        given = latent or keys.latent
        try:
            return drawing.draw(by, given, nonce, drawn.stream_words(message, 0, keys, by.shape)), given
        except GivenUp:
            continue


def warden(by: DrawnModel, count: int, names: list[str], seeds: int) -> Iterator[Row]:
    """P_E of detectors that are trained for each question."""
    covers, sent = as_images(by, honest, count), as_images(by, driven, count)
    for seed in range(seeds):
        changed = {name: Embedder.parse(name).simulate(covers, seed) for name in ("lsb@0.4", "hill@0.4")}
        for name in names:
            yield judged(DRAWN, name, covers, sent, seed)
            for embedder, stegos in changed.items():
                yield judged(f"{embedder} {PAIRED}", name, covers, stegos, seed)


def timing(by: DrawnModel, count: int) -> Iterator[Row]:
    """Welch's t between the times of three failures, each with another picture every time, in random order."""
    kinds = ("an honest cover", "another key", "a changed sample")
    pictures: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    for number in range(count):
        made = driven(by, number)[0].picture
        changed = made.copy()
        changed.ravel()[-1 - number % 1000] ^= 1
        for kind, picture in zip(kinds, (honest(by, number)[0].picture, made, changed), strict=True):
            pictures[kind].append(np.array(picture, order="C"))  # laid out alike, as from a file
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number, place in np.random.default_rng(5).permutation([(n, k) for n in range(count) for k in range(len(kinds))]):
        kind = kinds[place]
        key = key_of(int(number), "driven" if kind == "a changed sample" else "other")
        begun = time.process_time()
        found = reveal_drawn(pictures[kind][number], key, [by], drawing)
        seconds[kind].append(time.process_time() - begun)
        assert found is None
    for one, other in (kinds[:2], kinds[1:]):
        found = stats.ttest_ind(seconds[one], seconds[other], equal_var=False)
        yield f"time of a failure, {one} against {other}, Welch t", float(found.statistic), -4.5, 4.5, count


def parts(by: DrawnModel, count: int) -> Iterator[Row]:
    """P_E of SPAM on what might give a message away by itself: parts of pictures, and pictures of one kind."""
    covers, sent = as_images(by, honest, count), as_images(by, driven, count)
    looks: dict[str, Callable[[Images], Images]] = {
        "the first plane": lambda images: images[:, 1:2, ::2, ::2],
        "the last plane": lambda images: images[:, 2:3, 1::2, ::2],
        "the lowest bits": lambda images: (images & 1) * 64,
        "the two lowest bits": lambda images: (images & 3) * 32,
    }
    for name, look in looks.items():
        yield judged(f"{DRAWN}, {name}", "spam", look(covers), look(sent), 0)
    for name, sign in (("darkest", 1), ("brightest", -1)):
        some, others = (images[(sign * images.float().mean((1, 2, 3))).argsort()[: count // 4]] for images in (covers, sent))
        yield judged(f"{DRAWN}, the {name} quarter", "spam", some, others, 0)


def natural(by: DrawnModel, faces: Path, count: int, names: list[str]) -> Iterator[Row]:
    """How far covers are from photographs: the generator's own, drawn ones, and other photographs."""
    with open_source(faces) as source:
        found = load(source, GEOMETRIES["celeba64"], convert=("jpeg",)).images
    rows = np.random.default_rng(4).permutation(len(found))[: 2 * count]
    photographs, others = found[rows[:count]], found[rows[count:]]
    net, card = open_generator(find_generator(Path("faces64")))
    covers = {
        "photographs": others,
        "faces64 as it is": sample(prepared(net), public_latents(card.config, range(count), 1)),
        "drawn covers": as_images(by, honest, count),
    }
    for kind, images in covers.items():
        residual = kv_residuals(images).double().numpy() / 12
        yield f"{kind}: residual, deviation in gray values", float(residual.std()), 0, 0, count
        yield f"{kind}: residual, median size in gray values", float(np.median(np.abs(residual))), 0, 0, count
        flat = residual.transpose(1, 0, 2, 3).reshape(3, -1)
        for name, one, other in (("R and G", 0, 1), ("G and B", 1, 2), ("R and B", 0, 2)):
            yield f"{kind}: correlation of residuals of {name}", float(np.corrcoef(flat[one], flat[other])[0, 1]), 0, 0, count
        for name in names:
            yield judged(f"{kind}, told from photographs", name, photographs, images, 0)


def judged(question: str, name: str, covers: Images, stegos: Images, seed: int) -> Row:
    """P_E of a detector that is trained to tell two sets of pictures apart, not in pairs."""
    count = len(covers)
    ends = [int(SHARES[0] * count), int(sum(SHARES) * count)]
    parts = dict(
        zip(("train", "validate", "test"), np.split(np.random.default_rng(seed).permutation(count), ends), strict=True)
    )
    pairs = {part: Pairs(covers[rows], stegos[rows]) for part, rows in parts.items()}
    duration = 20_000 if name in NETWORKS else None
    made = detectors.make(name, pairs["train"], seed=seed, duration_images=duration, threads=torch.get_num_threads())
    if isinstance(made, NetworkDetector):
        made.examine = False  # they are no pairs
    made.fit(pairs["train"], pairs["validate"])
    scores = made.scores(pairs["test"].covers), made.scores(pairs["test"].stegos)
    groups = np.arange(len(parts["test"]))
    low, high = error_interval([Scores(*scores, groups, None if PAIRED in question else groups + len(groups))])
    return f"{question} by {name}, seed {seed}, P_E", p_e(*scores)[0], low, high, len(groups)


def as_images(by: DrawnModel, make: Callable[[DrawnModel, int], tuple[drawing.PictureStreams, bytes]], count: int) -> Images:
    """The first so many pictures."""
    return torch.from_numpy(np.stack([make(by, number)[0].picture.transpose(2, 0, 1) for number in range(count)]))


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["trips", "laws", "warden", "parts", "timing", "natural"])
    parser.add_argument("faces", type=Path, nargs="?", help="photographs, for natural")
    parser.add_argument("--count", type=int)
    parser.add_argument("--detectors", nargs="+", default=["spam", "scrmq1"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--generator", type=Path, default=Path("faces64"))
    parser.add_argument("--write", action="store_true", help="keep the figures in results/drawn.csv")
    args = parser.parse_args()
    by = model.load(model.find(args.generator))
    found = {
        "trips": lambda: trips(by, args.count or 10_000),
        "laws": lambda: laws(by, args.count or 850),
        "warden": lambda: warden(by, args.count or 1000, args.detectors, args.seeds),
        "timing": lambda: timing(by, args.count or 1000),
        "parts": lambda: parts(by, args.count or 2000),
        "natural": lambda: natural(by, args.faces, args.count or 600, args.detectors),
    }[args.what]()
    kept: dict[str, dict[str, object]] = {}
    if RESULTS.exists():
        with RESULTS.open(newline="", encoding="utf-8") as file:
            kept = {row["figure"]: dict(row) for row in csv.DictReader(file)}
    for figure, value, low, high, count in found:
        print(f"{figure}: {value:.4g} [{low:.4g}, {high:.4g}] of {count}", flush=True)
        values = (figure, f"{value:.6g}", f"{low:.6g}", f"{high:.6g}", count, processor(), torch.__version__, np.__version__)
        kept[figure] = dict(zip(FIELDS, values, strict=True))
        if args.write:
            with RESULTS.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(kept.values())


def processor() -> str:
    """What the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or os.name


if __name__ == "__main__":
    main()
