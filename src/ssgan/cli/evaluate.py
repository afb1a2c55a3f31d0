"""`ssgan evaluate` and `ssgan report`: how detectable embedders are, on which covers, against which detectors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from ssgan.cli.options import Device, GroupDuplicates, Json, Quiet, Verbose
from ssgan.cli.screen import Screen, counted
from ssgan.cli.simulate import ReadingOptions, cut
from ssgan.cli.threads import use_threads
from ssgan.errors import InvalidSetting

if TYPE_CHECKING:
    from ssgan.evaluation.grid import TrialProgress
    from ssgan.evaluation.rows import Row


@Parameter(name="*", group=Group("Tables of any size", sort_key=1))
@dataclass(frozen=True)
class Tables:
    """Tables of scores or features from earlier runs."""

    scores: Annotated[
        tuple[Path, Path] | None, Parameter(help="Of covers and of stegos, a .csv or .parquet each, by `ssgan score -o`.")
    ] = None
    features: Annotated[
        tuple[Path, Path] | None,
        Parameter(help="Of covers and of stegos, Parquet or folders of it, by `ssgan features`: an ensemble learns from 70 %."),
    ] = None

    @property
    def asked(self) -> bool:
        """Whether any table is given."""
        return self.scores is not None or self.features is not None

    def judge(self, screen: Screen, *, others: bool) -> None:
        """Judge the tables and print the figures."""
        from ssgan.evaluation.streamed import judge_features, judge_scores

        if others or (self.scores is not None and self.features is not None):
            raise InvalidSetting(
                "tables are given together with covers or embedders", hint="give --scores or --features, and nothing else"
            )
        summary = judge_scores(*self.scores) if self.scores is not None else judge_features(*self.features or ())
        low, high = summary["p_e_interval"]
        text = f"P_E {summary['p_e']:.4f} ({low:.4f} to {high:.4f}), AUC {summary['auc']:.4f}"
        screen.result("judged", f"{text}, on {summary['covers']} covers and {summary['stegos']} stegos", **summary)


def evaluate(
    covers: Annotated[list[Path] | None, Parameter(help="Folders, zips or tars of covers.", consume_multiple=True)] = None,
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(name=("--out", "-o"), help="The folder of the evaluation; the same command resumes it."),
    ] = None,
    embedder: Annotated[
        list[str] | None,
        Parameter(help="One or more, such as lsb@0.4/plain hill@0.4; see `ssgan list`.", consume_multiple=True),
    ] = None,
    detector: Annotated[
        list[str] | None, Parameter(help="One or more, such as gncnn srm; see `ssgan list detectors`.", consume_multiple=True)
    ] = None,
    tables: Tables | None = None,
    seeds: Annotated[int, Parameter(help="How often each question is repeated, with other splits, changes and trainings.")] = 1,
    against: Annotated[Path | None, Parameter(help="Photographs to compare the covers with: how conspicuous are they?")] = None,
    transfer_to: Annotated[
        Path | None, Parameter(help="Other covers, for testing detectors that were trained on COVERS: a mismatch of sources.")
    ] = None,
    jpeg: Annotated[
        list[int] | None,
        Parameter(help="Compress the pictures to JPEGs of these qualities first, such as 75 95.", consume_multiple=True),
    ] = None,
    jpeg_judged: Annotated[
        int | None,
        Parameter(help="Another quality, for testing detectors that were trained at --jpeg: a mismatch of qualities."),
    ] = None,
    tile: Annotated[
        int | None, Parameter(help="Cut each picture into squares of this many pixels a side, without resizing.")
    ] = None,
    images: Annotated[int | None, Parameter(help="Images a network sees in training, covers and stegos together.")] = None,
    limit: Annotated[int | None, Parameter(help="Use only the first covers of each source, at most this many.")] = None,
    judged_share: Annotated[
        float,
        Parameter(
            name="--test-share",
            help="Share of the covers, by person or picture, to test on; a tenth validates, the rest trains.",
        ),
    ] = 0.2,
    group_duplicates: GroupDuplicates = False,
    device: Device = "cpu",
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    reading: ReadingOptions | None = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Measure how well detectors find embedders in your covers.

    The detectors are trained on these covers. Every source, embedder, detector and seed is a trial of its own: covers
    are split by person where known, else by picture, before they are embedded, and the error is that of a part seen once.
    Beside them run the controls: covers against covers, and LSB replacement of every sample, which must be found. A source
    whose pictures are of the wanted size already is taken as it is, whatever --geometry or --crop say. It resumes; more
    embedders, detectors or seeds in the same folder are added. The folder then holds results.csv, .md, .tex and report.html.

    Embedders of JPEGs, such as juniward@0.4, take the luma of JPEG files of one size and quantization table, or of pictures
    that --jpeg compresses; payloads count bits per AC coefficient that is not zero. What must be found there is nsf5@1.

    With --scores or --features two tables are judged instead, of any number of images.
    """
    from ssgan.evaluation.grid import Grid, run_grid, trials

    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    if tables is not None and tables.asked:
        tables.judge(screen, others=any((covers, out, embedder, detector, against, transfer_to)))
        return
    if not covers or out is None or not embedder or not detector:
        raise InvalidSetting(
            "covers, a folder, embedders or detectors are missing",
            hint="run ssgan evaluate COVERS -o FOLDER --embedder hill@0.4 --detector srm, or give --scores or --features",
        )
    if seeds < 1:
        raise InvalidSetting(f"seeds is {seeds}; it must be at least 1", hint="give a number from 1 on")
    geometry, convert = cut(reading or ReadingOptions(), tile)
    asked = (tuple(embedder), tuple(detector), tuple(range(seeds)), geometry, convert, limit, images)
    grid = Grid(
        tuple(covers),
        *asked,
        against=against,
        transfer_to=transfer_to,
        judged_share=judged_share,
        jpeg=tuple(jpeg or ()),
        jpeg_judged=jpeg_judged,
        group_duplicates=group_duplicates,
    )
    total = len(trials(grid))
    screen.note("plan", f"{counted(total, 'trial')}, the controls among them", trials=total, out=str(out))
    with screen.progress(total, "evaluating") as tell:

        def progress(done: int, current: TrialProgress) -> None:
            name = current.trial.name.rpartition("-")[0]
            tell(done, f"{name}{_said(current)}", **{"images": current.images, **(current.figures or {})})

        run_grid(grid, out, device=device, threads=use_threads(threads), progress=progress)
    _tell(screen, out)


def report(
    folder: Annotated[Path, Parameter(help="The folder of an evaluation.")],
    /,
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Write the report of an evaluation again.

    It covers the trials that are finished, in results.csv, .md, .tex and report.html. The same trials give the same files,
    byte for byte.
    """
    _tell(Screen(json=json, quiet=quiet, verbose=verbose), folder)


def _tell(screen: Screen, folder: Path) -> None:
    """Write the report into the folder, and print its rows."""
    from ssgan.evaluation.report import failed, write_report
    from ssgan.evaluation.rows import rows_of

    rows = rows_of(folder)
    files = write_report(folder, rows)
    shown = [row for row in rows if row.first.kind in ("retrained", "transfer", "conspicuous")]
    screen.table("row", [_row(row, full=screen.json) for row in shown or rows])
    for found in dict.fromkeys(found for row in rows for result in row.results for found in result.findings):
        if found.severity == "note":  # the others are among what fails
            screen.note("finding", f"{found.sentence}; {found.hint}", **asdict(found))
    for line in failed(rows):
        screen.warn(f"it should be so that {line.check}: {line.found}; expected {line.expected}.")
    screen.note("report", f"in {folder}: {', '.join(path.name for path in files)}", files=[str(path) for path in files])


def _row(row: Row, *, full: bool) -> dict[str, Any]:
    first, (low, high) = row.first, row.intervals["p_e"]
    record: dict[str, Any] = {
        "kind": first.kind + (" (mismatch)" if first.kind == "transfer" and not full else ""),
        "covers": row.covers,
        "trained_on": row.trained_on,
        "embedder": first.embedder,
        "detector": first.detector,
        "seeds": len(row.results),
    }
    if full:
        ends = {f"{name}_interval": list(interval) for name, interval in row.intervals.items()}
        return {**record, **row.figures, **ends, "spread": row.spread, "change_rate": row.mean("change_rate")}
    spread = row.spread["p_e"]
    record["P_E"] = f"{row.figures['p_e']:.3f}" + ("" if spread is None else f" ± {spread:.3f}") + f" ({low:.3f} to {high:.3f})"
    record["pairs"] = sum(result.pairs[2] for result in row.results)
    return {**record, "AUC": f"{row.figures['auc']:.3f}", "accuracy": f"{row.figures['accuracy']:.3f}"}


def _said(progress: TrialProgress) -> str:
    """Return the progress of a training in a few words."""
    figures = progress.figures or {}
    if "validation_p_e" in figures:
        return f": {progress.images} images seen, validation P_E {figures['validation_p_e']:.3f}"
    if "out_of_bag_error" in figures:
        return f": out-of-bag error {figures['out_of_bag_error']:.3f}"
    return ""
