"""What `detect` says of JPEGs that no detector has seen: `python benchmarks/bundled_jpeg_bars.py NATURAL --write`.

NATURAL is a folder with an index.csv that names the set of each picture. Of each photograph of the sources that nothing was
learned from, the luma is compressed at each quality; clean, after another compression, reduced after one, and as a screenshot
of one with a frame. Stegos are made of the once compressed ones, half of what each program takes, which Debian has.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pairing
import numpy as np
import skimage
from bundled_bars import IN_PACKAGE, UNSEEN, WORDS
from bundled_detectors import pictures_of
from bundled_jpeg_detectors import Jpeg, again, cover_of, stego
from PIL import Image

from ssgan import images
from ssgan.compute import seeds
from ssgan.detection.verdicts.bundled import bundled_detectors
from ssgan.detection.verdicts.judge import judge_jpeg
from ssgan.detection.verdicts.verdict import Verdict
from ssgan.errors import DoesNotFit
from ssgan.images.coefficients import Coefficients

QUALITIES = (75, 80, 85, 90, 95, 98)
CLEAN = ("once a JPEG", "compressed twice", "reduced after a JPEG", "a screenshot")
HIDDEN = ("jsteg@0.5", "f5@0.5", "outguess@0.5", "steghide@0.5", "juniward@0.4", "uerd@0.4")
SOURCES = ("kodak", "mcmaster", "seals", "gray512")


@dataclass(frozen=True)
class Row:
    """How many JPEGs of a quality get which verdict; `hidden` is the embedder, or how a clean one was made."""

    hidden: str
    quality: int
    pictures: int
    stego: int
    inconclusive: int
    cover: int
    out_of_domain: int
    seconds: float


def photographs(natural: Path) -> list[np.ndarray]:
    """Gray pixels of all photographs that nothing was learned from."""
    data = Path(skimage.__file__).parent / "data"
    found = [one for name in SOURCES for one in pictures_of(natural, name)[UNSEEN if name == "gray512" else slice(None)]]
    found += [images.read(data / f"{one}.png", convert=images.CONVERSIONS).samples for one in IN_PACKAGE]
    return [np.asarray(Image.fromarray(np.squeeze(one.transpose(1, 2, 0))).convert("L")) for one in found]


def clean(gray: np.ndarray, how: str, quality: int, rng: np.random.Generator) -> Jpeg:
    """A clean JPEG of a kind of CLEAN."""
    if how == "compressed twice":
        gray = again(gray, int(rng.integers(60, 99)))
    if how == "reduced after a JPEG":
        share = rng.uniform(0.5, 0.9)
        size = (round(gray.shape[1] * share), round(gray.shape[0] * share))
        gray = np.asarray(Image.fromarray(again(gray, 85)).resize(size, Image.Resampling.BICUBIC))
    if how == "a screenshot":
        framed = np.full((gray.shape[0] + 2 * int(rng.integers(20, 60)), gray.shape[1] + 40), 243, np.uint8)
        top, left = int(rng.integers(5, 20)), int(rng.integers(5, 20))
        framed[top : top + gray.shape[0], left : left + gray.shape[1]] = again(gray, 88)
        gray = framed
    return Jpeg(gray, quality)


def verdicts(pictures: list[np.ndarray], hidden: str, quality: int) -> Iterator[tuple[Verdict, float]]:
    """The verdict on each, and the processor's seconds that it took."""
    detectors = bundled_detectors()
    for number, gray in enumerate(pictures):
        rng = seeds.generator(2, hidden, str(quality), str(number))
        made: Coefficients
        if hidden in CLEAN:
            made = clean(gray, hidden, quality, rng).cover()
        else:
            try:
                made = stego(cover_of(Jpeg(gray, quality), hidden), hidden, int(rng.integers(2**32)))
            except DoesNotFit:  # flat, or OutGuess gives up
                continue
        begun = time.process_time()
        verdict = judge_jpeg(made, detectors)
        yield verdict, time.process_time() - begun


def written() -> list[Row]:
    """The rows that are in results/detect_jpeg.csv already."""
    path = pairing.RESULTS / "detect_jpeg.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    counts = [field.name for field in fields(Row) if field.type == "int"]
    return [
        Row(hidden=line["hidden"], seconds=float(line["seconds"]), **{name: int(line[name]) for name in counts})
        for line in lines
    ]


def main() -> None:
    """Print, and write results/detect_jpeg.csv; of qualities that are not asked about, its rows are kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("natural", type=Path)
    parser.add_argument("--quality", type=int, nargs="*", default=QUALITIES)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    pictures, rows = photographs(chosen.natural), []
    for hidden in (*CLEAN, *HIDDEN):
        for quality in chosen.quality:
            found = list(verdicts(pictures, hidden, quality))
            words = Counter(str(one.verdict) for one, _ in found)
            count = [words[word] for word in WORDS]
            seconds = round(float(np.median([taken for _, taken in found])), 3)
            rows.append(Row(hidden, quality, len(found), count[0], count[1], count[2], count[3], seconds))
            print(rows[-1], flush=True)
    if chosen.write:
        rows += [row for row in written() if row.quality not in chosen.quality]
        kinds = (*CLEAN, *HIDDEN)
        pairing.write("detect_jpeg", sorted(rows, key=lambda row: (kinds.index(row.hidden), row.quality)))


if __name__ == "__main__":
    main()
