"""The outcome of an experiment as lines of a CSV file: what was published, what came out, and under which circumstances."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from ssgan.evaluation.rows import Row


@dataclass(frozen=True)
class Record:
    """One figure. `published` is the paper's, where it has one; `question` says what the line answers."""

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


def records_of(row: Row, *, experiment: str, question: str, size: str, published: float | None = None) -> list[Record]:
    """Accuracy, which the paper has, and P_E, which can be compared."""
    first = row.first
    about = (experiment, question, row.covers, row.called[first.trained_on], first.embedder, first.detector)
    low, high = row.intervals["p_e"]
    counts = (len(row.results), first.pairs[2], size)
    return [
        Record(*about, "accuracy", published, row.figures["accuracy"], row.spread["accuracy"], None, None, *counts),
        Record(*about, "P_E", None, row.figures["p_e"], row.spread["p_e"], low, high, *counts),
    ]


def as_csv(records: Sequence[Record], circumstances: dict[str, str]) -> str:
    """The lines, each with the circumstances (device, versions, commit); numbers to six digits after the point."""
    text = io.StringIO()
    names = [field.name for field in fields(Record)]
    writer = csv.DictWriter(text, fieldnames=[*names, *circumstances], lineterminator="\n")
    writer.writeheader()
    for record in records:
        cells = {k: "" if v is None else round(v, 6) if isinstance(v, float) else v for k, v in asdict(record).items()}
        writer.writerow(cells | circumstances)
    return text.getvalue()
