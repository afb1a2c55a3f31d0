"""`ssgan train-detector` and `ssgan score`: a detector for one embedder, and what it says of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.options import EmbedderName, Json, Out, Quiet
from ssgan.cli.screen import Screen
from ssgan.cli.simulation import Reading
from ssgan.cli.threads import use_threads
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.datasets import Geometry, Patches


def train_detector(
    covers: Annotated[Path, Parameter(help="A folder, a zip or a tar of covers.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command on it goes on.")],
    embedder: EmbedderName,
    detector: Annotated[
        str, Parameter(help="A network or features: xunet, gncnn, srnet, srm, spam; see `ssgan list detectors`.")
    ] = ("xunet"),
    seed: Annotated[int, Parameter(help="The public seed of split, embedding and training.")] = 0,
    duration: Annotated[int | None, Parameter(help="Images a network sees in training, covers and stegos together.")] = None,
    limit: Annotated[int | None, Parameter(help="Only so many covers, the first ones.")] = None,
    tile: Annotated[int | None, Parameter(help="Cut each picture into squares of so many pixels, none resized.")] = None,
    device: Annotated[str, Parameter(help="Where torch computes: cpu, cuda.")] = "cpu",
    threads: Annotated[int | None, Parameter(help="Threads; as many as there are cores, if left out.")] = None,
    reading: Reading | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a detector to tell covers from the stegos of an embedder, and judge it on covers kept apart.

    Covers are split by person where known, else by picture, before they are embedded; the error printed is that of the test
    part, seen once. It speaks of this source, this embedder and this payload, and of no other.
    """
    from ssgan.detection import Question, train_detector

    geometry, convert = _cut(reading or Reading(), tile)
    screen = Screen(json=json, quiet=quiet)

    def report(images: int, figures: dict[str, float]) -> None:
        screen.note("training", _said(images, figures), images_seen=images, **figures)

    question = Question(covers, embedder, detector, seed, geometry, convert, limit, duration)
    result = train_detector(question, out, device=device, threads=use_threads(threads), report=report)
    train, validate, test = result["pairs"]
    low, high = result["p_e_interval"]
    screen.result(
        "detector",
        f"P_E {result['p_e']:.4f} ({low:.4f} to {high:.4f}) on {test} pairs kept apart "
        f"({train} trained on, {validate} to choose by), in {out}",
        **result,
        out=str(out),
    )


def _cut(reading: Reading, tile: int | None) -> tuple[Geometry | Patches, tuple[str, ...]]:
    """What is made of a picture: one image, or tiles."""
    from ssgan.datasets import Patches

    geometry, convert = reading.parse()
    if tile is None:
        return geometry, convert
    if geometry.crop or geometry.size:
        raise InvalidSetting("tiles are cut from whole pictures.", hint="Leave out --tile, or --crop, --size and --geometry.")
    return Patches(tile, gray=geometry.gray), convert


def _said(images: int, figures: dict[str, float]) -> str:
    """A line of progress: of a network's evaluation, of features, or of an ensemble that was tried."""
    if "validation_p_e" in figures:
        error, best = figures["validation_p_e"], figures["best_p_e"]
        return f"{images} images seen, loss {figures['loss']:.3f}, validation P_E {error:.3f} (best {best:.3f})"
    if "learners" in figures:
        size = f"{figures['learners']} learners of {figures['subspace']} features"
        return f"ensemble of {size}: out-of-bag error {figures['out_of_bag_error']:.4f}"
    return f"features of {images} of {figures['images']} images"


def score(
    run: Annotated[Path, Parameter(help="The folder of a trained detector.")],
    files: Annotated[list[Path], Parameter(help="Image files, folders, zip or tar archives.", consume_multiple=True)],
    /,
    *,
    device: Annotated[str, Parameter(help="Where torch computes: cpu, cuda.")] = "cpu",
    threads: Annotated[int | None, Parameter(help="Threads; as many as there are cores, if left out.")] = None,
    json: Json = False,
) -> None:
    """Say what a trained detector makes of images: the higher the score, the more likely a stego of what it was trained on.

    `stego` compares with the threshold that was best in validation, where covers and stegos were equally many; `probability`
    is that of a stego there. Among real pictures stegos are rare, and most alarms are then false.
    """
    from ssgan.detection import score_files

    scores = score_files(run, files, device=device, threads=use_threads(threads))
    rows = [
        {
            "file": s.name,
            "score": None if s.score is None else round(s.score, 4),
            "probability": None if s.probability is None else round(s.probability, 4),
            "stego": s.stego,
            "error": s.error,
        }
        for s in scores
    ]
    if not rows:
        raise InvalidSetting("there is no image in what was given.", hint="Give image files, or a folder that holds some.")
    Screen(json=json).table("score", rows)
    failed = sum(s.score is None for s in scores)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(scores)} files got no score.", hint="the table says why")
