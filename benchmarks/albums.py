"""Albums: bits a picture by channel, albums that fail, what reading costs, and whether a warden tells them from honest covers.

    python benchmarks/albums.py channels [--count 2000]                    signs read rightly and bits a picture, by channel
    python benchmarks/albums.py failures [--count 1000] [--pool 2000]      albums at the promise, one picture lost: coded bits
    python benchmarks/albums.py whole [--count 10]                         albums drawn, changed, shuffled, one lost, revealed
    python benchmarks/albums.py warden [--count 1000] [--detectors spam latents]   honest covers against pictures of albums

`--channels NAME ...` takes some channels only. With `--write` the rows go to results/albums.csv. `failures` puts albums
together from honest drawn covers after the real codec, by chance; a failure is a message of the promised length that is not
among the decoder's candidates. `whole` goes through files and the receiver's code with everything in it; its CPU time is that
of the process, user and system.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from drawn import judged

from ssgan.drawn import drawing, model
from ssgan.errors import NothingFound
from ssgan.images.channels import through
from ssgan.messages import album, album_files
from ssgan.messages.album_files import AlbumModel
from ssgan.messages.album_promise import CHANNELS, album_of, honest_pictures
from ssgan.messages.drawn_files import content_of
from ssgan.messages.keys import KeyFile
from ssgan.steganalysis.classifiers import ensemble
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

RESULTS = Path(__file__).resolve().parents[1] / "results" / "albums.csv"
FIELDS = ("figure", "value", "low", "high", "count", "processor", "torch", "numpy")
LATENTS = "latents"  # what the extractor reads, in place of a feature set
SIZE, SEED = 24, 1  # another seed than the promises were measured with

Row = tuple[str, float, float, float, int]  # figure, value, interval, count


def key_of(number: int) -> KeyFile:
    """Return the key of one album."""
    return KeyFile(hashlib.sha256(f"album {number}".encode()).digest())


def channels(by: AlbumModel, count: int, names: Sequence[str]) -> Iterator[Row]:
    """The share of signs read rightly, and bits a picture, with the interval of the mean over pictures."""
    pictures, true = honest_pictures(by, count, SEED)
    for name in names:
        agreeing = true * by.reader.read([through(picture, name) for picture in pictures])
        right = float((agreeing > 0).mean())
        margin = 1.96 * float((agreeing > 0).mean(1).std()) / np.sqrt(count)
        yield f"signs read rightly, {name}", right, right - margin, right + margin, count
        each = (1 - np.logaddexp(0, -agreeing) / np.log(2)).sum(1)
        margin = 1.96 * float(each.std()) / np.sqrt(count)
        yield f"bits a picture, {name}", float(each.mean()), float(each.mean()) - margin, float(each.mean()) + margin, count


def failures(by: AlbumModel, count: int, names: Sequence[str], pool: int) -> Iterator[Row]:
    """Albums whose coded bits do not come through at the promise; the interval's end is where 5 % would see as few."""
    pictures, true = honest_pictures(by, pool, SEED)
    shape = by.shape(SIZE)
    for name in names:
        promise = album_files.promise_bytes(by, SIZE, name)
        yield f"promise of an album of {SIZE}, {name}, bytes", promise, promise, promise, 1
        if not promise:
            continue
        agreeing = true * by.reader.read([through(picture, name) for picture in pictures])
        rng, failed = np.random.default_rng(SEED), 0
        for _ in range(count):
            bits = rng.integers(0, 2, 8 * (promise + album.TAG_BYTES)).astype(np.uint8)
            failed += not album.decodes(album_of(agreeing, shape, rng), promise, bits)
        high = (failed + 3.0 * (1 + failed**0.5)) / count
        yield f"albums of {SIZE} that fail at the promise, one picture lost, {name}", failed / count, 0.0, high, count


def whole(by: AlbumModel, count: int, names: Sequence[str]) -> Iterator[Row]:
    """Albums through files: drawn, changed, shuffled, the first lost, revealed with everything that `reveal` tries.

    Each album is drawn once, with the shortest message of the promises, and sent through every channel.
    """
    rng, spent = np.random.default_rng(SEED), []
    most = min(promise for name in names if (promise := album_files.promise_bytes(by, SIZE, name)))
    failed, wrong = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for number in range(count):
        message, key = rng.bytes(most), key_of(number)
        drawn = album_files.draw(message, key, by, SIZE)
        for name in names:
            order = rng.permutation(SIZE)[1:]
            with tempfile.TemporaryDirectory() as folder:
                paths = [Path(folder) / f"{place:02d}.png" for place in range(len(order))]
                for path, picture in zip(paths, order, strict=True):
                    path.write_bytes(content_of(through(drawn[picture], name), path))
                begun = time.process_time()
                try:
                    wrong[name] += album_files.reveal_files_of_any_kind(paths, key) != message
                except NothingFound:
                    failed[name] += 1
                spent.append(time.process_time() - begun)
        if number % 10 == 9:
            print(f"{number + 1} albums: failed {failed}, wrong {wrong}", flush=True)
    spent = spent[1:] or spent  # the first one loads compiled loops
    for name in names:
        high = (failed[name] + 3.0 * (1 + failed[name] ** 0.5)) / count
        yield f"albums not revealed, shuffled, one lost, {name}", failed[name] / count, 0.0, min(high, 1.0), count
        yield f"wrong messages, {name}", wrong[name] / count, 0.0, 3.0 / count, count
    yield "reveal, CPU seconds", float(np.mean(spent)), float(np.min(spent)), float(np.max(spent)), len(spent)


def warden(by: AlbumModel, count: int, names: list[str]) -> Iterator[Row]:
    """P_E of detectors that learn to tell honest covers from pictures of albums, by one key and one message."""
    honest = np.stack([drawing.honest(by.drawn).picture for _ in range(count)])
    driven = np.concatenate(
        [np.stack(album_files.draw(b"the same message", key_of(0), by, SIZE)) for _ in range(-(-count // SIZE))]
    )[:count]
    covers, stegos = (torch.from_numpy(np.ascontiguousarray(part.transpose(0, 3, 1, 2))) for part in (honest, driven))
    for name in names:
        if name == LATENTS:
            yield by_latents(by, honest, driven)
        else:
            yield judged("pictures of albums", name, covers, stegos, 0)


def by_latents(by: AlbumModel, honest: np.ndarray, driven: np.ndarray) -> Row:
    """P_E of a warden with the extractor: Fisher discriminants of the ratios, and of products of signs."""
    made = [with_products(by.reader.read(list(pictures))) for pictures in (honest, driven)]
    count = len(honest)
    order = np.random.default_rng(SEED).permutation(count)
    learn, test = order[: count // 2], order[count // 2 :]
    classifier = ensemble.fit(made[0][learn], made[1][learn], seed=0, threads=1)
    scores = [classifier.scores(part[test]) for part in made]
    groups = np.arange(len(test))
    low, high = error_interval([Scores(scores[0], scores[1], groups, groups + len(groups))])
    return f"pictures of albums by {LATENTS}, seed 0, P_E", p_e(*scores)[0], low, high, len(test)


def with_products(ratios: np.ndarray) -> np.ndarray:
    """float32 (N, D): the ratios, their magnitudes, and the products of the signs of neighbors."""
    signs = np.sign(ratios)
    return np.concatenate([ratios, np.abs(ratios), signs, signs * np.roll(signs, 1, axis=1)], axis=1).astype(np.float32)


def write(rows: list[Row]) -> None:
    """Replace rows of the same figures in the results."""
    about = [platform.processor() or platform.machine(), torch.__version__, np.__version__]
    with Path("/proc/cpuinfo").open(encoding="ascii") as file:
        about[0] = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), about[0])
    kept = []
    if RESULTS.exists():
        with RESULTS.open(newline="", encoding="utf-8") as file:
            kept = list(csv.reader(file))[1:]
    names = {row[0] for row in rows}
    made = [[name, *(f"{value:g}" for value in values), str(count), *about] for name, *values, count in rows]
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([FIELDS, *(row for row in kept if row[0] not in names), *made])


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["channels", "failures", "whole", "warden"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--channels", nargs="+", default=CHANNELS)
    parser.add_argument("--pool", type=int, default=2000, help="honest pictures that albums are put together from")
    parser.add_argument("--detectors", nargs="+", default=["spam"])
    parser.add_argument("--generator", type=Path, default=Path("faces64"))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    by = album_files.load(model.find(given.generator))
    usual = {"channels": 2000, "failures": 1000, "whole": 10, "warden": 1000}[given.what]
    count = given.count or usual
    if given.what == "warden":
        made = warden(by, count, given.detectors)
    elif given.what == "failures":
        made = failures(by, count, given.channels, given.pool)
    else:
        made = {"channels": channels, "whole": whole}[given.what](by, count, given.channels)
    rows = []
    for row in made:
        print(f"{row[0]}: {row[1]:g} [{row[2]:g}, {row[3]:g}] of {row[4]}", flush=True)
        rows.append(row)
    if given.write:
        write(rows)


if __name__ == "__main__":
    main()
