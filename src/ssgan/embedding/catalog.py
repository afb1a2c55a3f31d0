"""The schemes, by name: each is a file of its own in `schemes/`, which ends with its row, and a line in `titles.py`.

The tests walk the table and hold every row to the same contract.
"""

from __future__ import annotations

from importlib import import_module

from ssgan.embedding.entry import Entry
from ssgan.embedding.titles import TITLES


def _row(name: str) -> Entry:
    row = import_module(f"ssgan.embedding.schemes.{name}").ROW
    assert isinstance(row, Entry), f"{name}.py has no row"
    assert row.title == TITLES[name], f"{name} is called {row.title!r} in its file and {TITLES[name]!r} in titles.py"
    return row


SCHEMES: dict[str, Entry] = {name: _row(name) for name in TITLES}
