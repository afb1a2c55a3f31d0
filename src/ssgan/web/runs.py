"""Show the runs of a folder while they train: settings, curves of metrics, grids of samples, reports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting
from ssgan.storage.names import shown
from ssgan.storage.runs import CONFIG, DONE, STATS, Run, logged
from ssgan.storage.state_files import Damaged, is_figure, is_file
from ssgan.views.plot_frame import Frame, round_up

MOST_CURVES, MOST_POINTS = 8, 300
EVERY = 1.0  # seconds between looks at a running run
LARGEST = 1e100  # of what can be drawn: sums and products of it are numbers still
LONGEST_NAME = 60  # of a figure
LINE = "stroke: var(--c0); stroke-width: 2"
SAMPLES, SUFFIX = "samples", ".png"


@dataclass(frozen=True)
class Shown:
    """A run in a list."""

    name: str
    folder: Path
    done: bool
    images_seen: int


def runs(folder: Path | None) -> list[Shown]:
    """Return the runs directly in a folder, by name; links out of it are not followed."""
    if folder is None:
        return []
    try:
        root, paths = folder.resolve(), sorted(folder.iterdir())
    except (OSError, RuntimeError):  # removed meanwhile, or a link to itself
        return []
    inside = (path for path in paths if is_file(path / CONFIG) and path.resolve().parent == root)
    return [Shown(path.name, path, is_file(path / DONE), _last(path).get("images_seen", 0)) for path in inside]


def grids(folder: Path) -> list[Path]:
    """Return its grids of samples, oldest first."""
    try:
        paths = sorted((folder / SAMPLES).glob(f"*{SUFFIX}"))
    except OSError:
        return []
    return [path for path in paths if is_file(path) and not path.is_symlink()]


def settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a run; empty where they cannot be read."""
    try:
        return dict(Run.manifest(folder)["config"])
    except InvalidSetting:
        return {}


def curves(folder: Path) -> list[tuple[str, str]]:
    """Yield name and SVG of each figure that the run logs, against the images seen."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in _rows(folder):
        for name, value in row.items():
            if name != "images_seen" and is_figure(value) and abs(value) < LARGEST:
                lines.setdefault(name, []).append((float(row["images_seen"]), float(value)))
    return [(name, _drawn(name, line)) for name, line in list(lines.items())[:MOST_CURVES] if len(line) > 1]


async def events(folder: Path) -> AsyncIterator[str]:
    """Yield server-sent events with the curves and the progress of the run, until it is done."""
    before = -1
    while True:
        size, done = _size(folder / STATS), is_file(folder / DONE)
        if size != before or done:
            before = size
            update = await asyncio.to_thread(_summary, folder)  # others are answered meanwhile
            yield f"event: {'done' if done else 'more'}\ndata: {json.dumps(update)}\n\n"
        if done:
            return
        await asyncio.sleep(EVERY)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _summary(folder: Path) -> dict[str, Any]:
    return {"curves": curves(folder), "images_seen": _last(folder).get("images_seen", 0), "grids": len(grids(folder))}


def _drawn(name: str, line: list[tuple[float, float]]) -> str:
    name = shown(name[:LONGEST_NAME])
    points = line[:: max(1, len(line) // MOST_POINTS)]
    low, high = min(value for _, value in points), max(value for _, value in points)
    margin = (high - low) * 0.05 or 0.5
    frame = Frame((0, round_up(points[-1][0]) if points[-1][0] > 0 else 1), (low - margin, high + margin), "images seen", name)
    svg = frame.drawn([frame.line(points, LINE)], [], f"{name} against images seen")
    # The page's policy allows no style within an element; style.css has these.
    return svg.replace(f' style="{LINE}"', ' class="curve"').replace(' style="stroke: var(--line)"', ' class="edge"')


def _rows(folder: Path) -> list[dict[str, Any]]:
    """Return the lines with a time; unreadable ones are left out."""
    try:
        return [row for row in logged(folder) if 0 <= row["images_seen"] < LARGEST]
    except Damaged:
        return []


def _last(folder: Path) -> dict[str, Any]:
    rows = _rows(folder)
    return rows[-1] if rows else {}
