"""Write the report of an examination: one HTML file with answers, facts, hashes, versions, settings and time, to hand in.

It needs nothing outside itself. Its one script sorts the table and is not needed to read it.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ssgan.detection.verdicts.answer import FileAnswer, about_alarms, summary
from ssgan.detection.verdicts.bundled import bundled
from ssgan.detection.verdicts.files import Judged
from ssgan.detection.verdicts.sheet import Tile
from ssgan.detection.verdicts.verdict import FALSE_ALARMS, share_of_true_alarms
from ssgan.steganalysis.checks.last_bits import ORDERS
from ssgan.storage.names import shown
from ssgan.version import __version__
from ssgan.views import pages

_TEMPLATE = "detection/verdicts/report.html"
_USED = ("numpy", "Pillow", "torch")


def versions() -> dict[str, Any]:
    """Return what an examination was made with: this package, what it uses, and each detector with the hash of its weights."""
    detectors = {}
    for folder in bundled():
        weights = next(iter(sorted(folder.glob("weights-*"))), None)
        detectors[folder.name] = "" if weights is None else weights.stem.removeprefix("weights-")
    used = {name.lower(): version(name) for name in _USED}
    return {"ssgan": __version__, "python": platform.python_version(), **used, "detectors": detectors}


def write_report(
    path: Path,
    rows: Sequence[Judged],
    tiles: Sequence[Tile],
    *,
    settings: Mapping[str, Any],
    begun: datetime,
    overwrite: bool = False,
) -> None:
    """Write the report on files, of which the first ones have a tile each.

    settings   as the user gave them; `base_rate` is among them
    begun      when the examination began
    Raises StorageFailed, also where a file is in the way and `overwrite` is False.
    """
    pages.write(path, report_page(rows, tiles, settings=settings, begun=begun), overwrite=overwrite)


def report_page(rows: Sequence[Judged], tiles: Sequence[Tile], *, settings: Mapping[str, Any], begun: datetime) -> str:
    """Return the page that `write_report` writes."""
    answers = [one.answer for one in rows]
    entries = [
        _entry(number, one, answer, tiles[number] if number < len(tiles) else None)
        for number, (one, answer) in enumerate(zip(rows, answers, strict=True))
    ]
    entries.sort(key=lambda entry: entry["rank"])
    alarms = sum(one.verdict is not None and one.verdict.verdict == "stego" for one in rows)
    base_rate = float(settings["base_rate"])
    most = share_of_true_alarms(base_rate)
    return pages.render(
        _TEMPLATE,
        entries=[dict(entry, place=place) for place, entry in enumerate(entries)],
        summary=summary(answers),
        about=about_alarms(alarms, len(rows), base_rate=base_rate, false_alarms=FALSE_ALARMS, most_true=most),
        settings={name: _setting(value) for name, value in settings.items()},
        versions=versions(),
        orders=len(ORDERS),
        begun=begun.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        ended=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def _entry(number: int, one: Judged, answer: FileAnswer, tile: Tile | None) -> dict[str, Any]:
    picture = None if tile is None or tile.thumbnail is None else np.asarray(tile.thumbnail).transpose(2, 0, 1)
    verdict = one.verdict
    probability = None if verdict is None else verdict.probability
    notes = [fact.sentence for fact in one.facts if not fact.is_finding]
    return {
        "id": f"file{number + 1}",
        "name": shown(one.name),
        "answer": answer.word,
        "kind": {"found": "found", "nothing found": "nothing"}.get(answer.word, "unexamined"),
        "by": ", ".join(answer.by) or answer.why,
        "sentences": list(dict.fromkeys([*answer.sentences, *notes, *(verdict.reasons if verdict is not None else ())])),
        "probability": probability,
        "picture": None if picture is None else pages.inline(np.ascontiguousarray(picture)),
        "format": one.format or "unknown",
        "size_bytes": one.size_bytes,
        "sha256": one.sha256,
        "rank": one.suspicion,
    }


def _setting(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "all" if value is None else str(value)
