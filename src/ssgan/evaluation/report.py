"""Write the report of an evaluation: results.csv, .md and .tex, and report.html, one self-contained page.

The same trials give the same bytes, whenever and however often they are reported; the page fetches nothing and runs no script.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan import images
from ssgan.embedding.embedder import Embedder
from ssgan.evaluation import plots, tables
from ssgan.evaluation.rows import Row, apart, control, of_kind, strongest
from ssgan.evaluation.samples import SAMPLES, SHOWN, VIEWS
from ssgan.evaluation.sanity import GROSS_FOUND, KEY_POLICY, Line, sanity
from ssgan.storage.runs import Run
from ssgan.views import pages

PAGE = "report.html"


@dataclass(frozen=True)
class SafetyVerdict:
    """The safety of an embedder on some covers, against the best of the detectors tried."""

    row: Row
    words: str
    compared: str  # with the first source


def tables_of(rows: Sequence[Row]) -> dict[str, str]:
    """Return file name → text of all forms except the page."""
    return {"results.csv": tables.as_csv(rows), "results.md": tables.as_markdown(rows), "results.tex": tables.as_latex(rows)}


def write_report(folder: Path, rows: Sequence[Row]) -> list[Path]:
    """Write all forms into the folder, in place of earlier ones, and return their paths. Raises StorageFailed."""
    texts = tables_of(rows) | {PAGE: page(folder, rows)}
    for name, text in texts.items():
        pages.write(folder / name, text, overwrite=True)
    return [folder / name for name in texts]


def page(folder: Path, rows: Sequence[Row]) -> str:
    """Return the HTML page."""
    manifest = Run.manifest(folder)
    return pages.render(
        "evaluation/report.html",
        verdicts=verdicts(rows),
        tables=[(tables.title_of(kind, rows), _table(rows, kind), kind) for kind in tables.TITLES if of_kind(rows, kind)],
        lines=sanity(rows),
        scenes=[_scene(rows, best) for best in strongest(rows)],
        payloads=plots.payloads(of_kind(rows, "retrained")) if of_kind(rows, "retrained") else "",
        keys=KEY_POLICY,
        views=VIEWS,
        made=manifest.get("made", {}),
        settings=json.dumps(manifest["config"], indent=2, sort_keys=True),
        trials=json.dumps([Run.manifest(path)["config"] for row in rows for path in row.folders], indent=1, sort_keys=True),
    )


def verdicts(rows: Sequence[Row]) -> list[SafetyVerdict]:
    """Return a sentence for each source and embedder, compared with the same embedder and detector in the first source."""
    found = []
    for row in strongest(rows):
        same = [r for r in of_kind(rows, "retrained") if r.key[4:] == row.key[4:]]
        compared = ""
        if same[0].covers != row.covers and not any(blind(rows, one) for one in (row, same[0])):
            difference, (low, high) = apart(row, same[0])
            side = "easier" if high < 0 else "harder" if low > 0 else "not clearly easier or harder"
            compared = (
                f"{side} to detect than in {same[0].covers} by the same detector: {difference:+.3f} ({low:+.3f} to {high:+.3f})"
            )
        found.append(SafetyVerdict(row, _words(rows, row), compared))
    return found


def failed(rows: Sequence[Row]) -> list[Line]:
    """Return the checks with an unexpected outcome."""
    return [line for line in sanity(rows) if not line.passed]


def _words(rows: Sequence[Row], row: Row) -> str:
    error, (_, high) = row.figures["p_e"], row.intervals["p_e"]
    pairs = sum(result.pairs[2] for result in row.results)
    if blind(rows, row):
        return (
            f"no answer, since this detector does not find {tables.gross(rows)} here either; "
            "give it more covers, or longer training"
        )
    if high >= 0.5:
        return f"not told from guessing on {pairs:,} pairs; more pairs, or another detector, may tell"
    if error < GROSS_FOUND:
        return f"found nearly every time: wrong about {100 * error:.1f} of 100 images"
    return f"detected: wrong about {100 * error:.0f} of 100 images, where guessing would be about 50"


def blind(rows: Sequence[Row], row: Row) -> bool:
    """Return whether there is no answer, since a detector that found little missed what it must find, too."""
    gross = control(rows, row, "gross")
    return gross is not None and min(gross.figures["p_e"], row.figures["p_e"]) >= GROSS_FOUND


def _table(rows: Sequence[Row], kind: str) -> list[dict[str, str]]:
    return [tables.columns(rows, row) for row in of_kind(rows, kind)]


def _scene(rows: Sequence[Row], best: Row) -> dict[str, Any]:
    """Return one source and embedder with its plots and pairs, of which those of the first trial are shown."""
    first = best.first
    same = [r for r in of_kind(rows, "retrained") if (r.covers, r.first.embedder) == (best.covers, first.embedder)]
    null = control(rows, best, "null")
    return {
        "covers": best.covers,
        "embedder": first.embedder,
        "title": str(Embedder.parse(first.embedder)),
        "detector": first.detector,
        "roc": plots.roc(same),
        "det": plots.det(same),
        "scores": plots.histogram(best.scores[0], best.threshold),
        "null": "" if null is None else f"{1 - null.figures['accuracy']:.3f}",
        "samples": [[_inline(best.folders[0] / SAMPLES / f"{n}-{view}.png") for view in VIEWS] for n in range(SHOWN)],
    }


def _inline(path: Path) -> str:
    """Return the picture as a data address; empty where there is none."""
    return pages.inline(images.read(path).samples) if path.exists() else ""
