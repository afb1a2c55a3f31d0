"""The runs of a folder, as they go on: what each is, its figures as curves, its grids of samples, its report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssgan.errors import InvalidSetting
from ssgan.evaluation.frame import Frame, round_up
from ssgan.runs import CONFIG, DONE, STATS, Run, logged

MOST_CURVES, MOST_POINTS = 8, 300
EVERY = 1.0  # seconds between looks at a run that goes on
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
    """The runs that lie directly in a folder, by name; links are not followed out of it."""
    if folder is None or not folder.is_dir():
        return []
    root = folder.resolve()
    inside = (path for path in sorted(folder.iterdir()) if (path / CONFIG).is_file() and path.resolve().parent == root)
    return [Shown(path.name, path, (path / DONE).exists(), _last(path).get("images_seen", 0)) for path in inside]


def grids(folder: Path) -> list[Path]:
    """Its grids of samples, oldest first."""
    return sorted(path for path in (folder / SAMPLES).glob(f"*{SUFFIX}") if path.is_file() and not path.is_symlink())


def settings(folder: Path) -> dict[str, Any]:
    """What the run was asked for; empty where that cannot be read."""
    try:
        return dict(Run.told(folder)["config"])
    except InvalidSetting:
        return {}


def curves(folder: Path) -> list[tuple[str, str]]:
    """Name and SVG of each figure that the run logs, against the images seen."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in _rows(folder):
        for name, value in row.items():
            if name != "images_seen" and isinstance(value, int | float) and value == value and abs(value) != float("inf"):
                lines.setdefault(name, []).append((float(row["images_seen"]), float(value)))
    return [(name, _drawn(name, line)) for name, line in list(lines.items())[:MOST_CURVES] if len(line) > 1]


async def events(folder: Path) -> AsyncIterator[str]:
    """Server-sent events: the curves and how far the run is, again whenever there is more, until it is done."""
    before = -1
    while True:
        stats, done = folder / STATS, (folder / DONE).exists()
        size = stats.stat().st_size if stats.exists() else 0
        if size != before or done:
            before = size
            told = await asyncio.to_thread(_told, folder)  # others are answered meanwhile
            yield f"event: {'done' if done else 'more'}\ndata: {json.dumps(told)}\n\n"
        if done:
            return
        await asyncio.sleep(EVERY)


def _told(folder: Path) -> dict[str, Any]:
    return {"curves": curves(folder), "images_seen": _last(folder).get("images_seen", 0), "grids": len(grids(folder))}


def _drawn(name: str, line: list[tuple[float, float]]) -> str:
    points = line[:: max(1, len(line) // MOST_POINTS)]
    low, high = min(value for _, value in points), max(value for _, value in points)
    room = (high - low) * 0.05 or 0.5
    frame = Frame((0, round_up(points[-1][0]) if points[-1][0] > 0 else 1), (low - room, high + room), "images seen", name)
    svg = frame.drawn([frame.line(points, LINE)], [], f"{name} against images seen")
    # The page's policy takes no style that stands in an element; style.css has these.
    return svg.replace(f' style="{LINE}"', ' class="curve"').replace(' style="stroke: var(--line)"', ' class="edge"')


def _rows(folder: Path) -> list[dict[str, Any]]:
    """The lines that say when they were written; what cannot be read is none."""
    try:
        return [row for row in logged(folder) if isinstance(row, dict) and isinstance(row.get("images_seen"), int | float)]
    except (OSError, ValueError):
        return []


def _last(folder: Path) -> dict[str, Any]:
    rows = _rows(folder)
    return rows[-1] if rows else {}
