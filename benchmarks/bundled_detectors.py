"""Make the detectors that come with the package: `python benchmarks/bundled_detectors.py KIND DATA [--out FOLDER]`.

KIND is `photographed-faces` or `generated-faces` (DATA: the archive of CelebA faces, read with --geometry celeba64) or
`photographs` (DATA: a folder with an index.csv that names the set of each picture); `attacks` (the same DATA) prints what the
scores of the attacks on LSB replacement mean, which need no training. Features are kept in the folder --work, so
that an interrupted run goes on. Everything drawn is drawn from public seeds.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from ssgan import images
from ssgan.compute import seeds
from ssgan.datasets import GEOMETRIES, open_source
from ssgan.datasets.loading import rows
from ssgan.detection.verdicts import bundled, lsb_replacement
from ssgan.detection.verdicts.domain import Domain
from ssgan.embedding.embedder import Embedder
from ssgan.gan.covers.generators import find_generator, open_generator
from ssgan.gan.covers.sample import latents, prepared, sample
from ssgan.images import to_images
from ssgan.steganalysis.classifiers import ridge
from ssgan.steganalysis.detector import Calibration
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings

# What a stego is made by; each cover gets one of them. Payloads in bits per sample.
OF_FACES = (
    *("lsb@0.1/plain", "lsb@0.2/plain", "lsb@0.4/plain", "lsbr@0.2/plain", "lsbr@0.4/plain"),
    *("hill@0.2", "hill@0.4", "wow@0.4", "suniward@0.4", "hugo@0.4"),
)
OF_PHOTOGRAPHS = (
    *("lsb@0.2/plain", "lsb@0.4/plain", "lsb@1/plain", "lsbr@0.4/plain", "lsbr@1/plain"),
    *("hill@0.4", "wow@0.4", "suniward@0.4", "hugo@0.4"),
)
HEAVY = ("lsb@1/plain", "lsbr@1/plain")  # not learned from, but of the domain: who hides so much is to be found as well
MANY = 300
REPLACEMENT = ("lsbr@0.05/plain", "lsbr@0.1/plain", "lsbr@0.2/plain", "lsbr@0.4/plain", "lsbr@1/plain")
FALSE_ALARMS = 0.04  # of the 5 % of all detectors together; the attacks on LSB replacement have the rest
PARTS = ("train", "validate", "calibrate")


@dataclass(frozen=True)
class Recipe:
    """One detector: how many covers each part has, and which features are looked at."""

    images: str
    features: str
    counts: tuple[int, int, int]
    channels: tuple[int, ...]
    side: int
    exact: bool
    embedders: tuple[str, ...]
    data: str


RECIPES = {
    "photographed-faces": Recipe(
        "photographed faces, 64 x 64 in color", "scrmq1", (1500, 400, 1500), (3,), 64, True, OF_FACES,
        "faces of CelebA, the 108 x 108 in the center reduced to 64 x 64",
    ),
    "generated-faces": Recipe(
        "covers by the bundled generator faces64, 64 x 64 in color", "scrmq1", (2500, 400, 1500), (3,), 64, True, OF_FACES,
        "covers by faces64 from the public seeds 101, 102, 103",
    ),
    "photographs": Recipe(
        "photographs of 256 x 256 pixels and more, gray or color", "cspam", (1140, 240, 210), (1, 3), 256, False,
        OF_PHOTOGRAPHS,
        "photographs reduced from the web (CID22) and of BOSSbase, in gray; calibrated on others of both and of ALASKA v2; "
        "also reduced further, sharpened, with noise added and with another gamma",
    ),
}  # fmt: skip
# Of photographs: the set, the part, and which of the set's pictures, in the order of the index.
SETS = (
    ("gray512", "train", slice(0, 85)), ("bosstiles", "train", slice(0, 10)), ("gray512", "validate", slice(85, 105)),
    ("gray512", "calibrate", slice(105, 120)), ("bossbase", "calibrate", slice(0, 10)),
    ("alaska256", "calibrate", slice(0, 10)),
)  # fmt: skip
VARIANTS = {"train": 12, "validate": 12, "calibrate": 6}


def faces(archive: Path, counts: tuple[int, int, int]) -> dict[str, list[np.ndarray]]:
    """Photographed faces by part; no person is in two of them. The fold 9 stays unseen, for the measurements."""
    wanted: dict[str, list[np.ndarray]] = {part: [] for part in PARTS}
    folds = {"train": range(5), "validate": range(5, 6), "calibrate": range(6, 9)}
    limits = dict(zip(PARTS, counts, strict=True))
    for fold, image in with_folds(archive):
        for part in PARTS:
            if fold in folds[part] and len(wanted[part]) < limits[part]:
                wanted[part].append(image)
    return wanted


def with_folds(archive: Path) -> Iterator[tuple[int | None, np.ndarray]]:
    """(fold, uint8 (3, 64, 64)) of each face."""
    with open_source(archive) as source:
        for name, image in rows(source, GEOMETRIES["celeba64"], [], convert=("jpeg",)):
            yield source.fold(name), image


def photographs(folder: Path) -> dict[str, list[np.ndarray]]:
    """Pictures and what becomes of them by part: a square of each to learn from, all of each to calibrate on."""
    found: dict[str, list[np.ndarray]] = {part: [] for part in PARTS}
    side = RECIPES["photographs"].side
    for name, part, chosen in SETS:
        for number, picture in enumerate(pictures_of(folder, name)[chosen]):
            for k in range(VARIANTS[part]):
                rng = seeds.generator(0, name, str(number), str(k))
                made = variant(picture, rng, side) if k else picture
                found[part].append(made if part == "calibrate" else _square(made, side, rng))
    return found


def pictures_of(folder: Path, name: str) -> list[np.ndarray]:
    """The pictures of a set, uint8 (C, H, W), in the order of the folder's index.csv."""
    with (folder / "index.csv").open(newline="", encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file) if row["set"] == name]
    found = []
    for path in paths:
        place, _, member = path.partition("!")
        if member:
            with open_source(folder / place) as source:
                found.append(source.picture(member, convert=images.CONVERSIONS).samples)
        else:
            found.append(images.read(folder / place, convert=images.CONVERSIONS).samples)
    return found


def variant(picture: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray:
    """A picture as another camera or program might have made it: perhaps smaller, sharper, noisier, with another gamma."""
    image = Image.fromarray(np.squeeze(picture.transpose(1, 2, 0)))
    width, height = image.size
    least = side / min(width, height)
    if least < 0.97 and rng.random() < 0.5:
        share = rng.uniform(max(least, 0.5), 0.97)
        by = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.BOX)
        size = (max(side, round(width * share)), max(side, round(height * share)))
        image = image.resize(size, by[rng.integers(4)])
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.UnsharpMask(1, int(rng.integers(30, 150)), 0))
    values = np.asarray(image, dtype=np.float64)
    if rng.random() < 0.4:
        values = values + rng.normal(0, rng.uniform(0.2, 4.0), values.shape)
    if rng.random() < 0.3:
        values = 255 * (values.clip(0, 255) / 255) ** rng.uniform(0.8, 1.25)
    pixels = values.round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def _square(picture: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[1:])
    return np.ascontiguousarray(picture[:, top : top + side, left : left + side])


def generated(counts: tuple[int, ...], first_seed: int = 101) -> list[list[np.ndarray]]:
    """Covers by the bundled generator, so many of each seed from the first on."""
    net, card = open_generator(find_generator(Path("faces64")))
    net = prepared(net)
    return [list(sample(net, latents(card.config, range(count), first_seed + k)).numpy()) for k, count in enumerate(counts)]


def stegos(covers: Sequence[np.ndarray], part: str, embedders: tuple[str, ...]) -> list[np.ndarray]:
    """A stego of each cover (C, H, W), the embedders in turn."""
    made = []
    for i, cover in enumerate(covers):
        own = np.array([seeds.derive(0, part, str(i))], dtype=np.uint64)
        embedder = Embedder.parse(embedders[i % len(embedders)])
        made.append(embedder.simulate_seeded(to_images(cover.copy()), own)[0].numpy())
    return made


def kept(file: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """An array from its file, or made and written there."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        found = make()
        with file.with_suffix(".part").open("wb") as stream:
            np.save(stream, found, allow_pickle=False)
        file.with_suffix(".part").rename(file)
    return np.load(file, allow_pickle=False)


def make(name: str, covers: Mapping[str, list[np.ndarray]], work: Path, out: Path) -> None:
    """Learn from the covers of each part and their stegos, and write the detector."""
    recipe = RECIPES[name]
    detector = FeatureDetector(FeatureSettings(recipe.features, "ridge"), threads=1)
    scope = bundled.Scope(
        recipe.images, recipe.channels, recipe.side, recipe.exact, 0.0, Calibration(1.0, 0.0), recipe.embedders
    )
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for part, some in covers.items():
        parts = [
            kept(work / name / f"{part}-{kind}.npy", partial(features, made, scope, detector))
            for kind, made in (
                ("covers", lambda some=some: some),
                ("stegos", lambda some=some, part=part: stegos(some, part, recipe.embedders)),
            )
        ]
        found[part] = (parts[0], parts[1])
    detector.classifier = ridge.fit(found["train"], found["validate"])
    heavy = [
        kept(
            work / name / f"{part}-heavy.npy",
            partial(features, partial(stegos, covers[part][:MANY], "heavy", HEAVY), scope, detector),
        )
        for part in ("train", "calibrate")
    ]
    domain = Domain.fit(
        np.concatenate([*(one[: 2 * MANY] for one in found["train"]), heavy[0]]),
        np.concatenate([*found["calibrate"], heavy[1]]),
    )
    low, high = (detector.classifier.scores(one) for one in found["calibrate"])
    threshold = float(np.quantile(low, 1 - FALSE_ALARMS))
    scope = replace(scope, threshold=threshold, calibration=Calibration.fit(low, high))
    about = {
        "data": recipe.data,
        "covers": {part: len(some) for part, some in covers.items()},
        "validation_p_e": detector.classifier.error,
        "found": {
            embedder: float((high[k :: len(recipe.embedders)] > threshold).mean())
            for k, embedder in enumerate(recipe.embedders)
        },
    }
    bundled.save(out / name, detector, scope, domain, about)
    print(name, about, "threshold", threshold)


def attacks(folder: Path) -> None:
    """Say what the scores of the attacks on LSB replacement mean: the constants of `detection/verdicts/lsb_replacement.py`."""
    covers = [picture for name, _, chosen in SETS for picture in pictures_of(folder, name)[chosen]]
    made = (covers, stegos(covers, "attacks", REPLACEMENT))
    low, high = ([one.score for one in map(lsb_replacement.trace, some) if one.score is not None] for some in made)
    calibration = Calibration.fit(np.array(low), np.array(high))
    print(
        f"{len(low)} covers, of which 99 % score at most {np.quantile(low, 0.99):.2f} and all at most {max(low):.2f}; "
        f"{calibration}"
    )


def features(make: Callable[[], Sequence[np.ndarray]], scope: bundled.Scope, detector: FeatureDetector) -> np.ndarray:
    """float32 (N, D): of each image the mean over its squares, as a verdict takes them."""
    found = []
    for image in make():
        squares = scope.squares(image)
        assert squares is not None
        found.append(bundled.mean_features(detector, squares).astype(np.float32))
    return np.stack(found)


def main() -> None:
    """One detector."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kind", choices=[*RECIPES, "attacks"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("out/bundled-detectors"))
    parser.add_argument("--out", type=Path, default=bundled.BUNDLED)
    chosen = parser.parse_args()
    if chosen.kind == "attacks":
        attacks(chosen.data)
        return
    counts = RECIPES[chosen.kind].counts
    if chosen.kind == "photographed-faces":
        covers = faces(chosen.data, counts)
    elif chosen.kind == "photographs":
        covers = photographs(chosen.data)
    else:
        covers = dict(zip(PARTS, generated(counts), strict=True))
    make(chosen.kind, covers, chosen.work, chosen.out)


if __name__ == "__main__":
    main()
