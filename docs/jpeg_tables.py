"""The tables of how detectable embedders of JPEGs are, from `results/jpeg_detection.csv`."""

from __future__ import annotations

import csv

from results_tables import RESULTS, range_of

from ssgan.steganalysis.catalog import DETECTORS

PUBLISHED = [
    "Published, for orientation: in the ALASKA challenge, of JPEGs of real use, the winner's detector had a P_E of 0.145 and",
    "missed 25 % at 5 % of false alarms, the next ones 0.25 and 52 %. Pictures, embedders, payloads and training sets are",
    "others there: no row above can be set beside these figures.",
    "",
]


def jpeg_detection() -> list[str]:
    """The tables of results/jpeg_detection.csv: a quality each, a detector a row, an embedder a column."""
    path = RESULTS / "jpeg_detection.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    parts = [
        "# Table of detection in JPEGs",
        "",
        "P_E as above, of embedders that change quantized coefficients; payloads count bits per AC coefficient that is not",
        "zero. Pictures that were never compressed are cut into tiles of 128 x 128 pixels, split by photograph, and compressed",
        "as gray JPEGs; tiles too flat to carry anything are left out. The last columns are the controls: nsF5 in half of the",
        "coefficients that are not zero, which must be found, and covers against covers, where a detector must err half the",
        "time. Tiles are small and few, so errors are far above those that papers report for 10,000 pictures of 512 x 512:",
        "compare within the table. A detector judges the quality that it learned from; the mismatch is a table of its own,",
        "with the false alarms at the threshold from home behind each P_E, and no measure of security. Networks judge the",
        "decompressed luma and are bound to the table as well; no row of one has been measured yet. A blank cell has not been",
        "measured either; `results/jpeg_detection.csv` has each interval.",
        "",
    ]
    for judged, learned in dict.fromkeys((row["quality"], row["trained_quality"]) for row in rows if row["embedder"]):
        chosen = [row for row in rows if (row["quality"], row["trained_quality"]) == (judged, learned)]
        title = f"Quality {judged}" if judged == learned else f"Trained at quality {learned}, judged at {judged}"
        parts += [f"## {title}", "", *_table(chosen), ""]
    pairs = [sorted({int(row[part]) for row in rows if row["kind"] == "retrained"}) for part in ("train_pairs", "test_pairs")]
    trained, tested = (range_of([f"{count:,}" for count in counts]) for counts in pairs)
    return [
        *parts,
        f"Trained on {trained} pairs, judged on {tested}. One command measures all cells, and messages as they are sent beside",
        "them; its rows are those of `OUT/jpeg/judged/results.csv`. A part of it is `ssgan evaluate PHOTOGRAPHS --jpeg 75 95",
        "--jpeg-judged 95 --tile 128` with some embedders and detectors, for networks with `--images`.",
        "",
        "<!-- not run: it needs hours -->",
        "```sh",
        "ssgan reproduce jpeg PHOTOGRAPHS --size full -o OUT",
        "```",
        "",
        *PUBLISHED,
    ]


def _table(rows: list[dict[str, str]]) -> list[str]:
    """One quality, or one mismatch: a detector, by embedder, and its controls."""
    judged = [row for row in rows if row["kind"] in ("retrained", "transfer")]
    columns = sorted({row["embedder"] for row in judged}, key=lambda name: (name.partition("@")[0] == "nsf5", name))
    controls = any(row["null_error"] or row["gross_p_e"] for row in judged if row["kind"] == "retrained")
    heads = [*(f"`{column}`" for column in columns), *(("must be found", "covers alone") if controls else ())]
    lines = [f"| detector | {' | '.join(heads)} |", f"|{' --- |' * (1 + len(heads))}"]
    for detector, seen in dict.fromkeys(_learner(row) for row in judged):
        own = [row for row in judged if _learner(row) == (detector, seen)]
        cells = [_cell([row for row in own if row["embedder"] == column]) for column in columns]
        if controls:
            cells += [f"{float(own[0][name]):.3f}" if own[0][name] else "" for name in ("gross_p_e", "null_error")]
        title = DETECTORS[detector].title + (f", {int(seen):,} images seen" if seen else "")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines


def _cell(rows: list[dict[str, str]]) -> str:
    """P_E of one row of an evaluation, with its spread over seeds and their number."""
    if not rows:
        return ""
    (row,) = rows
    spread = f" ± {float(row['p_e_spread']):.3f}" if row["p_e_spread"] else ""
    alarms = f", P_FA {float(row['p_fa']):.2f}" if row["kind"] == "transfer" else ""
    return f"{float(row['p_e']):.3f}{spread}{alarms} ({len(row['seeds'].split())})"


def _learner(row: dict[str, str]) -> tuple[str, str]:
    """The detector, and how many images it saw in training, where that was limited."""
    return row["detector"], row.get("images_seen") or ""
