"""`ssgan features`: the features of many images as one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Force, Json, Quiet, Verbose
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions
from ssgan.cli.threads import cores
from ssgan.cli.workers import SOURCES, Scaling, at_least_one, failed, figures, show_failures


def features(
    files: Annotated[list[Path], Parameter(help=SOURCES, consume_multiple=True)],
    /,
    *,
    out: Annotated[Path, Parameter(name=("--out", "-o"), help="A table, .parquet or .npz; else a folder of Parquet shards.")],
    feature_set: Annotated[
        str, Parameter(name="--set", help="The feature set: spam, srm, dctr ...; see `ssgan list features`.")
    ] = "srm",
    embedder: Annotated[str, Parameter(help="For maxSRMd2: the embedder that is expected, such as hill@0.4.")] = "",
    dtype: Annotated[Literal["float32", "float64"], Parameter(help="Precision of what is written.")] = "float32",
    reading: ReadingOptions | None = None,
    limit: Annotated[int | None, Parameter(help="Use only the first images, at most this many.")] = None,
    threads: Annotated[int | None, Parameter(help="Threads for one table; by default one a core.")] = None,
    shard_size: Annotated[int, Parameter(help="Images in a shard.")] = 1000,
    scaling: Scaling | None = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Compute steganalysis features of many pictures.

    Each picture gives one row for a classifier of your own, whatever its size. Sets for JPEGs, such as dctr, take the luma of
    JPEG files, each by its own quantization table; all others take pixels. Parquet has the columns `file` and `features`, a
    vector; the features' names are in its metadata. A .npz has the arrays `features`, `names`, `feature_names` and `set`.
    Finished pieces are kept beside the table until it is whole, so the same command resumes after an interruption. A folder
    in place of a file takes Parquet shards, for any number of images.
    """
    from ssgan.bulk.engines import Serial
    from ssgan.bulk.features import is_table, prepare, run
    from ssgan.bulk.image_features import ExtractionSettings
    from ssgan.steganalysis.feature_catalog import FEATURES

    at_least_one(limit=limit, threads=threads, shard_size=shard_size)
    geometry, convert = (reading or ReadingOptions()).parse()
    settings, screen = (
        ExtractionSettings(feature_set, geometry, convert, embedder, dtype),
        Screen(json=json, quiet=quiet, verbose=verbose),
    )
    scaling = scaling or Scaling()
    is_alone = is_table(out) and not scaling.asked and scaling.workers is None
    threads = threads or (cores() if is_alone else 1)
    plan = prepare(files, out, settings, limit=limit, overwrite=force, shard_size=shard_size, threads=threads)
    summary = {"todo": len(plan), "finished": plan.finished, "set": settings.features, "out": str(out)}
    screen.note("plan", f"{len(plan)} to do, {plan.finished} done already", **summary)
    with screen.progress(len(plan), "extracting") as progress:
        tally = run(plan, Serial() if is_alone else scaling.engine(plan.listing), progress=progress)
    show_failures(screen, tally)
    found, rows = FEATURES[settings.features], tally.written + (tally.sums["stood"] if is_table(out) else 0)
    made = f"{rows} x {found.dimension} features ({found.title}) in {out}" if rows else "no features"
    rate = f"{tally.images_per_second:.0f} images/s"
    counted = {"written": 0, "dimension": found.dimension} | figures(tally, plan.finished, out) | {"written": rows}
    screen.result("summary", f"{made}, {rate}", **counted)
    failed(tally, out, "images got no features", listed_in=plan.failures)
