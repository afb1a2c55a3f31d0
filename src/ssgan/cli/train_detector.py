"""`ssgan train-detector` and `ssgan score`: a detector for one embedder, and its scores of files."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from ssgan.cli.options import Device, EmbedderName, Force, GroupDuplicates, Json, Out, Quiet, Verbose
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions, cut
from ssgan.cli.threads import cores, use_threads
from ssgan.cli.workers import SOURCES, Scaling, at_least_one, failed, figures, show_failures
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.detection.result import DetectorResult
    from ssgan.steganalysis.checks.findings import Finding


@Parameter(name="*", group=Group("How it is trained", sort_key=1))
@dataclass(frozen=True)
class Teaching:
    """Options of a detector's training beside the pairs."""

    curriculum: Annotated[str, Parameter(help="Larger payloads to learn from first, such as 0.8,0.6 (networks).")] = ""
    fresh: Annotated[bool, Parameter(name="--resample", help="Embed again, with new changes, in every epoch (networks).")] = (
        False
    )
    precision: Annotated[
        Literal["float32", "bf16"] | None,
        Parameter(help="Precision of the layers in training; weights are float32 (networks)."),
    ] = None
    selection_channel: Annotated[
        bool,
        Parameter(help="Tell the detector how probably each sample is changed, score as well (yenet, maxsrmd2)."),
    ] = False
    null: Annotated[bool, Parameter(help="Train on covers against covers, without any stego: the error must be one half.")] = (
        False
    )

    def parse(self) -> dict[str, Any]:
        """Return the options in the form of a question."""
        try:
            curriculum = tuple(float(payload) for payload in self.curriculum.split(",") if payload)
        except ValueError as error:
            raise InvalidSetting(
                f"--curriculum lists payloads in bits per sample, not {self.curriculum!r}", hint="write --curriculum 0.8,0.6"
            ) from error
        return {**asdict(self), "curriculum": curriculum}


def train_detector(
    covers: Annotated[Path, Parameter(help="A folder, a zip or a tar of covers.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command resumes it.")],
    embedder: EmbedderName,
    detector: Annotated[
        str, Parameter(help="A network or features: xunet, gncnn, srnet, srm, spam; see `ssgan list detectors`.")
    ] = ("xunet"),
    seed: Annotated[int, Parameter(help="The public seed of split, embedding and training.")] = 0,
    images: Annotated[int | None, Parameter(help="Images a network sees in training, covers and stegos together.")] = None,
    limit: Annotated[int | None, Parameter(help="Use only the first covers, at most this many.")] = None,
    tile: Annotated[
        int | None, Parameter(help="Cut each picture into squares of this many pixels a side, without resizing.")
    ] = None,
    jpeg: Annotated[int | None, Parameter(help="Compress the pictures to JPEGs of this quality first, such as 75.")] = None,
    group_duplicates: GroupDuplicates = False,
    device: Device = "cpu",
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    teaching: Teaching | None = None,
    reading: ReadingOptions | None = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Train a detector of your own for one embedder.

    It learns to tell covers from the stegos of that embedder, and is judged on covers kept apart. Covers are split by person
    where known, else by picture, before they are embedded; the error printed is that of the test part, seen once. It speaks
    of this source, this embedder and this payload, and of no other. The pairs are looked at first, and what would make the
    error worthless is said, or refused.

    An embedder of JPEGs, such as juniward@0.4, takes the luma of JPEG files of one size and quantization table, or of pictures
    that --jpeg compresses. Such a detector judges JPEGs of the table that it learned from, and refuses all others.

    A network is trained by several processes with torchrun --nproc-per-node N -m ssgan train-detector ..., each of which takes
    its part of every batch.
    """
    from ssgan.detection.question import Question
    from ssgan.detection.train import train_detector

    geometry, convert = cut(reading or ReadingOptions(), tile)
    teaching = teaching or Teaching()
    is_first = os.environ.get("RANK", "0") == "0"  # of the processes of torchrun
    screen = Screen(json=json, quiet=quiet or not is_first, verbose=verbose)

    def progress(images: int, figures: dict[str, float]) -> None:
        screen.note("training", _said(images, figures), images_seen=images, **figures)

    def notify(finding: Finding) -> None:
        if finding.severity == "warn":
            screen.warn(f"{finding.sentence}. {finding.hint}.")
        elif finding.severity == "note":
            screen.note("finding", f"{finding.sentence}; {finding.hint}", **asdict(finding))

    question = Question(
        covers,
        embedder,
        detector,
        seed,
        geometry,
        convert,
        limit,
        images,
        **teaching.parse(),
        jpeg=jpeg,
        group_duplicates=group_duplicates,
    )
    together = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    shared = use_threads(threads or max(1, cores() // together))
    result = train_detector(question, out, device=device, threads=shared, progress=progress, notify=notify)
    if is_first:
        screen.result("detector", f"{_judged(result)}, in {out}", **result.to_json(), out=str(out))


def _judged(result: DetectorResult) -> str:
    """Return the error on the test part in words."""
    train, validate, test = result.pairs
    parts = f"on {test} pairs kept apart ({train} trained on, {validate} to choose by)"
    if result.null is not None:
        low, high = result.null.interval
        outcome = "as it should" if result.null.passed else "which it should not: figures of this set mislead"
        return f"without any stego, error {result.null.error:.4f} {parts}: in 95 of 100 runs {low:.4f} to {high:.4f}, {outcome}"
    low, high = result.p_e_interval
    return f"P_E {result.p_e:.4f} ({low:.4f} to {high:.4f}) {parts}"


def _said(images: int, figures: dict[str, float]) -> str:
    """Return a line of progress: of a network's evaluation, of features, or of an ensemble that was tried."""
    if "validation_p_e" in figures:
        error, best = figures["validation_p_e"], figures["best_p_e"]
        speed, left = figures["images_per_second"], round(figures["seconds_left"])
        return (
            f"{images} images seen, loss {figures['loss']:.3f}, validation P_E {error:.3f} (best {best:.3f}); "
            f"{speed:.0f} images/s, {left // 60}:{left % 60:02d} to go at most"
        )
    if "learners" in figures:
        size = f"{figures['learners']} learners of {figures['subspace']} features"
        return f"ensemble of {size}: out-of-bag error {figures['out_of_bag_error']:.4f}"
    return f"features of {images} of {figures['images']} images"


def score(
    run: Annotated[Path, Parameter(help="The folder of a trained detector.")],
    files: Annotated[list[Path], Parameter(help=SOURCES, consume_multiple=True)],
    /,
    *,
    out: Annotated[
        Path | None, Parameter(name=("--out", "-o"), help="Write a table instead, .csv or .parquet, for any number of images.")
    ] = None,
    scaling: Scaling | None = None,
    threads: Annotated[int | None, Parameter(help="Threads, without --out; by default one a core.")] = None,
    limit: Annotated[int | None, Parameter(help="With --out: use only the first images, at most this many.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Score pictures with a detector of your own.

    The higher the score, the more likely a stego of the kind that the detector was trained on. `stego` compares with the
    threshold that was best in validation, where covers and stegos were equally many; `probability` is that of a stego there.
    Among real pictures stegos are rare, and most alarms are then false. With --out the same command resumes after an
    interruption.
    """
    scaling = scaling or Scaling()
    if out is not None:
        at_least_one(limit=limit)
        _score_into(out, run, files, scaling, Screen(json=json, quiet=quiet, verbose=verbose), limit=limit, force=force)
        return
    if scaling.asked or scaling.workers is not None or limit is not None:
        raise InvalidSetting("--engine, --workers and --limit are for tables", hint="say where it goes: -o scores.parquet")
    from ssgan.detection.score import score_files

    scores = score_files(run, files, device=scaling.device, threads=use_threads(threads))
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
        raise InvalidSetting("no image was found in what was given", hint="give image files, or a folder that holds some")
    Screen(json=json).table("score", rows)
    missing = sum(s.score is None for s in scores)
    if missing:
        raise SomeItemsFailed(f"{missing} of {len(scores)} files got no score", hint="see the table for the reasons")


def _score_into(
    out: Path, run: Path, files: list[Path], scaling: Scaling, screen: Screen, *, limit: int | None, force: bool
) -> None:
    """Write scores as one table, by as many processes as wanted."""
    from ssgan.bulk import score as scoring

    plan = scoring.prepare(run, files, out, limit=limit, overwrite=force, device=scaling.device)
    screen.note(
        "plan", f"{len(plan)} to do, {plan.finished} done already", todo=len(plan), finished=plan.finished, out=str(out)
    )
    with screen.progress(len(plan), "scoring") as progress:
        tally = scoring.run(plan, scaling.engine(plan.listing), progress=progress)
    show_failures(screen, tally)
    scored = tally.written + int(tally.sums["stood"])
    screen.result(
        "summary", f"{scored} scores in {out}, {tally.images_per_second:.0f} images/s", **figures(tally, plan.finished, out)
    )
    failed(tally, out, "images got no score", listed_in=out)
