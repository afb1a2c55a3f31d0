"""`ssgan reproduce`: the paper's tables, done again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Device, Json, Out, Quiet, Verbose
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions
from ssgan.cli.threads import use_threads

if TYPE_CHECKING:
    from ssgan.experiments.records import Record


def reproduce(
    table: Annotated[
        Literal["game", "frontier", "table1", "table2", "table3", "alpha", "jpeg", "all"], Parameter(help="Which experiment.")
    ],
    data: Annotated[Path, Parameter(help="Real images: a folder, a zip or a tar.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for a CSV file and a folder of each; the same command resumes.")] = Path(
        "results"
    ),
    size: Annotated[
        Literal["smoke", "small", "full"], Parameter(help="A minute, half an hour on two cores, or as the paper has it.")
    ] = "small",
    device: Device = "cpu",
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    reading: ReadingOptions | None = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Repeat the experiments of the SSGAN paper.

    They run on your images, and the paper's figures are shown beside yours. game: does the detector see anything? frontier:
    does secrecy buy more than noise? table1: does SSGAN converge faster than SGAN? table2: are generated covers safer than
    real ones? table3: does a secret seed of the generator protect? alpha: what does secrecy cost? jpeg, of pictures that were
    never compressed: how detectable are embedders of JPEGs? Detectors are trained on real covers, as the paper's were, and
    retrained on the covers that they judge, as an attacker would. TABLE.csv holds the figures, the folder TABLE generators,
    covers and, in `judged`, reports of all trials; report.html is one page that answers all that was asked in the folder.
    """
    from ssgan.evaluation.report import write_report
    from ssgan.evaluation.rows import rows_of
    from ssgan.experiments.catalog import EXPERIMENTS
    from ssgan.experiments.catalog import reproduce as again
    from ssgan.experiments.material import JUDGED, Material
    from ssgan.experiments.page import PAGE, page
    from ssgan.views import pages

    screen, shared = Screen(json=json, quiet=quiet, verbose=verbose), use_threads(threads)
    geometry, convert = (reading or ReadingOptions()).parse()
    for name in EXPERIMENTS if table == "all" else (table,):

        def notify(doing: str, name: str = name) -> None:
            screen.note("doing", f"{name}: {doing}", experiment=name, doing=doing)

        found, path = again(name, size, Material(data, out, geometry, convert, device, shared, notify))
        screen.table("record", [asdict(record) if json else _row(record) for record in found])
        for record in found:
            if record.findings and record.figure == "P_E":
                screen.warn(f"{record.covers}, {record.embedder}, {record.detector}: {record.findings}")
        judged = out / name / JUDGED
        reports = write_report(judged, rows_of(judged)) if judged.is_dir() else []
        pages.write(out / PAGE, page(out), overwrite=True)
        files = [str(file) for file in (*reports, out / PAGE)]
        screen.note("file", f"in {path}; the page is {out / PAGE}", file=str(path), report=files)


def _row(record: Record) -> dict[str, str]:
    spread = "" if record.spread is None else f" ± {record.spread:.3f}"
    interval = "" if record.low is None or record.high is None else f" ({record.low:.3f} to {record.high:.3f})"
    return {
        "question": record.question,
        "covers": record.covers,
        "embedder": record.embedder,
        "detector": record.detector,
        "figure": record.figure,
        "published": "" if record.published is None else f"{record.published:.2f}",
        "ours": f"{record.ours:.3f}{spread}{interval}",
    }
