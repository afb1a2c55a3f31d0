"""Write the demo's page for readers new to the subject, with every picture and figure inside."""

from __future__ import annotations

import os
import platform
import shlex
from pathlib import Path
from typing import Any

from ssgan.experiments.demo import plots
from ssgan.experiments.demo.drawn_warden import DRAWN, MATCHING, OWN
from ssgan.experiments.demo.result import DemoResult
from ssgan.experiments.demo.wardens import WardenResult
from ssgan.version import __version__
from ssgan.views import maps, pages
from ssgan.views.contact_sheet import contact_sheet

TEMPLATE = "experiments/demo/page.html"
NAMES = {
    OWN: "your message",
    DRAWN: "full pictures",
    MATCHING: "changed pictures (LSB matching)",
    "apart": "drawn picture or photograph",
}
_SHEET_COLUMNS = 9
# The steganalyser of SSGAN on covers of a generator that does not learn: accuracy, of results/game.csv (docs/reproduce.md).
BLIND = {
    "an earlier generator": 0.528, "the same, with its colors joined": 0.990, "today's generator": 0.858,
    "today's, with its colors joined": 0.999,
}  # fmt: skip


def write(result: DemoResult, path: Path, *, stego: Path, program: str) -> Path:
    """Write the page to a file, in place of an existing one, and return its path."""
    pages.write(path, text(result, stego=stego, program=program), overwrite=True)
    return path


def text(result: DemoResult, *, stego: Path, program: str = "ssgan") -> str:
    """Return the page; `program` is how it calls ssgan in a terminal."""
    return pages.render(
        TEMPLATE,
        result=result,
        said=result.said,
        samples=result.said.picture.size,
        picture=pages.inline(result.said.picture),
        bits=pages.inline(maps.bits_map(result.said.bits)),
        bits_per_sample=float(result.said.bits.mean()),
        sheet=pages.inline(contact_sheet(result.sheet, _SHEET_COLUMNS)),
        photograph=None
        if result.photograph is None
        else {name: pages.inline(picture) for name, picture in result.photograph.pictures.items()},
        priced=[(one, pages.inline(one.costs), _changes(one)) for one in result.priced],
        own=result.watched[OWN],
        drawn=result.watched[DRAWN],
        matching=result.watched[MATCHING],
        apart=result.watched.get("apart"),
        promised_bits=8 * result.said.promise_bytes / result.said.picture.size,
        words={one.source: in_words(one) for one in result.watched.values()},
        names=NAMES,
        errors=plots.errors([(NAMES[one.source], one.p_e, one.interval) for one in result.watched.values()]),
        blind=plots.errors([(name, 1 - accuracy, None) for name, accuracy in BLIND.items()]),
        command=f"{program} reveal {shlex.quote(str(stego))}",
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} processor cores",
        python=platform.python_version(),
        version=__version__,
        total=sum(result.seconds.values()),
    )  # fmt: skip


def in_words(one: WardenResult) -> str:
    """Return the warden's result in one sentence."""
    wrong, (low, high) = 100 * one.p_e, (100 * end for end in one.interval)
    said = f"{NAMES[one.source]}: wrong {wrong:.0f} times of 100 ({low:.0f} to {high:.0f})"
    if one.source == "apart":
        return f"{said}, with no message in any of them" + ("" if one.learned else ": too few pictures to tell it from a coin")
    if one.learned:
        return f"{said}, where a coin is wrong 50 times"
    return (
        f"{said}: no better than a coin" if one.source in (OWN, DRAWN) else f"{said}: too few pictures to tell it from a coin"
    )


def _changes(one: Any) -> str:
    return "" if one.seen is None else pages.inline(maps.change_map(one.seen.cover, one.seen.stego))
