"""Albums: bits a picture by channel, albums that fail, what reading costs, and whether a warden tells them from honest covers.

    python benchmarks/albums.py channels [--count 2000]                    signs read rightly and bits a picture, by channel
    python benchmarks/albums.py failures [--count 1000] [--pool 2000]      albums at the promise, one picture lost: coded bits
    python benchmarks/albums.py nonces [--count 1000] [--pool 2000]        what pilots tell of the nonce, one picture lost
    python benchmarks/albums.py whole [--count 1000] [--seconds 600]       albums drawn, changed, shuffled, one lost, revealed
    python benchmarks/albums.py lives [--count 3]                          what `ssgan survive` finds of whole albums
    python benchmarks/albums.py warden [--count 1000] [--detectors spam latents]   honest covers against pictures of albums

`--channels NAME ...` takes some channels only. With `--write` the rows go to results/albums.csv. `failures` puts albums
together from honest drawn covers after the real codec, by chance; a failure is a message of the promised length that is not
among the decoder's candidates. `nonces` asks whether pilots tell more of the nonce than it has bits. `whole` goes through
files and the receiver's code with everything in it; it keeps its rows after each round of the channels, and resumes there up
to `--count`, or for so many seconds of the process. Its CPU time is that of the process, user and system.
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
from functools import partial
from pathlib import Path

import numpy as np
import torch
from drawn import judged
from scipy import stats

from ssgan.drawn import drawing, model
from ssgan.errors import NothingFound
from ssgan.images.channels import through
from ssgan.messages import album, album_files, survive
from ssgan.messages.album_files import AlbumModel
from ssgan.messages.album_promise import CHANNELS, album_of, honest_pictures, nonce_bits
from ssgan.messages.drawn_files import content_of
from ssgan.messages.keys import KeyFile
from ssgan.steganalysis.classifiers import ensemble
from ssgan.steganalysis.error_rate import Scores, error_interval, p_e

RESULTS = Path(__file__).resolve().parents[1] / "results" / "albums.csv"
FIELDS = ("figure", "value", "low", "high", "count", "processor", "torch", "numpy")
LATENTS = "latents"  # what the extractor reads, in place of a feature set
NOT_REVEALED, WRONG = "albums through files, shuffled, one lost, not revealed", "wrong messages"
# Beyond what `survive` tries by itself, until the message dies.
HARDER = ("jpeg30", "jpeg20", "jpeg10", "webp30", "webp10", "x0.4", "x0.3", "crop2", "crop3", "crop4", "border1", "border4")
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
        yield (
            f"albums of {SIZE} that fail at the promise, one picture lost, {name}",
            failed / count,
            *bounds(failed, count),
            count,
        )


def nonces(by: AlbumModel, count: int, names: Sequence[str], pool: int) -> Iterator[Row]:
    """Bits that pilots tell of the nonce's first number, from the least to the most of all albums; and the share of albums in
    which these are fewer than it has.
    """
    pictures, true = honest_pictures(by, pool, SEED)
    for name in names:
        agreeing, rng = true * by.reader.read([through(picture, name) for picture in pictures]), np.random.default_rng(SEED)
        told = np.array([nonce_bits(agreeing, by.shape(SIZE), rng) for _ in range(count)])
        yield f"bits told of the nonce in an album of {SIZE}, {name}", told.mean(), told.min(), told.max(), count
        failed = int((told < np.log2(album.FIRST_NUMBERS)).sum())
        yield f"albums of {SIZE} whose nonce is not told, {name}", failed / count, *bounds(failed, count), count


def bounds(failed: int, count: int) -> tuple[float, float]:
    """The interval of 95 % of a share, by Clopper and Pearson; with no failure its end is the rule of three, 3 / count."""
    if not failed:
        return 0.0, min(3.0 / count, 1.0)
    low = float(stats.beta.ppf(0.025, failed, count - failed + 1))
    return low, float(stats.beta.ppf(0.975, failed + 1, count - failed)) if failed < count else 1.0


def whole(by: AlbumModel, count: int, names: Sequence[str], seconds: float) -> Iterator[list[Row]]:
    """Albums through files: drawn, changed, shuffled, the first lost, revealed; rows of all albums so far after each round.

    Each channel carries messages of its own promise; channels of one promise share the drawn album of a round.
    """
    lengths = {name: promise for name in names if (promise := album_files.promise_bytes(by, SIZE, name))}
    found = {name: {what: counted(f"{what}, {name}") for what in (NOT_REVEALED, WRONG)} for name in lengths}
    spent: list[float] = []
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        number = min(done for one in found.values() for _, done in one.values())
        if number >= count:
            return
        drawn: dict[int, tuple[bytes, list[np.ndarray]]] = {}
        for name in [name for name in lengths if found[name][NOT_REVEALED][1] == number]:
            rng, key, length = np.random.default_rng([SEED, number, list(CHANNELS).index(name)]), key_of(number), lengths[name]
            if length not in drawn:
                message = rng.bytes(length)
                drawn[length] = message, album_files.draw(message, key, by, SIZE)
            message, pictures = drawn[length]
            back, used = revealed([through(pictures[place], name) for place in rng.permutation(SIZE)[1:]], key)
            spent.append(used)
            for what, is_so in ((NOT_REVEALED, back is None), (WRONG, back is not None and back != message)):
                hits, done = found[name][what]
                found[name][what] = hits + is_so, done + 1
        rows = [
            (f"{what}, {name}", hits / done, *bounds(hits, done), done)
            for name, of_channel in found.items()
            for what, (hits, done) in of_channel.items()
        ]
        times = spent[1:] or spent  # the first one loads compiled loops
        yield [*rows, ("reveal, CPU seconds", float(np.mean(times)), float(np.min(times)), float(np.max(times)), len(times))]


def revealed(pictures: list[np.ndarray], key: KeyFile) -> tuple[bytes | None, float]:
    """The message in these pictures as files, or None; and CPU seconds of reading."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{place:02d}.png" for place in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            path.write_bytes(content_of(picture, path))
        begun = time.process_time()
        try:
            back = album_files.reveal_files_of_any_kind(paths, key, size=SIZE)
        except NothingFound:
            back = None
        return back, time.process_time() - begun


def counted(figure: str) -> tuple[int, int]:
    """How many of how many albums a row of the results has."""
    with RESULTS.open(newline="", encoding="utf-8") as file:
        row = next((row for row in csv.DictReader(file) if row["figure"] == figure), None)
    return (round(float(row["value"]) * int(row["count"])), int(row["count"])) if row else (0, 0)


def lives(by: AlbumModel, count: int) -> Iterator[Row]:
    """The share of whole albums, at the promise of the usual channel, that live through each change that `survive` tries."""
    length = album_files.promise_bytes(by, SIZE)
    lived: dict[str, int] = {}
    for number in range(count):
        message, key = np.random.default_rng([SEED, number]).bytes(length), key_of(number)
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{place:02d}.png" for place in range(SIZE)]
            for path, picture in zip(paths, album_files.draw(message, key, by, SIZE), strict=True):
                path.write_bytes(content_of(picture, path))
            read = partial(album_files.reveal_files_of_any_kind, size=SIZE)
            for one in survive.survive(paths, key, read, names=[*survive.TRANSFORMATIONS, *HARDER]):
                lived[one.name] = lived.get(one.name, 0) + one.lives
    for name, hits in lived.items():
        low, high = (1 - end for end in bounds(count - hits, count)[::-1])
        yield f"albums that live, {name}", hits / count, low, high, count


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
    parser.add_argument("what", choices=["channels", "failures", "nonces", "whole", "lives", "warden"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--channels", nargs="+", default=CHANNELS)
    parser.add_argument("--pool", type=int, default=2000, help="honest pictures that albums are put together from")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of `whole`: CPU time")
    parser.add_argument("--detectors", nargs="+", default=["spam"])
    parser.add_argument("--generator", type=Path, default=Path("faces64"))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    by = album_files.load(model.find(given.generator))
    usual = {"channels": 2000, "failures": 1000, "nonces": 1000, "whole": 1000, "lives": 3, "warden": 1000}[given.what]
    count = given.count or usual
    rows: list[Row] = []
    if given.what == "whole":
        for rows in whole(by, count, given.channels, given.seconds):
            print(f"{rows[0][4]} albums a channel, not revealed {[row[1] for row in rows[:-1:2]]}", flush=True)
            if given.write:
                write(rows)
        return
    makers = {
        "channels": lambda: channels(by, count, given.channels),
        "failures": lambda: failures(by, count, given.channels, given.pool),
        "nonces": lambda: nonces(by, count, given.channels, given.pool),
        "lives": lambda: lives(by, count),
        "warden": lambda: warden(by, count, given.detectors),
    }
    for row in makers[given.what]():
        print(f"{row[0]}: {row[1]:g} [{row[2]:g}, {row[3]:g}] of {row[4]}", flush=True)
        rows.append(row)
        if given.write:
            write(rows)


if __name__ == "__main__":
    main()
