"""`ssgan simulate`: stegos of many covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from ssgan.cli.options import Convert, EmbedderName, Force, Json, Out, Quiet, Seed, words
from ssgan.cli.screen import Screen
from ssgan.cli.threads import cores
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.datasets import Geometry
    from ssgan.simulation import Plan, Tally

_READING = Group("Reading covers")
_WORKING = Group("Working")


@Parameter(name="*", group=_READING)
@dataclass(frozen=True)
class Reading:
    """What is made of the files before they are covers."""

    geometry: Annotated[
        Literal["celeba64", "celeba178"] | None, Parameter(help="A preset: celeba64 is --crop 108 --size 64, the usual faces.")
    ] = None
    crop: Annotated[int | None, Parameter(help="Cut a square of so many pixels from the center.")] = None
    size: Annotated[int | None, Parameter(help="Then resize to a square of so many pixels; JPEG files are welcome then.")] = (
        None
    )
    gray: Annotated[bool, Parameter(help="Make color images gray.")] = False
    convert: Convert = ""

    def parse(self) -> tuple[Geometry, tuple[str, ...]]:
        """The geometry, and the conversions to allow: a JPEG that is resized is a photograph like any other."""
        from ssgan.datasets import GEOMETRIES, Geometry

        if self.geometry and (self.crop or self.size):
            raise InvalidSetting("--geometry says --crop and --size already.", hint="Give the one or the others.")
        preset = GEOMETRIES[self.geometry] if self.geometry else Geometry(self.crop, self.size)
        jpeg = ("jpeg",) if preset.size is not None else ()
        return Geometry(preset.crop, preset.size, self.gray), tuple(sorted({*words(self.convert), *jpeg}))


@Parameter(name="*", group=_WORKING)
@dataclass(frozen=True)
class Working:
    """How the work is done; none of it changes a stego."""

    workers: Annotated[int | None, Parameter(help="Processes; as many as there are cores, if left out.")] = None
    batch: Annotated[int, Parameter(help="Covers read and embedded together.")] = 64
    limit: Annotated[int | None, Parameter(help="Only so many covers, the first ones.")] = None
    device: Annotated[str, Parameter(help="Where torch computes: cpu, cuda.")] = "cpu"
    dry_run: Annotated[bool, Parameter(help="Say what would be done, and write nothing.")] = False

    def __post_init__(self) -> None:
        for name in ("workers", "batch", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidSetting(
                    f"--{name} must be at least 1, not {value}.", hint="Give a number from 1 on, or leave it out."
                )


def simulate(
    covers: Annotated[list[Path], Parameter(help="Folders, zip or tar archives, image files.", consume_multiple=True)],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for the stegos.")],
    embedder: EmbedderName,
    seed: Seed = 0,
    dtype: Annotated[Literal["float64", "float32"], Parameter(help="Precision of the costs: exact or fast.")] = "float64",
    image_format: Annotated[Literal["png", "pgm"], Parameter(name="--format", help="The stegos' file format.")] = "png",
    text: Annotated[Path | None, Parameter(help="A file to embed in place of random bits, with the coder plain.")] = None,
    reading: Reading | None = None,
    working: Working | None = None,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make the stegos that an embedder would make of random messages: for training and testing detectors.

    The stego of a file depends only on its pixels, its name, the embedder and the seed. Stegos that stand are left alone, so
    the same command goes on after an interruption. What failed is in failures.jsonl.
    """
    from ssgan.embedding.embedder import Embedder
    from ssgan.simulation import Settings, prepare, run

    geometry, convert = (reading or Reading()).parse()
    working = working or Working()
    words_to_write = None if text is None else _content(text)
    chosen = str(Embedder.parse(embedder, text=words_to_write))
    settings = Settings(chosen, seed, dtype, image_format, geometry, convert, words_to_write)
    plan = prepare(covers, out, settings, limit=working.limit, overwrite=force)
    screen = Screen(json=json, quiet=quiet)
    _announce(screen, plan, dry=working.dry_run)
    if working.dry_run:
        return
    with screen.progress(len(plan.items), "simulating") as report:
        tally = run(plan, workers=working.workers or cores(), batch=working.batch, device=working.device, report=report)
    _summarize(screen, plan, tally)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}.", hint="Give a file with the text to embed.") from error
    if not content:
        raise InvalidSetting(f"{path} is empty.", hint="Give a file with the text to embed.")
    return content


def _announce(screen: Screen, plan: Plan, *, dry: bool) -> None:
    screen.note(
        "plan",
        f"{len(plan.items)} to do, {plan.finished} done already" + (" (dry run: nothing is written)" if dry else ""),
        todo=len(plan.items),
        finished=plan.finished,
        embedder=plan.settings.embedder,
        seed=plan.settings.seed,
        out=str(plan.out),
    )


def _summarize(screen: Screen, plan: Plan, tally: Tally) -> None:
    """The figures, the first failures by name, and, where there are any, the exit code that says so."""
    shown = 5
    for failure in tally.failures[:shown]:
        screen.note(
            "failure", f"failed: {failure.name}: {failure.error.removeprefix(failure.name + ': ')}", **failure._asdict()
        )
    rates = f", change rate {tally.change_rate:.4f}, {tally.images_per_second:.0f} images/s" if tally.written else ""
    screen.result(
        "summary",
        f"{tally.written} stegos written to {plan.out}{rates}",
        written=tally.written,
        finished_before=plan.finished,
        failed=len(tally.failures),
        change_rate=tally.change_rate,
        seconds=round(tally.seconds, 3),
        images_per_second=round(tally.images_per_second, 1),
        out=str(plan.out),
    )
    if tally.failures:
        raise SomeItemsFailed(
            f"{len(tally.failures)} of {tally.done} covers got no stego.",
            hint=f"{plan.out / 'failures.jsonl'} says which and why.",
        )
