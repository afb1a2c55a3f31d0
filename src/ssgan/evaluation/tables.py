"""Write the rows of an evaluation as CSV with all fields, and as Markdown and LaTeX with those that readers compare."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ssgan.embedding.catalog import DEFAULT_CODER, FLAT_CODER
from ssgan.embedding.embedder import Embedder
from ssgan.embedding.titles import COEFFICIENT_TITLES, is_for_jpegs
from ssgan.embedding.titles import TITLES as TITLES_OF_SCHEMES
from ssgan.evaluation.rows import FIGURES, Row, control, of_kind
from ssgan.evaluation.sanity import KEY_POLICY
from ssgan.steganalysis.catalog import DETECTORS
from ssgan.storage.names import written

TITLES = {
    "retrained": "Detectors retrained on the judged covers",
    "transfer": "Transfers: trained on other covers (mismatch, no measure of security)",
    "conspicuous": "How conspicuous the covers are, without any stego",
    "null": "Controls: covers against covers",
    "gross": "Controls: ",
}
_GROSS_OF_JPEGS = "nsF5 in half of the AC coefficients that are not zero"
_GROSS = "LSB replacement of every sample"


def as_csv(rows: Sequence[Row]) -> str:
    """Return one line a row; intervals are of 95 %, spreads standard deviations over seeds, empty where there is none."""
    text = io.StringIO()
    lines = [_cells(rows, row) for row in rows]
    writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return written(text.getvalue())


def _cells(rows: Sequence[Row], row: Row) -> dict[str, str]:
    first = row.first
    cells = {name: str(getattr(first, name)) for name in ("kind", "covers", "trained_on", "against", "embedder", "detector")}
    if any(one.first.quality is not None for one in rows):
        qualities = first.quality, first.trained_quality
        cells["quality"], cells["trained_quality"] = ("" if quality is None else str(quality) for quality in qualities)
    if any(one.first.duration_images is not None for one in rows):
        cells["images_seen"] = str(first.duration_images or "")
    cells["seeds"] = " ".join(str(result.seed) for result in row.results)
    cells |= {f"{part}_pairs": str(count) for part, count in zip(("train", "validate", "test"), first.pairs, strict=True)}
    for name in FIGURES:
        cells[name] = _number(row.figures[name])
        if name in row.intervals:
            cells[f"{name}_low"], cells[f"{name}_high"] = (_number(end) for end in row.intervals[name])
        cells[f"{name}_spread"] = _number(row.spread[name])
    cells |= {name: _number(row.mean(name)) for name in ("home_p_e", "validation_p_e", "p_fa", "p_md", "change_rate", "raised")}
    controls = {kind: control(rows, row, kind) for kind in ("null", "conspicuous", "gross")}
    cells["null_error"] = _number(None if controls["null"] is None else 1 - controls["null"].figures["accuracy"])
    for kind in ("conspicuous", "gross"):
        found = controls[kind]
        cells[f"{kind}_p_e"] = _number(None if found is None else found.figures["p_e"])
    cells["keys"] = KEY_POLICY if first.embedder else ""
    sentences = dict.fromkeys(found.sentence for result in row.results for found in result.findings)
    return cells | {"findings": "; ".join(sentences)}


def as_markdown(rows: Sequence[Row]) -> str:
    """Return a table a kind."""
    parts = []
    for kind in TITLES:
        chosen = of_kind(rows, kind)
        if chosen:
            parts += [f"## {title_of(kind, rows)}", "", *_markdown(rows, chosen), ""]
    return "\n".join(parts)


def title_of(kind: str, rows: Sequence[Row]) -> str:
    """Return the title of the table of one kind."""
    return TITLES[kind] + (gross(rows) if kind == "gross" else "")


def gross(rows: Sequence[Row]) -> str:
    """Return in words the embedding that a detector must find: of JPEGs another one than of pixels."""
    of_jpegs = {is_for_jpegs(row.first.embedder) for row in rows if row.first.embedder}
    return " and ".join(words for words, of in ((_GROSS, False), (_GROSS_OF_JPEGS, True)) if of in (of_jpegs or {False}))


def _markdown(rows: Sequence[Row], chosen: Sequence[Row]) -> list[str]:
    lines = [columns(rows, row) for row in chosen]
    head = list(lines[0])
    return [_line(head), _line(["---"] * len(head)), *(_line(list(line.values())) for line in lines)]


def columns(rows: Sequence[Row], row: Row) -> dict[str, str]:
    """Return the shown fields of a row, by their titles."""
    first, kind = row.first, row.first.kind
    found = {"covers": row.covers}
    if kind == "transfer":
        found["trained on"] = row.trained_on
    if kind == "conspicuous":
        found["against"] = row.called[first.against]
    if first.embedder:
        found["embedder"] = first.embedder
    found |= {"detector": first.detector, "P_E": error(row), "P_MD at P_FA = 5 %": spread(row, "p_md_5")}
    found |= {"AUC": spread(row, "auc"), "accuracy": spread(row, "accuracy"), "pairs judged": f"{first.pairs[2]:,}"}
    if kind == "transfer":
        found["P_E at home"] = f"{row.mean('home_p_e'):.3f}"
        found["P_FA, P_MD at its threshold"] = f"{row.mean('p_fa'):.3f}, {row.mean('p_md'):.3f}"
    if first.embedder:
        found["samples changed"] = f"{row.mean('change_rate'):.2%}, {row.mean('raised'):.1%} up"
    if kind == "retrained":
        null, beside = (control(rows, row, name) for name in ("null", "conspicuous"))
        found["covers against covers"] = "–" if null is None else f"{1 - null.figures['accuracy']:.3f}"
        found["conspicuous"] = "–" if beside is None else f"{beside.figures['p_e']:.3f}"
    return found


def error(row: Row) -> str:
    """Return P_E, its spread over seeds where there are several, and its interval."""
    low, high = row.intervals["p_e"]
    return f"{spread(row, 'p_e')} ({low:.3f} to {high:.3f})"


def spread(row: Row, name: str) -> str:
    """Return a mean, and the spread over seeds where there are several."""
    deviation = row.spread[name]
    return f"{row.figures[name]:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")


def as_latex(rows: Sequence[Row]) -> str:
    """Return P_E as a table for a paper: a source and an embedder a line, a detector a column (needs booktabs).

    Each figure has its 95 % interval, or its deviation over several seeds, and the number of pairs that were judged.
    """
    chosen = [*of_kind(rows, "retrained"), *of_kind(rows, "transfer")]
    detectors = list(dict.fromkeys(row.first.detector for row in chosen))
    titles = {name: entry.title for name, entry in DETECTORS.items()}
    keys = list(dict.fromkeys((row.covers, row.trained_on, row.first.embedder) for row in chosen))
    lines = [
        "% needs the package booktabs",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{_caption(chosen)}}}",
        r"\label{tab:detection-error}",
        rf"\begin{{tabular}}{{ll{'c' * len(detectors)}}}",
        r"\toprule",
        " & ".join(["covers", "embedder", *(_tex(titles.get(name, name)) for name in detectors)]) + r" \\",
        r"\midrule",
    ]
    for covers, home, embedder in keys:
        named = covers if home == covers else f"{covers} (from {home})"
        cells = [_tex(named) + ("" if home == covers else r"$^\dagger$"), _tex(_written(embedder))]
        for detector in detectors:
            here = [r for r in chosen if r.key[1:3] == (covers, home) and r.key[4:] == (embedder, detector)]
            cells.append(_tex_figure(here[0]) if here else "")
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _caption(chosen: Sequence[Row]) -> str:
    """Return what the table shows, in a sentence or two."""
    seeds = sorted({len(row.results) for row in chosen})
    several = any(row.spread["p_e"] is not None for row in chosen)
    counted = f"{seeds[0]}" if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    interval = f"mean and standard deviation over {counted} seeds" if several else "with its 95\\,\\% interval"
    pairs = " $n$ is the number of pairs of cover and stego that were judged."
    mismatch = any(row.first.kind == "transfer" for row in chosen)
    dagger = r" A dagger marks detectors trained on other covers." if mismatch else ""
    return rf"Detection error $P_\mathrm{{E}}$, {interval}; 0.5 is guessing.{pairs}{dagger}"


def _written(embedder: str) -> str:
    """Return an embedder as papers write it: HILL, 0.4 bpp."""
    if "@" not in embedder:
        return embedder
    sender = Embedder.parse(embedder)
    unit = "bpnzAC" if sender.prices_coefficients else "bpp"
    name = (TITLES_OF_SCHEMES | COEFFICIENT_TITLES).get(sender.scheme, sender.scheme)
    coder = f" ({sender.coder})" if sender.coder not in (DEFAULT_CODER, FLAT_CODER) else ""
    options = "".join(f" {option}" for option in sender.cost_options)
    return f"{sender.method if sender.redraws else name + options}{coder}, {sender.payload:g} {unit}"


def _tex_figure(row: Row) -> str:
    """Return P_E with its spread or interval, and n."""
    low, high = row.intervals["p_e"]
    value = spread(row, "p_e").replace(" ± ", r" \pm ")
    interval = "" if row.spread["p_e"] is not None else rf"\ [{low:.3f}, {high:.3f}]"
    return f"${value}{interval}$ ($n={row.first.pairs[2]}$)"


def _tex(text: str) -> str:
    """Return the text escaped for LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(letter, "\\" + letter if letter in "&%$#_{}" else letter) for letter in text)


def _number(value: float | None) -> str:
    return "" if value is None else repr(round(value, 6))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
