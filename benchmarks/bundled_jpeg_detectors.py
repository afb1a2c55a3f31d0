"""Make the detectors for JPEGs that come with the package: `python benchmarks/bundled_jpeg_detectors.py DATA [--band 75]`.

DATA is a folder with an index.csv that names the set of each picture, as for `bundled_detectors.py`. Each cover is a square of
a photograph, perhaps another development of it, and perhaps once a JPEG already; its quality is drawn from the detector's band.
Stegos by OutGuess and steghide are made by these programs, which Debian has. Everything drawn is drawn from public seeds.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bundled_detectors import SETS, kept, pictures_of, variant
from PIL import Image

from ssgan import images
from ssgan.compute import seeds
from ssgan.detection.verdicts import bundled, jsteg_replacement
from ssgan.detection.verdicts.domain import Domain
from ssgan.embedding.coders import shrinkage
from ssgan.embedding.coefficient_embedder import simulate_coefficients
from ssgan.errors import DoesNotFit
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import Coefficients, planes
from ssgan.images.new_jpeg import LUMA_STEPS, new_jpeg, steps
from ssgan.images.quantization import steps_of
from ssgan.steganalysis.attacks.coefficients import BY_NAME, SuspectLuma
from ssgan.steganalysis.attacks.grids import has_other_grid
from ssgan.steganalysis.attacks.structural import Estimate
from ssgan.steganalysis.classifiers import ensemble, ridge
from ssgan.steganalysis.detector import Calibration
from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings

BANDS = {"75": (70, 77), "80": (78, 84), "87": (85, 89), "91": (90, 93), "95": (94, 96), "97": (97, 98)}
SIDE = 256
COUNTS = {"train": 14, "validate": 14, "calibrate": 16}  # covers from each picture
# What a stego is made by, in turn: for old programs a share of their capacity, for others bits per nonzero AC coefficient.
EMBEDDERS = ("jsteg@0.5", "jsteg@0.2", "f5@0.5", "f5@0.2", "outguess@0.5", "steghide@0.5", "steghide@0.25")
FALSE_ALARMS = 0.02  # of the 5 % of all together: the attack on jsteg has little, and pictures of other sources give more
ROOTS = "rootccjrm"  # with ridge regression; ccJRM itself with the ensemble. The bundled jpeg-91 and jpeg-97 are of the roots
PENALTIES = [10 ** (k / 2) for k in range(-6, 2)]
PROGRAMS = ("outguess", "steghide")
OLD = ("jsteg@0.5", "jsteg@0.2", "f5@0.5", "f5@0.2", "outguess@0.5", "outguess@0.2")


@dataclass(frozen=True)
class Jpeg:
    """A cover: pixels that are compressed at a quality."""

    pixels: np.ndarray
    quality: int

    def cover(self) -> Coefficients:
        """The gray JPEG, as this package writes it."""
        return new_jpeg(self.pixels, self.quality).cover


def covers(folder: Path, band: tuple[int, int]) -> dict[str, list[Jpeg]]:
    """Covers by part; no picture is in two of them."""
    found: dict[str, list[Jpeg]] = {part: [] for part in COUNTS}
    for name, part, chosen in SETS:
        for number, picture in enumerate(pictures_of(folder, name)[chosen]):
            for k in range(COUNTS[part]):
                found[part].append(one(picture, seeds.generator(0, "jpeg", str(band[0]), name, str(number), str(k)), band))
    return found


def one(picture: np.ndarray, rng: np.random.Generator, band: tuple[int, int]) -> Jpeg:
    """A square of a picture as it may be met: another development, perhaps compressed before, perhaps reduced since."""
    made = variant(picture, rng, SIDE) if rng.random() < 0.7 else picture
    gray = np.asarray(Image.fromarray(np.squeeze(made.transpose(1, 2, 0))).convert("L"))
    if rng.random() < 0.4:
        gray = again(gray, int(rng.integers(60, 99)))
        if rng.random() < 0.5 and min(gray.shape) > SIDE * 1.2:
            share = rng.uniform(max(SIDE / min(gray.shape), 0.5), 0.95)
            size = (max(SIDE, round(gray.shape[1] * share)), max(SIDE, round(gray.shape[0] * share)))
            gray = np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BICUBIC))
    top, left = (int(rng.integers(0, length - SIDE + 1)) for length in gray.shape)
    if rng.random() < 0.5:  # on the grid of the first compression, as a picture that was merely saved again
        top, left = top - top % 8, left - left % 8
    return Jpeg(np.ascontiguousarray(gray[top : top + SIDE, left : left + SIDE]), int(rng.integers(band[0], band[1] + 1)))


def again(gray: np.ndarray, quality: int) -> np.ndarray:
    """Gray pixels once compressed."""
    return images.read(new_jpeg(gray, quality).cover.file, convert=("jpeg",)).samples[0]


def stego(cover: Coefficients, embedder: str, seed: int) -> Coefficients:
    """A stego; half of the payload where that does not fit, down to nothing that matters."""
    name, _, amount = embedder.partition("@")
    share = float(amount)
    for _ in range(6):
        try:
            return embedded(cover, name, share, seed)
        except DoesNotFit:
            share /= 2
    raise DoesNotFit(f"{embedder} does not fit", reachable=0)


def stego_or_jsteg(cover: Coefficients, embedder: str, seed: int) -> Coefficients:
    """A stego; by jsteg where OutGuess gives up, as it does on some pictures whatever the message."""
    try:
        return stego(cover, embedder, seed)
    except DoesNotFit:
        return stego(cover, "jsteg@0.2", seed)


def embedded(cover: Coefficients, name: str, share: float, seed: int) -> Coefficients:
    """A stego by a scheme at a payload in bpnzAC, or by an old program at a share of its capacity."""
    values = cover.components[0].carriers.reshape(-1, 64)[:, 1:]
    usable = np.count_nonzero((values != 0) & (values != 1))
    if name == "jsteg":
        order = "/plain:raster" if seed % 2 else "/plain"
        return simulate_coefficients(cover, f"jsteg@{share * usable / np.count_nonzero(values):.6f}{order}", seed)
    if name == "f5":
        most = shrinkage.capacity(values[values != 0])
        return simulate_coefficients(cover, f"nsf5@{share * most / np.count_nonzero(values):.6f}/shrinkage", seed)
    if name in PROGRAMS:
        return by_program(cover, name, share, seed)
    return simulate_coefficients(cover, f"{name}@{share}", seed)


def by_program(cover: Coefficients, name: str, share: float, seed: int) -> Coefficients:
    """A stego by a program: a gray JPEG by steghide as it is, by OutGuess as the luma of a JPEG in gray colors.

    OutGuess decodes and compresses again, at the quality given; the cover is compressed alike before, so that nothing else
    differs. Its capacity is half of the coefficients that it uses, steghide's a quarter of the nonzero ones, about.
    """
    values = cover.components[0].blocks
    rng = seeds.generator(seed, "program")
    with tempfile.TemporaryDirectory() as place:
        at = Path(place)
        if name == "outguess":
            count = int(share * np.count_nonzero((values != 0) & (values != 1)) / 2 / 8)
            pixels = images.read(cover.file, convert=("jpeg",)).samples[0]
            Image.fromarray(np.stack([pixels] * 3, 2)).save(at / "cover.ppm")
            quality = next(q for q in range(100, 0, -1) if np.array_equal(steps(LUMA_STEPS, q), cover.components[0].table))
            command = ["outguess", "-k", "key", "-p", str(quality), "-d", "message", "cover.ppm", "stego.jpg"]
        else:
            count = int(share * np.count_nonzero(values) / 4 / 8)
            (at / "cover.jpg").write_bytes(cover.file)
            command = ["steghide", "embed", "-cf", "cover.jpg", "-ef", "message", "-p", "key", "-sf", "stego.jpg", "-q"]
            command += ["-Z", "-K", "-N", "-e", "none"]
        (at / "message").write_bytes(rng.bytes(max(1, count)))
        done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
        if done.returncode or not (at / "stego.jpg").exists():
            raise DoesNotFit(f"{name}: {done.stderr.strip()[-200:]}", reachable=0)
        return read_coefficients((at / "stego.jpg").read_bytes())


def cover_of(jpeg: Jpeg, embedder: str) -> Coefficients:
    """The cover of a stego; OutGuess reads pixels, so that its cover is one of pixels that were compressed once more."""
    if not embedder.startswith("outguess"):
        return jpeg.cover()
    return Jpeg(again(jpeg.pixels, jpeg.quality), jpeg.quality).cover()


def features(some: Sequence[Jpeg], detector: FeatureDetector, part: str, *, with_message: bool) -> np.ndarray:
    """float32 (N, D) of the covers, or of their stegos."""
    found = []
    for i, jpeg in enumerate(some):
        embedder = EMBEDDERS[i % len(EMBEDDERS)]
        made = cover_of(jpeg, embedder)
        if with_message:
            made = stego_or_jsteg(made, embedder, int(seeds.derive(0, part, str(i)) % 2**32))
        luma = made.components[0]
        found.append(detector.features(torch.from_numpy(planes(luma.carriers)[None, None]), table=luma.table)[0])
    return np.stack(found).astype(np.float32)


def on_other_grid(some: Sequence[Jpeg]) -> np.ndarray:
    """bool (N,): whether each cover shows an earlier compression on another grid."""
    return np.array([has_other_grid(cover_of(one, EMBEDDERS[i % len(EMBEDDERS)]).components[0]) for i, one in enumerate(some)])


def answerable(some: Sequence[Jpeg]) -> np.ndarray:
    """bool (N,): whether a detector would answer on each cover."""
    named = ((jpeg, EMBEDDERS[i % len(EMBEDDERS)]) for i, jpeg in enumerate(some))
    return np.array([not SuspectLuma(cover_of(jpeg, embedder).components[0]).is_recompressed for jpeg, embedder in named])


def make(folder: Path, name: str, work: Path, out: Path, feature_set: str) -> None:
    """Learn one band, and write the detector."""
    band = BANDS[name]
    settings = FeatureSettings(feature_set, "ridge", table=steps_of(steps(LUMA_STEPS, sum(band) // 2)))  # kept as one is
    detector = FeatureDetector(settings, threads=1)
    parts = covers(folder, band)
    learned = len(parts["train"])  # the covers after these choose the penalty first, then all teach
    parts["train"] += parts.pop("validate")
    found = {
        part: tuple(
            kept(
                work / f"{feature_set}-{name}" / f"{part}-{kind}.npy",
                partial(features, some, detector, part, with_message=kind == "stegos"),
            )
            for kind in ("covers", "stegos")
        )
        for part, some in parts.items()
    }
    # Where a picture was compressed twice on one grid nobody answers, so that nothing is learned from it. Pictures on another
    # grid teach, as not all of them are noticed; those that are do not set the threshold.
    asked = {
        part: np.flatnonzero(kept(work / f"{feature_set}-{name}" / f"{part}-asked.npy", partial(answerable, some)))
        for part, some in parts.items()
    }
    shifted = kept(work / f"{feature_set}-{name}" / "calibrate-shifted.npy", partial(on_other_grid, parts["calibrate"]))
    asked["calibrate"] = asked["calibrate"][~shifted[asked["calibrate"]]]
    train, calibrate = ([one[asked[part]] for one in found[part]] for part in ("train", "calibrate"))
    if feature_set == ROOTS:
        detector.classifier = linear(train, asked["train"] < learned)
    else:
        size = ensemble.EnsembleSettings(ensemble.LEARNERS, ensemble.SUBSPACE)
        detector.classifier = ensemble.fit(train[0], train[1], settings=size, seed=0, threads=1).as_linear()
    domain = Domain.fit(np.concatenate(train), np.concatenate(calibrate))
    low, high = (detector.classifier.scores(one) for one in calibrate)
    threshold = float(np.quantile(low, 1 - FALSE_ALARMS))
    scope = bundled.Scope(
        f"photographs as JPEGs of quality {band[0]} to {band[1]}, {SIDE} x {SIDE} pixels and more", (1, 3), SIDE, False,
        threshold, Calibration.fit(low, high), EMBEDDERS, band,
    )  # fmt: skip
    about: dict[str, Any] = {
        "data": "squares of photographs of CID22 and BOSSbase, some once JPEGs; calibrated on others and on ALASKA v2",
        "covers": {part: len(some) for part, some in asked.items()},
        "found": {
            one: float((high[asked["calibrate"] % len(EMBEDDERS) == k] > threshold).mean()) for k, one in enumerate(EMBEDDERS)
        },
    }
    bundled.save(out / f"jpeg-{name}", detector, scope, domain, about)
    (out / f"jpeg-{name}" / bundled.CARD).write_text(card(name, band, about, feature_set), encoding="utf-8")
    print(name, about, "threshold", threshold, flush=True)


def linear(train: Sequence[np.ndarray], is_first: np.ndarray) -> ridge.Ridge:
    """A linear function of all pairs, with the penalty that is best for the others where it learns from the first ones."""
    first, others = ((train[0][some], train[1][some]) for some in (is_first, ~is_first))
    chosen = ridge.fit(first, others, penalties=PENALTIES)
    whole = ridge.fit((train[0], train[1]), others, penalties=[chosen.penalty])
    return replace(whole, error=chosen.error)


def card(name: str, band: tuple[int, int], about: dict[str, Any], feature_set: str) -> str:
    """The model card, with what was found of the covers that set the threshold."""
    method = f"{ensemble.LEARNERS} Fisher discriminants, kept as one linear function"
    if feature_set == ROOTS:
        method = "ridge regression on their square roots"
    found = ", ".join(f"{one} in {share:.0%}" for one, share in about["found"].items())
    return f"""# jpeg-{name}

A detector of old embedders in JPEGs of libjpeg's quality {band[0]} to {band[1]}: the calibrated JPEG rich model (ccJRM,
22,510 features of luma) with {method}. It comes with
`ssgan detect` and answers where the quantization table is libjpeg's, or nearly, and the picture is like those that it
learned from.

- **For.** A first look at JPEGs of unknown origin: jsteg, F5, OutGuess, steghide. No verdict is a proof.
- **Data.** {about["covers"]["train"]:,} squares of {SIDE} x {SIDE} pixels to learn from, of 105 photographs of CID22
  (Cloudinary, CC BY-SA 4.0) and 10 parts of BOSSbase, in gray; {about["covers"]["calibrate"]:,} squares of 35 others,
  10 of them of ALASKA v2, to set the threshold and the probabilities. Some are reduced, sharpened or noisy; four in ten
  were JPEGs before, and are left out where their histograms show it. No picture is in two parts, and none is in the package.
- **Training.** Each cover has one stego, the embedders in turn.
  `python benchmarks/bundled_jpeg_detectors.py NATURAL --band {name} --features {feature_set}`.
- **Error.** The threshold calls {FALSE_ALARMS:.0%} of the covers that it was set on stego. Of the stegos of those covers,
  each named by the share of the embedder's capacity, it finds
  {found}.
  Figures of pictures that it never saw: docs/detect.md.
- **Limits.** It does not find J-UNIWARD, UERD and other adaptive schemes more often than it calls clean pictures stego;
  for these train a detector on your source: `ssgan train-detector`. It looks at luma alone, and at no more than
  {8 * bundled.MOST_BLOCKS:,} pixels a side from the center. It does not examine a table that is none of libjpeg's, as
  many phones and Photoshop write.
"""


def attacks(folder: Path) -> None:
    """Say what the scores of the attacks on old programs mean: the constants of `detection/verdicts/jsteg_replacement.py`."""
    low: list[float] = []
    high: list[float] = []
    by: dict[str, list[dict[str, float]]] = {}
    for band in BANDS.values():
        some = [jpeg for part in covers(folder, band).values() for jpeg in part[::8]]
        for i, jpeg in enumerate(some):
            embedder = OLD[i % len(OLD)]
            cover = cover_of(jpeg, embedder)
            try:
                pair = cover, stego(cover, embedder, int(seeds.derive(1, "attacks", str(i)) % 2**32))
            except DoesNotFit:  # OutGuess gives up on some pictures whatever the message
                continue
            for name, into, made in zip(
                ("covers", embedder), (low, high if embedder.startswith("jsteg") else []), pair, strict=True
            ):
                trace = jsteg_replacement.trace(SuspectLuma(made.components[0]))
                scores = {k: e.payload / e.deviation for k, e in trace.estimates.items() if isinstance(e, Estimate)}
                by.setdefault(name, []).append(scores)
                into += [] if trace.score is None else [trace.score]
    for name, found in by.items():
        for attack in BY_NAME:
            values = np.array([one[attack] for one in found if attack in one])
            most = ", ".join(f"{share:g}: {np.quantile(values, share):.2f}" for share in (0.1, 0.5, 0.9, 0.99, 0.998))
            print(f"{name}, {attack}: {len(values)} of {len(found)}, quantiles {most}, largest {values.max():.2f}")
    calibration = Calibration.fit(np.array(low), np.array(high))
    alarms = np.mean(np.array(low) > jsteg_replacement.ATTACKS.threshold)
    print(f"{len(low)} covers, of which {alarms:.2%} are alarms, {len(high)} stegos; {calibration}")


def main() -> None:
    """Some detectors, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--band", choices=BANDS, nargs="*", default=[*BANDS])
    parser.add_argument("--features", default="ccjrm", choices=("ccjrm", ROOTS))
    parser.add_argument("--attacks", action="store_true", help="only say what the attacks' scores mean")
    parser.add_argument("--work", type=Path, default=Path("out/bundled-detectors"))
    parser.add_argument("--out", type=Path, default=bundled.BUNDLED)
    chosen = parser.parse_args()
    for program in PROGRAMS:
        if shutil.which(program) is None:
            parser.error(f"{program} is not installed; Debian has it: apt install {program}")
    if chosen.attacks:
        attacks(chosen.data)
        return
    for name in chosen.band:
        make(chosen.data, name, chosen.work, chosen.out, chosen.features)


if __name__ == "__main__":
    main()
