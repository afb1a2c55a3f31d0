"""Write the demo's page for readers new to the subject, with every picture and figure inside."""

from __future__ import annotations

import math
import os
import platform
import shlex
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ssgan.evaluation import plots
from ssgan.experiments.demo import plots as drawing
from ssgan.experiments.demo.drawn_warden import DRAWN, MATCHING
from ssgan.experiments.demo.game import ASKED, GameResult
from ssgan.experiments.demo.result import DemoResult
from ssgan.experiments.demo.wardens import WardenResult
from ssgan.steganalysis.error_rate import NORMAL_95
from ssgan.version import __version__
from ssgan.views import maps, pages
from ssgan.views.contact_sheet import contact_sheet

TEMPLATE = "experiments/demo/page.html"
NAMES = {
    DRAWN: "drawn by a message",
    MATCHING: "changed: LSB matching",
    "apart": "drawn or photograph",
    "generated": "generated covers, one bit in every number",
}
BARS = (DRAWN, MATCHING, "apart")
_SHEET_COLUMNS = 12
LOSSES, COIN_LOSS = (0.6, 0.8), math.log(2)


def write(result: DemoResult, path: Path, *, stego: Path, program: str = "ssgan") -> Path:
    """Write the page to a file, in place of an existing one, and return its path."""
    pages.write(path, text(result, stego=stego, program=program), overwrite=True)
    return path


def text(result: DemoResult, *, stego: Path, program: str = "ssgan") -> str:
    """Return the page."""
    watched = [result.watched[name] for name in BARS if name in result.watched]
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
        drawn=result.watched[DRAWN],
        matching=result.watched[MATCHING],
        apart=result.watched.get("apart"),
        generated=result.watched["generated"],
        promised_bits=8 * result.said.promise_bytes / result.said.picture.size,
        words={one.source: in_words(one) for one in result.watched.values()},
        names=NAMES,
        errors=drawing.errors(watched, [NAMES[one.source] for one in watched]),
        losses=Markup(_losses(result.played)),
        before=pages.inline(result.played.before),
        after=pages.inline(result.played.after),
        outcome=played_in_words(result.played),
        chance=100 * NORMAL_95 * (2 * 0.25 / (2 * ASKED)) ** 0.5,  # of the difference of two errors near one half
        reveal=f"{program} reveal {shlex.quote(str(stego))}",
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} processor cores",
        python=platform.python_version(),
        version=__version__,
        total=sum(result.seconds.values()),
    )  # fmt: skip


def in_words(one: WardenResult) -> str:
    """Return the warden's result in one sentence."""
    wrong, (low, high) = 100 * one.p_e, (100 * end for end in one.interval)
    named, range_ = NAMES[one.source], f"{low:.0f} to {high:.0f}"
    if one.source == "apart":
        return f"{named}: wrong about {wrong:.0f} of 100 pictures ({range_}), with no message in any of them"
    if one.source == DRAWN and not one.learned:
        return f"{named}: wrong about {wrong:.0f} of 100 ({range_}): no better than a coin"
    if not one.learned:
        return f"{named}: wrong about {wrong:.0f} of 100 ({range_}): in this time he learned nothing that differs from a coin"
    return f"{named}: wrong about {wrong:.0f} of 100 ({range_}), where a coin is wrong 50 times"


def played_in_words(played: GameResult) -> str:
    """Return the outcome of the game in one sentence."""
    before, after = (100 * error for error in played.wrong)
    return (
        f"the warden as it was before is wrong about {before:.0f} of 100 times on the pictures from before and {after:.0f} on "
        f"those from after, which moved by {played.moved:.1f} of 255 gray values on average"
    )


def _losses(played: GameResult) -> str:
    """Return the losses of critic and warden by round, against those of a coin."""
    named = {"the critic's loss": "critic_loss", "the warden's loss": "detector_loss"}
    lines = {name: list(enumerate(played.course[key], 1)) for name, key in named.items()}
    values = [value for line in lines.values() for _, value in line]
    ends = (min(LOSSES[0], *values), max(LOSSES[1], *values))
    return plots.curves(lines, "rounds", "loss", level=("a coin", COIN_LOSS), up=ends)


def _changes(one: Any) -> str:
    return "" if one.seen is None else pages.inline(maps.change_map(one.seen.cover, one.seen.stego))
