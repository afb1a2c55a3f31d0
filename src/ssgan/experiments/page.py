"""Write one page for all experiments of a folder: answers in words, pictures of the covers, plots, and every figure.

It is drawn from the files of the folder alone: the same figures give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ssgan import images
from ssgan.errors import InvalidSetting
from ssgan.evaluation import plots
from ssgan.evaluation.quality.texture import local_deviation
from ssgan.evaluation.report import PAGE as REPORT
from ssgan.evaluation.rows import Row, control, of_kind, rows_of
from ssgan.experiments import alpha, convergence, frontier, game, jpeg, latent_seeds, security
from ssgan.experiments.answers import Answer, answers, bought, in_words, price
from ssgan.experiments.catalog import EXPERIMENTS
from ssgan.experiments.material import JUDGED
from ssgan.experiments.records import Record, read_csv
from ssgan.images import to_images
from ssgan.storage.runs import Run
from ssgan.views import maps, pages
from ssgan.views.contact_sheet import contact_sheet

PAGE = "report.html"
SHOWN, COLUMNS = 12, 6  # covers of a source
CURVES = ("residual deviation", "kernel distance", "Frechet distance")  # and those that begin with:
SLICED = "sliced Wasserstein"
LOUDEST = 40  # gray values: a local deviation of so much is as bright as can be


def page(out: Path) -> str:
    """Return the HTML page of the experiments whose CSV files are in `out`. Raises InvalidSetting where there is none."""
    done = {name: read_csv(out / f"{name}.csv") for name in EXPERIMENTS if (out / f"{name}.csv").exists()}
    if not done:
        raise InvalidSetting(f"{out} holds no experiment", hint="run ssgan reproduce table2 FACES -o FOLDER")
    parts = [_part(out, name, records) | _SECTIONS[name](out / name, records) for name, records in done.items()]
    return pages.render("experiments/page.html", parts=parts, missing=[name for name in EXPERIMENTS if name not in done])


def _part(out: Path, name: str, records: Sequence[Record]) -> dict[str, Any]:
    """Return the common parts of an experiment's section."""
    about = EXPERIMENTS[name].about.strip().split("\n\n")[1:]  # its first line is the title
    return {
        "name": name,
        "title": EXPERIMENTS[name].title,
        "about": [" ".join(text.split()) for text in about],
        "words": [],
        "plots": [],
        "sheets": [],
        "table": [],
        "records": records,
        "report": f"{name}/{JUDGED}/{REPORT}" if (out / name / JUDGED / REPORT).exists() else "",
        "manifest": Run.manifest(out / name),
    }


def _game(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    table = [
        {
            "detector": record.question,
            "covers": record.covers,
            "figure": record.figure,
            "mean": f"{record.ours:.3f}",
            "seeds": str(record.seeds),
        }
        for record in records
    ]
    return {"table": table, "sheets": _sheets(folder)}


def _frontier(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    rows = rows_of(folder / JUDGED)
    part: dict[str, Any] = {
        "words": in_words(rows),
        "plots": [],
        "table": _texture_table(records),
        "sheets": [*_textures(folder), *_sheets(folder)],
    }
    patches = [names for names in _quality(records) if names[0].startswith(SLICED)][:1]
    retrained = of_kind(rows, "retrained")
    for figure, features in patches:
        cost = {record.covers: record.ours for record in records if (record.figure, record.detector) == (figure, features)}
        for embedder in dict.fromkeys(row.first.embedder for row in retrained):
            points = [
                plots.Point(_kind(row.covers), row.covers, cost[row.covers], row.figures["p_e"], row.intervals["p_e"])
                for row in retrained
                if row.first.embedder == embedder and row.covers in cost
            ]
            caption = f"{embedder}. A form of secrecy counts only where it lies above the covers with noise."
            part["plots"].append((plots.frontier(points, figure), caption))
    return part


def _kind(covers: str) -> str:
    """Return what kind of covers a name tells of, for the color of its points."""
    if "-as-" in covers:
        return "with white noise"
    return "photographs" if covers.startswith("real") else "generated"


def _texture_table(records: Sequence[Record]) -> list[dict[str, str]]:
    """Return a line for each kind of covers: how much more they vary than those without the detector, in fifths."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        if record.question == frontier.TEXTURE:
            line = found.setdefault(record.covers, {"texture, beside the game without the detector": record.covers})
            line[record.figure.partition(", ")[2]] = f"{record.ours:.3f}"
    return list(found.values())


def _textures(folder: Path) -> list[tuple[str, str]]:
    """Return maps of local deviation, bright where gray values vary, of covers of the same latents in one order."""
    found = []
    every = sorted(path for path in (folder / "covers").iterdir() if path.is_dir())
    sources = [(source, plain) for source in every if (plain := frontier.plain_of(source)) is not None]
    for source in dict.fromkeys(path for pair in sources for path in pair):
        covers = to_images(np.stack([images.read(path).samples for path in sorted(source.glob("*.png"))[:SHOWN]]))
        shown = [maps.heat(one / LOUDEST) for one in local_deviation(covers)]
        sheet = contact_sheet(to_images(np.stack(shown)), COLUMNS)
        found.append((f"{source.name}: where gray values vary, black 0, bright {LOUDEST}", pages.inline(sheet)))
    return found


def _security(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    rows = rows_of(folder / JUDGED)
    prices = price(rows)
    table = [_answer_cells(rows, one, prices) for one in answers(rows)]
    with_secrecy = bought(rows, "paper", security.PLAIN)  # the same game, with the detector and without it
    return {"words": [*in_words(rows), *with_secrecy], "table": table, "sheets": _sheets(folder)}


def _answer_cells(rows: Sequence[Row], one: Answer, prices: dict[str, float]) -> dict[str, str]:
    row, first = one.row, one.row.first
    gross, null = control(rows, row, "gross"), control(rows, row, "null")
    mismatch = [
        r
        for r in of_kind(rows, "transfer")
        if (r.first.covers, r.first.embedder, r.first.detector) == (row.first.covers, *row.key[4:])
    ]
    low, high = row.intervals["p_e"]
    against = "" if one.difference is None or one.interval is None else (
        f", {one.difference:+.3f} ({one.interval[0]:+.3f} to {one.interval[1]:+.3f})"
    )  # fmt: skip
    return {
        "covers": one.source,
        "embedder": first.embedder,
        "detector": first.detector,
        "P_E, retrained": f"{row.figures['p_e']:.3f} ({low:.3f} to {high:.3f})",
        "than in real ones": (one.side or "-") + against,
        "trained on real: mismatch": f"{mismatch[0].figures['p_e']:.3f}" if mismatch else "",
        "every sample's LSB replaced": "" if gross is None else f"{gross.figures['p_e']:.3f}",
        "covers against covers": "" if null is None else f"{1 - null.figures['accuracy']:.3f}",
        "beside real ones": f"{prices[one.source]:.3f}" if one.source in prices else "",
    }


def _alpha(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    rows, drawn = rows_of(folder / JUDGED), []
    for figure, features in _quality(records):
        cost = {record.covers: record.ours for record in records if (record.figure, record.detector) == (figure, features)}
        points = [_point(row, cost[row.covers]) for row in of_kind(rows, "retrained") if row.covers in cost]
        drawn.append((plots.frontier(points, figure), _caption(records, figure, features)))
    beside = price(rows)
    # An error above a half is a detector that guesses.
    points = [_point(row, 1 - min(beside[row.covers], 0.5)) for row in of_kind(rows, "retrained") if row.covers in beside]
    frontier = plots.frontier(points, "covers told from real ones", across=(0.5, 1))
    drawn.append((frontier, "At 0.5 nobody can tell the covers from real images."))
    ways = dict.fromkeys(row.covers for row in of_kind(rows, "retrained") if row.covers != alpha.PLAIN)
    words = [sentence for way in ways for sentence in bought(rows, way, alpha.PLAIN)]
    return {"words": words, "plots": drawn, "sheets": _sheets(folder)}


def _point(row: Row, cost: float) -> plots.Point:
    _, value, mode = row.covers.split("-")
    return plots.Point(mode, value, cost, row.figures["p_e"], row.intervals["p_e"])


def _convergence(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    drawn = []
    for figure, features in _quality(records):
        lines: dict[str, list[tuple[float, float]]] = {}
        for record in records:
            if (record.figure, record.detector) == (figure, features) and record.at is not None:
                lines.setdefault(record.covers, []).append((record.at, record.ours))
        real = next(r.real for r in records if (r.figure, r.detector) == (figure, features))
        level = None if real is None else ("real images", max(real, 0.0))
        shown = {name: [(at, max(value, 0.0)) for at, value in line] for name, line in lines.items()}
        drawn.append((plots.curves(shown, "images seen", figure, level=level), _caption(records, figure, features)))
    times = [
        f"{record.covers}: {record.ours:.3g} {record.figure} ({record.question})" for record in records if record.at is None
    ]
    return {"plots": drawn, "words": times, "sheets": _sheets(folder)}


def _latent_seeds(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    table = [
        {
            "condition": record.question,
            "accuracy": f"{record.ours:.3f}",
            "published": "" if record.published is None else f"{record.published:.2f}",
        }
        for record in records
        if record.figure == "accuracy"
    ]
    return {"table": table, "sheets": _sheets(folder)}


def _jpeg(folder: Path, records: Sequence[Record]) -> dict[str, Any]:
    rows = rows_of(folder / JUDGED)
    return {"table": [_jpeg_cells(rows, row) for kind in ("retrained", "transfer") for row in of_kind(rows, kind)]}


def _jpeg_cells(rows: Sequence[Row], row: Row) -> dict[str, str]:
    gross, null = control(rows, row, "gross"), control(rows, row, "null")
    low, high = row.intervals["p_e"]
    return {
        "covers": row.covers,
        "trained on": "the same" if row.trained_on == row.covers else f"{row.trained_on}: mismatch",
        "embedder": row.first.embedder,
        "detector": row.first.detector,
        "P_E": f"{row.figures['p_e']:.3f} ({low:.3f} to {high:.3f})",
        "P_FA at its threshold": f"{row.mean('p_fa'):.2f}",
        "must be found": "" if gross is None else f"{gross.figures['p_e']:.3f}",
        "covers against covers": "" if null is None else f"{1 - null.figures['accuracy']:.3f}",
    }


def _quality(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the drawn measures, each once: figure and features, which are in the column of the detector."""
    chosen = [r for r in records if r.question == "quality" and (r.figure in CURVES or r.figure.startswith(SLICED))]
    return list(dict.fromkeys((record.figure, record.detector) for record in chosen))


def _named(figure: str, features: str) -> str:
    return f"{figure}, {features}" if features else figure


def _caption(records: Sequence[Record], figure: str, features: str) -> str:
    real = next(r.real for r in records if (r.figure, r.detector) == (figure, features))
    return _named(figure, features) + ("" if real is None else f"; real images get {real:.3g}") + "."


def _sheets(folder: Path) -> list[tuple[str, str]]:
    """Yield name and picture of every kind of covers, in the order of their names."""
    found = []
    for covers in sorted(path for path in (folder / "covers").iterdir() if path.is_dir()):
        chosen = sorted(covers.glob("*.png"))[:SHOWN]
        if chosen:
            sheet = contact_sheet(to_images(np.stack([images.read(path).samples for path in chosen])), COLUMNS)
            found.append((covers.name, pages.inline(sheet)))
    return found


_SECTIONS: dict[str, Callable[[Path, Sequence[Record]], dict[str, Any]]] = {
    game.NAME: _game, frontier.NAME: _frontier, convergence.NAME: _convergence, security.NAME: _security,
    latent_seeds.NAME: _latent_seeds, alpha.NAME: _alpha, jpeg.NAME: _jpeg,
}  # fmt: skip
