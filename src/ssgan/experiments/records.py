"""Keep the records of an experiment as a CSV file: published figures, measured ones, and their circumstances."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ssgan.evaluation.quality.compare import Figure
from ssgan.evaluation.rows import Row
from ssgan.storage import state_files
from ssgan.storage.names import written


@dataclass(frozen=True)
class Record:
    """One figure. `published` is the paper's, where it has one; `question` is what the figure answers.

    `at` is where on the way it was taken (images seen, alpha), where there is one; `real` what real images get; `findings` is
    what was found in the pairs that makes the figure mislead, or worthless.
    """

    experiment: str
    question: str
    covers: str
    trained_on: str
    embedder: str
    detector: str
    figure: str
    published: float | None
    ours: float
    spread: float | None
    low: float | None
    high: float | None
    seeds: int
    test_pairs: int
    size: str
    at: float | None = None
    real: float | None = None
    findings: str = ""


def records_of(
    row: Row, *, experiment: str, question: str, size: str, published: float | None = None, at: float | None = None
) -> list[Record]:
    """Return records of accuracy, for the paper, and of P_E, for comparison."""
    first = row.first
    about = (experiment, question, row.covers, row.trained_on, first.embedder, first.detector)
    low, high = row.intervals["p_e"]
    counts = (len(row.results), first.pairs[2], size, at, None)
    found = "; ".join(
        dict.fromkeys(one.sentence for result in row.results for one in result.findings if one.severity != "note")
    )
    return [
        Record(*about, "accuracy", published, row.figures["accuracy"], row.spread["accuracy"], None, None, *counts, found),
        Record(*about, "P_E", None, row.figures["p_e"], row.spread["p_e"], low, high, *counts, found),
    ]


def record_of(figure: Figure, *, experiment: str, covers: str, size: str, at: float) -> Record:
    """Return the record of a figure of quality."""
    cells = (figure.generated, figure.generated_spread, None, None, figure.repeats, figure.images, size, at, figure.real)
    return Record(experiment, "quality", covers, "", "", figure.features, figure.figure, None, *cells)


def as_csv(records: Sequence[Record], circumstances: dict[str, str]) -> str:
    """Return the lines, each with the circumstances (device, versions, commit); numbers to six digits after the point."""
    text = io.StringIO()
    names = [field.name for field in fields(Record)]
    writer = csv.DictWriter(text, fieldnames=[*names, *circumstances], lineterminator="\n")
    writer.writeheader()
    for record in records:
        cells = {k: "" if v is None else round(v, 6) if isinstance(v, float) else v for k, v in asdict(record).items()}
        writer.writerow(cells | circumstances)
    return written(text.getvalue())


def read_csv(path: Path) -> list[Record]:
    """Return the records of a file that `as_csv` wrote. Raises Damaged, a StorageFailed that names the file."""
    kinds = {field.name: str(field.type) for field in fields(Record)}
    hint = "remove it: ssgan reproduce writes it again"
    rows = state_files.read_rows(path, ("experiment", "figure", "ours"), hint=hint)
    try:
        return [Record(**{name: _value(line.get(name) or "", kind) for name, kind in kinds.items()}) for line in rows]
    except ValueError as error:
        raise state_files.Damaged(path, str(error), hint=hint) from error


def _value(text: str, kind: str) -> Any:
    if kind == "str":
        return text
    if not text:
        return None
    return int(text) if kind == "int" else float(text)
