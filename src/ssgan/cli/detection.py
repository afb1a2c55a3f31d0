"""`ssgan train-detector` and `ssgan score`: a detector for one embedder, and what it says of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ssgan.cli.options import EmbedderName, Json, Out, Quiet
from ssgan.cli.screen import Screen
from ssgan.cli.simulation import Reading
from ssgan.errors import SomeItemsFailed


def train_detector(
    covers: Annotated[Path, Parameter(help="A folder, a zip or a tar of covers.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command on it goes on.")],
    embedder: EmbedderName,
    detector: Annotated[str, Parameter(help="The network: gncnn, xunet, yenet, yedroudj, srnet, sgan-s, sgan-star.")] = "xunet",
    seed: Annotated[int, Parameter(help="The public seed of split, embedding and training.")] = 0,
    duration: Annotated[int | None, Parameter(help="Images seen in training, covers and stegos together.")] = None,
    limit: Annotated[int | None, Parameter(help="Only so many covers, the first ones.")] = None,
    device: Annotated[str, Parameter(help="Where torch computes: cpu, cuda.")] = "cpu",
    reading: Reading | None = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train a network to tell covers from the stegos of an embedder, and judge it on covers kept apart.

    Covers are split by person where known, else by picture, before they are embedded; the error printed is that of the test
    part, seen once. It speaks of this source, this embedder and this payload, and of no other.
    """
    from ssgan.detection import Question, train_detector

    geometry, convert = (reading or Reading()).parse()
    screen = Screen(json=json, quiet=quiet)

    def report(images_seen: int, figures: dict[str, float]) -> None:
        error, loss = figures["validation_p_e"], figures["loss"]
        text = f"{images_seen} images seen, loss {loss:.3f}, validation P_E {error:.3f} (best {figures['best_p_e']:.3f})"
        screen.note("evaluation", text, images_seen=images_seen, **figures)

    question = Question(covers, embedder, detector, seed, geometry, convert, limit, duration)
    result = train_detector(question, out, device=device, report=report)
    train, validate, test = result["pairs"]
    screen.result(
        "detector",
        f"P_E {result['p_e']:.4f} on {test} pairs kept apart ({train} trained on, {validate} to choose by), in {out}",
        **result,
        out=str(out),
    )


def score(
    run: Annotated[Path, Parameter(help="The folder of a trained detector.")],
    files: Annotated[list[Path], Parameter(help="Image files.", consume_multiple=True)],
    /,
    *,
    device: Annotated[str, Parameter(help="Where torch computes: cpu, cuda.")] = "cpu",
    json: Json = False,
) -> None:
    """Say what a trained detector makes of files: the higher the score, the more likely a stego of what it was trained on.

    `stego` compares with the threshold that was best in validation, where covers and stegos were equally many. Among real
    pictures stegos are rare, and most alarms are then false.
    """
    from ssgan.detection import score_files

    scores = score_files(run, files, device=device)
    rows = [
        {"file": s.name, "score": None if s.score is None else round(s.score, 4), "stego": s.stego, "error": s.error}
        for s in scores
    ]
    Screen(json=json).table("score", rows)
    failed = sum(s.score is None for s in scores)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(scores)} files got no score.", hint="the table says why")
