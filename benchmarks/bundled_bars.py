"""What the bundled detectors say of pictures that none has seen: `python benchmarks/bundled_bars.py NATURAL FACES --write`.

NATURAL is a folder with an index.csv that names the set of each picture, FACES the archive of CelebA faces. Clean pictures must
be left alone, LSB replacement at 0.2 bits per sample must be found in photographs; the other rows say what else is found.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import pairing
import numpy as np
import skimage
from bundled_detectors import generated, pictures_of, stegos, with_folds

from ssgan import images
from ssgan.detection.verdicts import Verdict, judge
from ssgan.images import to_images

PHOTOGRAPHS = ("kodak", "mcmaster", "seals", "edge", "scikit-image", "gray512")
IN_PACKAGE = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "motorcycle_left", "motorcycle_right")
UNSEEN = slice(120, 160)  # of gray512
FACES = 60
WORDS = ("stego", "inconclusive", "cover", "out of domain")
EDGES = (0, 0.1, 0.25, 0.4, 0.6, 0.8, 0.95, 1.01)
UNSEEN_FOLD, UNSEEN_SEED = 9, 900
HIDDEN = {
    "photographs": ("lsbr@0.05/plain", "lsbr@0.1/plain", "lsbr@0.2/plain", "lsb@0.4/plain", "lsb@1/plain", "hill@0.4"),
    "faces": ("lsbr@0.2/plain", "lsb@0.1/plain", "lsb@0.4/plain", "hill@0.2", "hill@0.4"),
}


@dataclass(frozen=True)
class Row:
    """How many pictures of a source get which verdict; `hidden` is the embedder, or "nothing"."""

    source: str
    hidden: str
    pictures: int
    stego: int
    inconclusive: int
    cover: int
    out_of_domain: int


@dataclass(frozen=True)
class Bin:
    """Pictures whose probability lies in a tenth or two, covers and stegos weighted alike: what was said, and what was so."""

    kind: str
    least: float
    pictures: int
    mean_probability: float
    share_of_stegos: float


def sources(natural: Path, faces: Path) -> Iterator[tuple[str, str, Callable[[], Sequence[np.ndarray]]]]:
    """(name, kind, pictures) of each source."""
    data = Path(skimage.__file__).parent / "data"
    for name in PHOTOGRAPHS:
        if name == "scikit-image":
            yield name, "photographs", lambda: [_read(data / f"{one}.png") for one in IN_PACKAGE]
        else:
            chosen = UNSEEN if name == "gray512" else slice(None)
            yield name, "photographs", lambda name=name, chosen=chosen: pictures_of(natural, name)[chosen]  # type: ignore[misc]
    unseen = (face for fold, face in with_folds(faces) if fold == UNSEEN_FOLD)
    yield "photographed faces", "faces", lambda: list(islice(unseen, FACES))
    yield "generated faces", "faces", lambda: generated((FACES,), UNSEEN_SEED)[0]


KindVerdicts = list[tuple[str, str, list[Verdict]]]  # kind, what is hidden, verdicts


def measured(natural: Path, faces: Path, said: KindVerdicts) -> Iterator[Row]:
    """A row for each source, with nothing hidden and with each embedder; `said` fills with the verdicts."""
    for name, kind, read in sources(natural, faces):
        pictures = read()
        for hidden in ("nothing", *HIDDEN[kind]):
            shown = pictures if hidden == "nothing" else stegos(pictures, f"bars {name}", (hidden,))
            found = [judge(to_images(picture.copy()))[0] for picture in shown]
            said.append((kind, hidden, found))
            words = [sum(one.verdict == word for one in found) for word in WORDS]
            yield Row(name, hidden, len(found), words[0], words[1], words[2], words[3])


def bins(said: KindVerdicts, kind: str) -> Iterator[Bin]:
    """How probabilities compare with what is so, where half of all are covers, and LSB replacement is half of the stegos."""
    groups: dict[str, list[float]] = {"nothing": [], "lsbr": [], "other": []}
    for one, hidden, verdicts in said:
        if one == kind:
            group = hidden if hidden == "nothing" else "lsbr" if hidden.startswith("lsbr") else "other"
            groups[group] += [v.probability for v in verdicts if v.probability is not None]
    share = {"nothing": 0.5, "lsbr": 0.25, "other": 0.25}
    all_of_them = [(p, group != "nothing", share[group] / len(some)) for group, some in groups.items() for p in some]
    for low, high in pairwise(EDGES):
        inside = [(p, stego, weight) for p, stego, weight in all_of_them if low <= p < high]
        total = sum(weight for _, _, weight in inside)
        if inside:
            mean = sum(p * weight for p, _, weight in inside) / total
            yield Bin(kind, low, len(inside), mean, sum(weight for _, stego, weight in inside if stego) / total)


def together(rows: Sequence[Row], hidden: str, source: str, within: Sequence[str]) -> Row:
    """The sum of the rows of several sources."""
    some = [row for row in rows if row.hidden == hidden and row.source in within]
    counts = [sum(getattr(row, word.replace(" ", "_")) for row in some) for word in ("pictures", *WORDS)]
    return Row(source, hidden, counts[0], counts[1], counts[2], counts[3], counts[4])


def main() -> None:
    """Print, and write results/detect.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("natural", type=Path)
    parser.add_argument("faces", type=Path)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    rows: list[Row] = []
    said: KindVerdicts = []
    for row in measured(chosen.natural, chosen.faces, said):
        print(row, flush=True)
        rows.append(row)
    every = list(dict.fromkeys(row.source for row in rows))
    sums = [together(rows, "nothing", "all sources", every)]
    sums += [together(rows, hidden, "all photographs", PHOTOGRAPHS) for hidden in ("nothing", *HIDDEN["photographs"])]
    found = [one for kind in HIDDEN for one in bins(said, kind)]
    print(*sums, *found, sep="\n")
    if chosen.write:
        pairing.write("detect", [*rows, *sums])
        pairing.write("detect-probabilities", found)


def _read(path: Path) -> np.ndarray:
    return images.read(path, convert=images.CONVERSIONS).samples


if __name__ == "__main__":
    main()
