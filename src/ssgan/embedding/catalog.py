"""List schemes and coders by name: each is a file of its own, which ends with its row.

Schemes are named in `titles.py`, coders here. The tests walk the tables and hold every row to the same contract.
"""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from ssgan.embedding.coder import Coder
from ssgan.embedding.coders import bound, drawn, message, plain, reference, shrinkage, stc
from ssgan.embedding.entry import CoefficientEntry, SchemeEntry
from ssgan.embedding.titles import COEFFICIENT_TITLES, SIDE_INFORMED, TITLES, scheme_name
from ssgan.errors import InvalidSetting, unknown

Row = TypeVar("Row", SchemeEntry, CoefficientEntry)


def _rows(titles: dict[str, str], kind: type[Row]) -> dict[str, Row]:
    rows = {}
    for name, title in titles.items():
        row = import_module(f"ssgan.embedding.schemes.{name}").ROW
        assert isinstance(row, kind), f"{name}.py has no row of this kind"
        assert row.title == title, f"{name} is called {row.title!r} in its file and {title!r} in titles.py"
        if isinstance(row, CoefficientEntry):
            assert row.needs_errors == (name in SIDE_INFORMED), f"{name} is side-informed in one of its file and titles.py"
        rows[name] = row
    return rows


SCHEMES: dict[str, SchemeEntry] = _rows(TITLES, SchemeEntry)
COEFFICIENT_SCHEMES: dict[str, CoefficientEntry] = _rows(COEFFICIENT_TITLES, CoefficientEntry)


def pixel_scheme(name: str) -> SchemeEntry:
    """Return the row of a scheme that prices pixels. Raises InvalidSetting for an unknown one, and for one of coefficients."""
    name = scheme_name(name)
    if name in COEFFICIENT_SCHEMES:
        raise InvalidSetting(
            f"the scheme {name} is made for the coefficients of JPEGs, and these are pixels",
            hint="give JPEG files, or use a scheme for pixels, such as hill",
        )
    if name not in SCHEMES:
        raise unknown("scheme", name, SCHEMES)
    return SCHEMES[name]


# In the order of lists. A new one is its file and its name here.
CODERS: dict[str, Coder] = {
    "bound": bound.ROW,
    "plain": plain.ROW,
    "stc": stc.ROW,
    "message": message.ROW,
    "authors": reference.ROW,
    "drawn": drawn.ROW,
    "shrinkage": shrinkage.ROW,
}
DEFAULT_CODER = "bound"  # what `hill@0.4` means
FLAT_SCHEME = next(name for name, entry in SCHEMES.items() if not entry.adaptive)
FLAT_CODER = next(name for name, coder in CODERS.items() if coder.default_for_flat_costs)


def fitting_coder(scheme: str) -> str:
    """Return the coder for a scheme where none is named: FLAT_CODER if all its samples cost the same."""
    return DEFAULT_CODER if scheme in COEFFICIENT_SCHEMES or SCHEMES[scheme].adaptive else FLAT_CODER
