"""`ssgan simulate`: stegos of many covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from ssgan.cli.options import Convert, EmbedderName, Force, Json, Out, Quiet, Seed, Verbose, words
from ssgan.cli.screen import Screen
from ssgan.cli.workers import SOURCES, Scaling, Shards, at_least_one, failed, figures, show_failures
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.bulk.job import Tally
    from ssgan.bulk.simulate import SimulationPlan
    from ssgan.datasets import Geometry, Patches

_READING = Group("Reading covers")


@Parameter(name="*", group=_READING)
@dataclass(frozen=True)
class ReadingOptions:
    """How files become covers."""

    geometry: Annotated[
        Literal["celeba64", "celeba178"] | None, Parameter(help="A preset: celeba64 is --crop 108 --size 64, the usual faces.")
    ] = None
    crop: Annotated[int | None, Parameter(help="Cut a square of this many pixels a side from the center.")] = None
    size: Annotated[int | None, Parameter(help="Then resize it to this many pixels a side; JPEG files are accepted then.")] = (
        None
    )
    gray: Annotated[bool, Parameter(help="Make color images gray.")] = False
    convert: Convert = ""

    def parse(self) -> tuple[Geometry, tuple[str, ...]]:
        """Return the geometry and the allowed conversions. Where images are resized, JPEG is among them."""
        from ssgan.datasets import GEOMETRIES, Geometry

        if self.geometry and (self.crop or self.size):
            raise InvalidSetting("--geometry is given together with --crop or --size", hint="give the one or the others")
        preset = GEOMETRIES[self.geometry] if self.geometry else Geometry(self.crop, self.size)
        jpeg = ("jpeg",) if preset.size is not None else ()
        return Geometry(preset.crop, preset.size, self.gray), tuple(sorted({*words(self.convert), *jpeg}))


def cut(reading: ReadingOptions, tile: int | None) -> tuple[Geometry | Patches, tuple[str, ...]]:
    """Return the geometry of a picture: one image, or tiles."""
    from ssgan.datasets import Patches

    geometry, convert = reading.parse()
    if tile is None:
        return geometry, convert
    if geometry.crop or geometry.size:
        raise InvalidSetting("tiles are cut from whole pictures", hint="leave out --tile, or --crop, --size and --geometry")
    return Patches(tile, gray=geometry.gray), convert


def simulate(
    covers: Annotated[list[Path], Parameter(help=SOURCES, consume_multiple=True)],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for the stegos.")],
    embedder: EmbedderName,
    seed: Seed = 0,
    dtype: Annotated[Literal["float64", "float32"], Parameter(help="Precision of the costs: exact or fast.")] = "float64",
    image_format: Annotated[
        Literal["png", "pgm"] | None,
        Parameter(name="--format", help="The stegos' file format, png where none is named; those of JPEGs are JPEGs."),
    ] = None,
    text: Annotated[Path | None, Parameter(help="A file to embed instead of random bits, with the coder plain.")] = None,
    reading: ReadingOptions | None = None,
    shards: Shards | None = None,
    scaling: Scaling | None = None,
    batch: Annotated[int, Parameter(help="Covers read and embedded together, where each stego is a file.")] = 64,
    limit: Annotated[int | None, Parameter(help="Use only the first covers, at most this many.")] = None,
    dry_run: Annotated[bool, Parameter(help="Show what would be done, and write nothing.")] = False,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Embed random messages in many covers, as data for detectors.

    The stego of a file depends only on its pixels, its name, the embedder and the seed. Existing stegos are kept, so
    the same command resumes after an interruption. What failed is in failures.jsonl. An embedder for the coefficients of JPEGs,
    such as juniward@0.4, takes JPEG files, and its payload counts bits per AC coefficient that is not zero.
    """
    from ssgan.bulk.simulate import JPEG_SUFFIX, SimulationSettings, prepare, run
    from ssgan.embedding.embedder import Embedder
    from ssgan.embedding.titles import is_for_jpegs

    geometry, convert = (reading or ReadingOptions()).parse()
    shards, scaling = shards or Shards(), scaling or Scaling()
    at_least_one(batch=batch, limit=limit)
    words_to_write = None if text is None else _content(text)
    chosen = str(Embedder.parse(embedder, text=words_to_write))
    suffix = image_format or (JPEG_SUFFIX if is_for_jpegs(chosen) else "png")
    settings = SimulationSettings(chosen, seed, dtype, suffix, geometry, convert, words_to_write)
    wanted: dict[str, Any] = {"batch": batch, "device": scaling.device, "shard_size": shards.size}
    plan = prepare(covers, out, settings, limit=limit, overwrite=force, **wanted)
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    _announce(screen, plan, dry=dry_run)
    if dry_run:
        return
    with screen.progress(len(plan), "simulating") as progress:
        tally = run(plan, scaling.engine(plan.listing), progress=progress)
    _summarize(screen, plan, tally)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidSetting(f"{path} cannot be read: {error.strerror}", hint="give a file with the text to embed") from error
    if not content:
        raise InvalidSetting(f"{path} is empty", hint="give a file with the text to embed")
    return content


def _announce(screen: Screen, plan: SimulationPlan, *, dry: bool) -> None:
    screen.note(
        "plan",
        f"{len(plan)} to do, {plan.finished} done already" + (" (dry run: nothing is written)" if dry else ""),
        todo=len(plan),
        finished=plan.finished,
        embedder=plan.job.settings.embedder,
        seed=plan.job.settings.seed,
        out=str(plan.job.folder),
    )


def _summarize(screen: Screen, plan: SimulationPlan, tally: Tally) -> None:
    """Print figures and the first failures, and return the exit code."""
    from ssgan.bulk.simulate import change_rate

    show_failures(screen, tally)
    rate = change_rate(tally)
    rates = f", change rate {rate:.4f}, {tally.images_per_second:.0f} images/s" if tally.written else ""
    summary = figures(tally, plan.finished, plan.job.folder)
    screen.result("summary", f"{tally.written} stegos written to {plan.job.folder}{rates}", change_rate=rate, **summary)
    failed(tally, plan.job.folder, "covers got no stego")
