"""`ssgan features`: the features of many images as one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Force, Json, Quiet
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import Reading
from ssgan.cli.threads import cores
from ssgan.cli.workers import SOURCES, Scaling, at_least_one, failed, figures, show_failures
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.bulk.feature_table import Plan, Tally
    from ssgan.bulk.image_features import Settings


def features(
    files: Annotated[list[Path], Parameter(help=SOURCES, consume_multiple=True)],
    /,
    *,
    out: Annotated[Path, Parameter(name=("--out", "-o"), help="A table, .parquet or .npz; else a folder of Parquet shards.")],
    feature_set: Annotated[
        str, Parameter(name="--set", help="The feature set: spam, srm, crm ...; see `ssgan list features`.")
    ] = "srm",
    embedder: Annotated[str, Parameter(help="For maxSRMd2: the sender whom the warden reckons with, such as hill@0.4.")] = "",
    dtype: Annotated[Literal["float32", "float64"], Parameter(help="Precision of what is written.")] = "float32",
    reading: Reading | None = None,
    limit: Annotated[int | None, Parameter(help="Only so many images, the first ones.")] = None,
    threads: Annotated[int | None, Parameter(help="Of one table: threads; as many as there are cores, if left out.")] = None,
    shard_size: Annotated[int, Parameter(help="Images in a shard.")] = 1000,
    scaling: Scaling | None = None,
    force: Force = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Extract the features of images, for a classifier of your own: one row an image, of whatever size it is.

    Parquet has the columns `file` and `features`, a vector; the features' names are in its metadata. A .npz has the arrays
    `features`, `names`, `feature_names` and `set`. Finished pieces are kept beside the table until it is whole, so the same
    command resumes after an interruption. A folder in place of a file takes Parquet shards, for any number of images.
    """
    from ssgan.bulk.feature_table import prepare, run
    from ssgan.bulk.image_features import Settings

    at_least_one(limit=limit, threads=threads, shard_size=shard_size)
    geometry, convert = (reading or Reading()).parse()
    settings, screen = Settings(feature_set, geometry, convert, embedder, dtype), Screen(json=json, quiet=quiet)
    scaling = scaling or Scaling()
    if not out.suffix or out.is_dir():
        _into_shards(screen, files, out, settings, scaling, limit=limit, shard_size=shard_size, force=force)
        return
    if scaling.asked or scaling.workers is not None:
        raise InvalidSetting("a single table is written by one process", hint="name a folder for shards: -o features")
    plan = prepare(files, out, settings, limit=limit, overwrite=force)
    todo = len(plan.items) - plan.finished
    summary = {"todo": todo, "finished": plan.finished, "set": feature_set, "out": str(out)}
    screen.note("plan", f"{todo} to do, {plan.finished} done already", **summary)
    with screen.progress(todo, "extracting") as progress:
        tally = run(plan, threads=threads or cores(), progress=progress)
    _summarize(screen, plan, tally)


def _into_shards(
    screen: Screen,
    files: list[Path],
    out: Path,
    settings: Settings,
    scaling: Scaling,
    *,
    limit: int | None,
    shard_size: int,
    force: bool,
) -> None:
    """Write a folder of shards, by as many processes as wanted."""
    from ssgan.bulk import features as extracting
    from ssgan.bulk.job import FAILURES
    from ssgan.steganalysis.catalog import FEATURES

    plan = extracting.prepare(files, out, settings, limit=limit, overwrite=force, shard_size=shard_size)
    summary = {"todo": len(plan), "finished": plan.finished, "set": settings.features, "out": str(out)}
    screen.note("plan", f"{len(plan)} to do, {plan.finished} done already", **summary)
    with screen.progress(len(plan), "extracting") as progress:
        tally = extracting.run(plan, scaling.engine(plan.listing), progress=progress)
    show_failures(screen, tally)
    found = FEATURES[settings.features]
    made = f"{tally.written} x {found.dimension} features ({found.title}) in {out}" if tally.written else "no features"
    rate = f"{tally.images_per_second:.0f} images/s"
    screen.result("summary", f"{made}, {rate}", dimension=found.dimension, **figures(tally, plan.finished, out))
    failed(tally, out, "images got no features", listed_in=out / f"{plan.job.file_prefix}{FAILURES}")


def _summarize(screen: Screen, plan: Plan, tally: Tally) -> None:
    """Print figures and the first failures, and return the exit code."""
    from ssgan.bulk.feature_table import failures_beside
    from ssgan.steganalysis.catalog import FEATURES

    shown = 5
    for failure in tally.failures[:shown]:
        text = f"failed: {failure.name}: {failure.error.removeprefix(failure.name + ': ')}"
        screen.note("failure", text, **failure._asdict())
    found = FEATURES[plan.settings.features]
    made = f"{tally.written} x {found.dimension} features ({found.title}) in {plan.out}" if tally.written else "no features"
    screen.result(
        "summary",
        f"{made}, {tally.images_per_second:.0f} images/s",
        written=tally.written,
        dimension=found.dimension,
        finished_before=plan.finished,
        failed=len(tally.failures),
        seconds=round(tally.seconds, 3),
        images_per_second=round(tally.images_per_second, 1),
        out=str(plan.out),
    )
    if tally.failures:
        raise SomeItemsFailed(
            f"{len(tally.failures)} of {len(plan.items)} images got no features",
            hint=f"see {failures_beside(plan.out)} for names and reasons",
        )
