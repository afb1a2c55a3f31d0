"""The tables of albums in docs/drawn.md: from the card of the bundled extractor, and from `results/albums.csv`."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable

from results_tables import RESULTS

from ssgan.drawn import extractor, model
from ssgan.messages.album import FIRST_NUMBERS
from ssgan.messages.album_promise import CHANNELS
from ssgan.messages.survive import BY_CHANNEL, OF_FILES

_BLOCK = re.compile(r"<!-- albums: (\w+) -->\n.*?<!-- end -->", re.DOTALL)
_SIZE = 24
_CODED = f"albums of {_SIZE} that fail at the promise, one picture lost"
_TOLD = f"bits told of the nonce in an album of {_SIZE}"
_UNTOLD, _NEEDED = f"albums of {_SIZE} whose nonce is not told", math.log2(FIRST_NUMBERS)
_WHOLE, _WRONG, _LIVES = "albums through files, shuffled, one lost, not revealed", "wrong messages", "albums that live"
_WARDEN = re.compile(r"pictures of albums by (\w+), seed 0, P_E")


def filled(page: str) -> str:
    """The page with each block `<!-- albums: NAME --> ... <!-- end -->` made again."""
    made: dict[str, Callable[[], list[str]]] = {
        "promises": _promises, "trials": _trials, "warden": _warden, "lives": _lives
    }  # fmt: skip

    def block(match: re.Match[str]) -> str:
        lines = made[match[1]]()
        return "\n".join([f"<!-- albums: {match[1]} -->", "", *lines, *[""][: len(lines)], "<!-- end -->"])

    return _BLOCK.sub(block, page)


def _rows() -> dict[str, dict[str, str]]:
    with (RESULTS / "albums.csv").open(newline="", encoding="utf-8") as file:
        return {row["figure"]: row for row in csv.DictReader(file)}


def _promises() -> list[str]:
    about = extractor.load(next(iter(model.installed_folders())).parent / extractor.FOLDER).about
    return [
        "| channel | signs read rightly | bits a picture | bytes in 12 | in 24 | in 48 pictures |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| `{name}` | {100 * about['signs'][name]:.1f} % | {about['bits'][name]:.1f} | {' | '.join(map(str, carried))} |"
            for name, carried in ((name, by_size.values()) for name, by_size in about["promises"].items())
        ),
    ]


def _trials() -> list[str]:
    """A row for each channel of which anything was measured; `0 of 1,000`, and the end of the interval."""
    rows, found = _rows(), []
    whole = [row for figure, row in rows.items() if figure.startswith(_WHOLE)]
    count, failed = (
        sum(int(row["count"]) for row in whole),
        sum(round(float(row["value"]) * int(row["count"])) for row in whole),
    )
    for name in CHANNELS:
        cells = [_failed(rows.get(f"{what}, {name}")) for what in (_CODED, _WHOLE, _WRONG)]
        told = rows.get(f"{_TOLD}, {name}")
        bits = f"{float(told['value']):.0f}, least {float(told['low']):.0f}" if told else ""
        if told and float(told["low"]) < _NEEDED:
            bits += f"; {_failed(rows[f'{_UNTOLD}, {name}'])} have too few"
        if any(cells) or bits:
            found.append(f"| `{name}` | {cells[0]} | {bits} | {cells[1]} | {cells[2]} |")
    return [
        "| channel | coded bits not decoded | bits told of the nonce | not revealed, through files | wrong messages |",
        "| --- | --- | --- | --- | --- |",
        *found,
        "",
        f"Through files, all channels together: {failed} of {count:,} albums not revealed. Reading one takes {_seconds(rows)}",
        "where `--album 24` is given, in a warm process on one core; without it, other kinds of messages are looked for first.",
    ]


def _seconds(rows: dict[str, dict[str, str]]) -> str:
    row = rows["reveal, CPU seconds"]
    return f"{float(row['value']):.1f} CPU seconds ({float(row['low']):.1f} to {float(row['high']):.1f})"


def _failed(row: dict[str, str] | None) -> str:
    if row is None:
        return ""
    count = int(row["count"])
    return f"{round(float(row['value']) * count)} of {count:,} (below {100 * float(row['high']):.2g} %)"


def _warden() -> list[str]:
    found = []
    for figure, row in _rows().items():
        if match := _WARDEN.fullmatch(figure):
            low, high = float(row["low"]), float(row["high"])
            found.append(f"| {match[1]} | {float(row['value']):.3f} | {low:.3f} to {high:.3f} | 2 x {int(row['count']):,} |")
    return ["| warden | P_E | interval of 95 % | judged on |", "| --- | --- | --- | --- |", *found]


def _lives() -> list[str]:
    parts: dict[str, list[str]] = {"all": [], "some": [], "none": []}
    count = 0
    for figure, row in _rows().items():
        what, _, name = figure.partition(", ")
        if what == _LIVES:
            share, count = float(row["value"]), int(row["count"])
            words = OF_FILES.get(name) or BY_CHANNEL.get(name) or f"`{name}`"
            parts["all" if share == 1 else "some" if share else "none"].append(words)
    if not count:
        return []
    titles = {"all": f"all of {count} albums live", "some": "some live", "none": "none lives"}
    return [
        "| outcome | change of every file |",
        "| --- | --- |",
        *(f"| {titles[part]} | {'; '.join(names)} |" for part, names in parts.items() if names),
    ]
