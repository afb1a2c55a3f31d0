"""List schemes and coders by name: each is a file of its own, which ends with its row.

Schemes are named in `titles.py`, coders here. The tests walk the tables and hold every row to the same contract.
"""

from __future__ import annotations

from importlib import import_module

from ssgan.embedding.coder import Coder
from ssgan.embedding.coders import bound, drawn, message, plain, reference, stc
from ssgan.embedding.entry import SchemeEntry
from ssgan.embedding.titles import TITLES


def _row(name: str) -> SchemeEntry:
    row = import_module(f"ssgan.embedding.schemes.{name}").ROW
    assert isinstance(row, SchemeEntry), f"{name}.py has no row"
    assert row.title == TITLES[name], f"{name} is called {row.title!r} in its file and {TITLES[name]!r} in titles.py"
    return row


SCHEMES: dict[str, SchemeEntry] = {name: _row(name) for name in TITLES}

# In the order of lists. A new one is its file and its name here.
CODERS: dict[str, Coder] = {
    "bound": bound.ROW,
    "plain": plain.ROW,
    "stc": stc.ROW,
    "message": message.ROW,
    "authors": reference.ROW,
    "drawn": drawn.ROW,
}
DEFAULT_CODER = "bound"  # what `hill@0.4` means
FLAT_SCHEME = next(name for name, entry in SCHEMES.items() if not entry.adaptive)
FLAT_CODER = next(name for name, coder in CODERS.items() if coder.default_for_flat_costs)


def fitting_coder(scheme: str) -> str:
    """Return the coder for a scheme where none is named: FLAT_CODER if all its samples cost the same."""
    return DEFAULT_CODER if SCHEMES[scheme].adaptive else FLAT_CODER
