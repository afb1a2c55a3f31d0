"""Render the page: whole pages, and the pieces that jobs put into them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from ssgan.embedding.titles import TITLES
from ssgan.views import pages
from ssgan.web import runs as watching

if TYPE_CHECKING:
    from ssgan.web.queue import PageJob

VIEWS = {
    "generate": "Generate", "hide": "Hide", "reveal": "Reveal", "detect": "Detect", "inspect": "Inspect", "runs": "Runs"
}  # fmt: skip
_TRY_FIRST = ("hill", "wow", "suniward", "mipod", "hugo", "hugo2010", "mg")  # then the others as they are listed
SCHEMES = {name: TITLES[name] for name in dict.fromkeys((*_TRY_FIRST, *TITLES))}
NAMES = {  # of pictures, for people
    "bits": "bits: bright carries many",
    "cover": "cover", "stego": "stego", "residual": "residual", "costs": "costs: bright is cheap",
    "change_probabilities": "change probabilities", "changes": "changes: +1 orange, -1 blue", "bit_planes": "bit planes",
    "first": "first", "second": "second", "difference": "how far apart", "residual_first": "residual of the first",
    "residual_second": "residual of the second", "bit_planes_changed": "bit planes that differ",
}  # fmt: skip


def page(name: str, token: str, *, runs: Sequence[watching.Shown] = (), folder: Path | None = None) -> str:
    """Return a whole page."""
    return _render(
        f"{name}.html", name=name, title=VIEWS[name], views=VIEWS, token=token, runs=runs, folder=folder, schemes=SCHEMES
    )


def run(folder: Path, token: str) -> str:
    """Return the page of one run."""
    drawn = [(name, Markup(svg)) for name, svg in watching.curves(folder)]  # SVG of ours, its words escaped
    settings = {name: str(value) for name, value in watching.settings(folder).items() if value not in (None, "", [], {})}
    seen = {"curves": drawn, "grids": len(watching.grids(folder)), "settings": settings}
    return _render("run.html", name="runs", title=folder.name, views=VIEWS, token=token, run=folder.name, **seen)


def job(job: PageJob) -> str:
    """Return the progress of a job, or its result."""
    if job.state == "failed":
        message, hint, _ = job.error or ("the task failed", "", 1)
        return error(message, hint)
    if job.state == "cancelled":
        return _render("cancelled.html")
    if job.result is None:
        return _render("progress.html", job=job)
    result = job.result
    return _render(f"result-{result.kind}.html", job=job, facts=result.facts, files=list(result.files), names=NAMES)


def error(message: str, hint: str) -> str:
    """Return an error with its hint."""
    return _render("error.html", message=message, hint=hint)


def _render(template: str, **values: object) -> str:
    return pages.render(f"web/templates/{template}", **values)
