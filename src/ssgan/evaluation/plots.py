"""The plots of a report, as SVG that a page carries in itself: drawn from figures alone, the same bytes for the same figures.

Colors are the page's (`--c0` and so on, `--ink`, `--soft`, `--line`, `--paper`), so that they follow its light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ssgan.embedding.embedder import Embedder
from ssgan.evaluation.bootstrap import FALSE_ALARMS, Scores
from ssgan.evaluation.rows import Row

COLORS = 8  # of the page
SIDE, MARGIN = 260, 46
BINS = 40
LONGEST_TICK = 5  # characters


def roc(rows: Sequence[Row]) -> str:
    """ROC curves with their 95 % bands, one a row; the diagonal is guessing."""
    frame = _Frame((0, 1), (0, 1), "false alarms", "stegos detected")
    parts = [frame.line([(0, 0), (1, 1)], "stroke: var(--line); stroke-dasharray: 4 4")]
    for number, row in enumerate(rows):
        mean, low, high = row.band
        around = [*zip(FALSE_ALARMS, low, strict=True), *reversed(list(zip(FALSE_ALARMS, high, strict=True)))]
        parts.append(frame.area(around, number))
        parts.append(frame.line(list(zip(FALSE_ALARMS, mean, strict=True)), f"stroke: {_color(number)}; stroke-width: 2"))
    named = [f"{row.first.detector}, AUC {row.figures['auc']:.3f}" for row in rows]
    return frame.drawn(parts, named, f"ROC of {', '.join(named)}")


def payloads(rows: Sequence[Row]) -> str:
    """P_E with its interval against the payload, a line for each source, way of embedding and detector."""
    lines: dict[str, list[tuple[float, Row]]] = {}
    for row in rows:
        embedder = Embedder.parse(row.first.embedder)
        way = embedder.scheme + ("" if embedder.coder == "bound" else f"/{embedder.coder}")
        lines.setdefault(f"{row.covers}, {way}, {row.first.detector}", []).append((embedder.payload, row))
    largest = max(payload for points in lines.values() for payload, _ in points)
    frame = _Frame((0, _round(largest)), (0, 0.5), "payload, bits per sample", "P_E")
    parts = []
    for number, points in enumerate(lines.values()):
        points.sort(key=lambda point: point[0])
        path = [(payload, row.figures["p_e"]) for payload, row in points]
        parts.append(frame.line(path, f"stroke: {_color(number)}; stroke-width: 2"))
        for payload, row in points:
            ends = [(payload, end) for end in row.intervals["p_e"]]
            parts.append(frame.line(ends, f"stroke: {_color(number)}; stroke-width: 1.2"))
            parts.append(frame.dot((payload, row.figures["p_e"]), number))
    return frame.drawn(parts, list(lines), "P_E against payload")


def histogram(scores: Scores, threshold: float | None = None) -> str:
    """How the scores of covers and of stegos lie, in BINS bins over all of them; both are equally many."""
    every = np.concatenate([scores.covers, scores.stegos])
    low, high = float(every.min()), float(every.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(part, edges)[0] for part in (scores.covers, scores.stegos)]
    frame = _Frame((low, high), (0, _round(float(max(count.max() for count in counts)))), "score", "images")
    parts = []
    for number, count in enumerate(counts):
        steps = [(low, 0.0)]
        for at, value in enumerate(count.tolist()):
            steps += [(float(edges[at]), float(value)), (float(edges[at + 1]), float(value))]
        steps.append((high, 0.0))
        parts += [frame.area(steps, number), frame.line(steps, f"stroke: {_color(number)}; stroke-width: 1.5")]
    if threshold is not None and low <= threshold <= high:
        up = frame.upper
        parts.append(frame.line([(threshold, 0), (threshold, up)], "stroke: var(--soft); stroke-dasharray: 3 3"))
    return frame.drawn(parts, ["covers", "stegos"], "Histogram of scores")


class _Frame:
    """Axes from data to places: `across` and `up` are the ranges of the data."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float], below: str, beside: str) -> None:
        self.across, self.up, self.below, self.beside = across, up, below, beside

    @property
    def upper(self) -> float:
        """The largest value that is shown."""
        return self.up[1]

    def line(self, points: Sequence[tuple[float, float]], style: str) -> str:
        """Straight pieces from point to point."""
        return f'<polyline fill="none" style="{style}" points="{self._points(points)}"/>'

    def area(self, points: Sequence[tuple[float, float]], number: int) -> str:
        """What lies within, pale."""
        return f'<polygon style="fill: {_color(number)}; fill-opacity: .16" points="{self._points(points)}"/>'

    def dot(self, point: tuple[float, float], number: int) -> str:
        """One point."""
        x, y = self._place(point)
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" style="fill: {_color(number)}"/>'

    def drawn(self, parts: Sequence[str], named: Sequence[str], told: str) -> str:
        """The whole picture, its lines named below it."""
        height = MARGIN + SIDE + 48 + 20 * len(named)
        return "".join(
            [
                f'<svg viewBox="0 0 {2 * MARGIN + SIDE} {height}" role="img" aria-label="{escape(told)}">',
                *self._axes(),
                *parts,
                *(self._legend(number, name) for number, name in enumerate(named)),
                "</svg>",
            ]
        )

    def _axes(self) -> list[str]:
        left, right, top, bottom = MARGIN, MARGIN + SIDE, MARGIN - 30, MARGIN - 30 + SIDE
        box = f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" style="stroke: var(--line)"/>'
        texts = [box]
        for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
            x, y = left + share * SIDE, bottom - share * SIDE
            values = (low + share * (high - low) for low, high in (self.across, self.up))
            across, up = (f"{value:.3g}" for value in values)
            if len(across) <= LONGEST_TICK or share in (0, 0.4, 0.8):  # long ones would run into each other
                texts.append(f'<text class="dim" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{across}</text>')
            texts.append(f'<text class="dim" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{up}</text>')
        texts.append(f'<text class="dim" x="{right}" y="{bottom + 34}" text-anchor="end">{escape(self.below)}</text>')
        texts.append(f'<text class="dim" x="{left}" y="{top - 6}">{escape(self.beside)}</text>')
        return texts

    def _legend(self, number: int, name: str) -> str:
        y = MARGIN - 30 + SIDE + 58 + 20 * number
        mark = f'<rect x="{MARGIN}" y="{y - 9}" width="14" height="4" style="fill: {_color(number)}"/>'
        return f'{mark}<text class="dim" x="{MARGIN + 22}" y="{y - 2}">{escape(name)}</text>'

    def _points(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._place, points))

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        shares = [(value - low) / (high - low) for value, (low, high) in zip(point, (self.across, self.up), strict=True)]
        return MARGIN + shares[0] * SIDE, MARGIN - 30 + (1 - shares[1]) * SIDE


def _round(value: float) -> float:
    """A round number a little above, whose fifths are round as well."""
    steps = [digit * 10.0**power for power in range(-3, 8) for digit in (1, 2, 2.5, 5)]
    return next((step for step in steps if step >= 1.04 * value), 1.04 * value)


def _color(number: int) -> str:
    return f"var(--c{number % COLORS})"
