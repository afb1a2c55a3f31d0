"""Render the page: whole pages, and the pieces that jobs put into them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ssgan.embedding.titles import TITLES
from ssgan.views import pages
from ssgan.web import runs as watching
from ssgan.web.remedies import REMEDIES

if TYPE_CHECKING:
    from ssgan.web.queue import Made, PageJob

VIEWS = {
    "generate": "Generate", "hide": "Hide", "reveal": "Reveal", "detect": "Detect", "inspect": "Inspect",
    "results": "Results", "runs": "Runs",
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


def page(
    name: str,
    token: str,
    *,
    runs: Sequence[watching.Shown] = (),
    folder: Path | None = None,
    made: Sequence[tuple[Made, PageJob | None]] = (),
) -> str:
    """Return a whole page; `made` are the lines of the view of results."""
    lines = [(one, _state(job), time.strftime("%H:%M:%S", time.localtime(one.at))) for one, job in made]
    return _render(
        f"{name}.html", name=name, title=VIEWS[name], views=VIEWS, token=token, runs=runs, folder=folder, schemes=SCHEMES,
        made=lines,
    )  # fmt: skip


def job_page(job: PageJob, token: str) -> str:
    """Return the page of one job, with its progress or its result."""
    name = job.kind if job.kind in VIEWS else "hide"
    return _render(
        "job.html", name=name, title=f"{VIEWS[name]}: {job.name}", views=VIEWS, token=token, job=job, shown=Markup(piece(job))
    )


def run(folder: Path, token: str) -> str:
    """Return the page of one run."""
    drawn = [(name, Markup(svg)) for name, svg in watching.curves(folder)]  # SVG of ours, its words escaped
    settings = {name: str(value) for name, value in watching.settings(folder).items() if value not in (None, "", [], {})}
    seen = {"curves": drawn, "grids": len(watching.grids(folder)), "settings": settings}
    return _render("run.html", name="runs", title=folder.name, views=VIEWS, token=token, run=folder.name, **seen)


def piece(job: PageJob) -> str:
    """Return the progress of a job, or its result, as a piece of a page."""
    inside: dict[str, Any] = {"job": job, "names": NAMES, "failure": job.error, "remedies": REMEDIES}
    if job.result is not None:
        inside |= {"facts": job.result.facts, "files": list(job.result.files)}
    return _render("piece.html", part=_template(job), **inside)


def _template(job: PageJob) -> str:
    """Return the name of the template that shows a job as it is now."""
    if job.result is not None:
        return f"result-{job.result.kind}"
    return {"failed": "failed", "cancelled": "cancelled"}.get(job.state, "progress")


def _state(job: PageJob | None) -> str:
    """Return the state of a job in words."""
    if job is None:
        return "forgotten"
    return job.error.message if job.error is not None else job.state


def error(message: str, hint: str) -> str:
    """Return an error with its hint."""
    return _render("error.html", message=message, hint=hint)


def _render(template: str, **values: object) -> str:
    return pages.render(f"web/templates/{template}", **values)
