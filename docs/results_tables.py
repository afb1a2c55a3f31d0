"""Files of results as tables, each with the command that measures it again."""

from __future__ import annotations

import csv
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "results"
# Columns that are the same in all rows of a file: said once, below the table.
CIRCUMSTANCES = ("cpu", "cuda", "torch", "numpy", "commit")
COMMANDS = {
    "training-cuda": "training.py --device cuda --size 64 256 --rounds 3 --write",
    "train_step-cuda": "train_step.py --device cuda --write",
    "features": "features.py --peer SEALWATCH --write",
    "jpeg_features": "jpeg_features.py --peer SEALWATCH --write",
    "message-coder": "message_coder.py PHOTOGRAPHS FACES --count 600 --detectors spam srmq1/ridge`, then "
    "`--count 2000 --detectors xunet --network-images 100000`, then `PHOTOGRAPHS --jpeg 75 --scheme juniward --count 2000 "
    "--detectors dctr/fixed jrm/fixed",
}


def figures(name: str) -> list[str]:
    """A results file as a table, with the command that measures it."""
    with (RESULTS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in rows[0] if column not in CIRCUMSTANCES]
    circumstances = ", ".join(f"{column} {rows[0][column]}" for column in CIRCUMSTANCES if column in rows[0])
    return [
        f"| {' | '.join(column.replace('_', ' ') for column in columns)} |",
        f"|{' --- |' * len(columns)}",
        *(f"| {' | '.join('' if row[column] == 'nan' else row[column] for column in columns)} |" for row in rows),
        "",
        f"`python benchmarks/{COMMANDS.get(name, name + '.py --write')}`" + (f"; {circumstances}." if circumstances else "."),
    ]


def range_of(numbers: list[str]) -> str:
    """The first and the last of some numbers, or the only one."""
    return " to ".join(dict.fromkeys((numbers[0], numbers[-1])))
