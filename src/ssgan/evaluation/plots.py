"""Draw the plots of a report as SVG inside the page: from figures alone, the same bytes for the same figures.

Colors are the page's, so that they follow its light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ssgan.embedding.embedder import Embedder
from ssgan.evaluation.bootstrap import FALSE_ALARMS
from ssgan.evaluation.rows import Row
from ssgan.steganalysis.error_rate import Scores
from ssgan.views.plot_frame import Frame, color, round_up

BINS = 40
MOST_DOTS = 20  # on a line
GUESSING = "stroke: var(--line); stroke-dasharray: 4 4"
RATES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)  # the ticks of a DET


@dataclass(frozen=True)
class Point:
    """One way of making covers: its cost, the warden's error, and the label of the dot."""

    kind: str
    label: str
    cost: float
    error: float
    interval: tuple[float, float]


def roc(rows: Sequence[Row]) -> str:
    """Return ROC curves with their 95 % bands, one a row; the diagonal is guessing."""
    frame = Frame((0, 1), (0, 1), "false alarms", "stegos detected")
    parts = [frame.line([(0, 0), (1, 1)], GUESSING)]
    for number, row in enumerate(rows):
        mean, low, high = row.band
        around = [*zip(FALSE_ALARMS, low, strict=True), *reversed(list(zip(FALSE_ALARMS, high, strict=True)))]
        parts.append(frame.area(around, number))
        parts.append(frame.line(list(zip(FALSE_ALARMS, mean, strict=True)), f"stroke: {color(number)}; stroke-width: 2"))
    named = [f"{row.first.detector}, AUC {row.figures['auc']:.3f}" for row in rows]
    return frame.drawn(parts, named, f"ROC of {', '.join(named)}")


def det(rows: Sequence[Row]) -> str:
    """Return DET curves with their bands: both errors as normal deviates, where Gaussian scores of one width give straight
    lines.

    A. Martin et al., Eurospeech 1997. Rates outside of 0.5 to 60 % are drawn at the border.
    """
    ends = _deviate(RATES[0]), _deviate(RATES[-1])
    ticks = [(_deviate(rate), f"{100 * rate:g}%") for rate in RATES]
    frame = Frame(ends, ends, "false alarms", "stegos missed", ticks=ticks)
    parts = [frame.line([(deviate, -deviate) for deviate in (_deviate(0.4), _deviate(0.6))], GUESSING)]
    alarms = [_deviate(rate) for rate in FALSE_ALARMS]
    for number, row in enumerate(rows):
        mean, low, high = ([_deviate(1 - float(rate)) for rate in some] for some in row.band)
        around = [*zip(alarms, low, strict=True), *reversed(list(zip(alarms, high, strict=True)))]
        parts.append(frame.area(around, number))
        parts.append(frame.line(list(zip(alarms, mean, strict=True)), f"stroke: {color(number)}; stroke-width: 2"))
    named = [f"{row.first.detector}, P_E {row.figures['p_e']:.3f}" for row in rows]
    return frame.drawn(parts, named, f"DET of {', '.join(named)}")


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]],
    below: str,
    beside: str,
    *,
    level: tuple[str, float] | None = None,
    up: tuple[float, float] | None = None,
) -> str:
    """Return values against those of the lower axis, a line for each name; `level` is one value with its name.

    `up` are the ends of the axis of values; from 0 to what is needed, if left out.
    """
    points = [point for line in lines.values() for point in line]
    highest = max([value for _, value in points] + ([level[1]] if level else []))
    frame = Frame((0, round_up(max(at for at, _ in points) / 1.04)), up or (0, round_up(highest)), below, beside)
    parts, named = [], list(lines)
    for number, line in enumerate(lines.values()):
        parts.append(frame.line(line, f"stroke: {color(number)}; stroke-width: 2"))
        parts += [frame.dot(point, number) for point in line] if len(line) <= MOST_DOTS else []
    if level:
        parts.append(frame.line([(frame.across[0], level[1]), (frame.across[1], level[1])], GUESSING))
        named.append(level[0])
    return frame.drawn(parts, named, f"{beside} against {below}")


def frontier(points: Sequence[Point], below: str, *, across: tuple[float, float] | None = None) -> str:
    """Return P_E with its interval against the cost, a color for each kind of point, its label beside it.

    `across` are the ends of the axis of costs; from 0 to what is needed, if left out.
    """
    frame = Frame(across or (0, round_up(max(point.cost for point in points))), (0, 0.5), below, "P_E")
    kinds = list(dict.fromkeys(point.kind for point in points))
    parts = []
    for point in points:
        number, at = kinds.index(point.kind), (point.cost, point.error)
        ends = [(point.cost, end) for end in point.interval]
        parts.append(frame.line(ends, f"stroke: {color(number)}; stroke-width: 1.2"))
        parts += [frame.dot(at, number), frame.label(at, point.label)]
    return frame.drawn(parts, kinds, f"P_E against {below}")


def payloads(rows: Sequence[Row]) -> str:
    """Return P_E with its interval against the payload, a line for each source, way of embedding and detector."""
    lines: dict[str, list[tuple[float, Row]]] = {}
    for row in rows:
        embedder = Embedder.parse(row.first.embedder)
        way = embedder.method
        lines.setdefault(f"{row.covers}, {way}, {row.first.detector}", []).append((embedder.payload, row))
    largest = max(payload for points in lines.values() for payload, _ in points)
    frame = Frame((0, round_up(largest)), (0, 0.5), "payload, bits per sample", "P_E")
    parts = []
    for number, points in enumerate(lines.values()):
        points.sort(key=lambda point: point[0])
        path = [(payload, row.figures["p_e"]) for payload, row in points]
        parts.append(frame.line(path, f"stroke: {color(number)}; stroke-width: 2"))
        for payload, row in points:
            ends = [(payload, end) for end in row.intervals["p_e"]]
            parts.append(frame.line(ends, f"stroke: {color(number)}; stroke-width: 1.2"))
            parts.append(frame.dot((payload, row.figures["p_e"]), number))
    return frame.drawn(parts, list(lines), "P_E against payload")


def histogram(scores: Scores, threshold: float | None = None) -> str:
    """Return the distributions of the scores of covers and stegos, in BINS bins over all of them; both are equally many."""
    every = np.concatenate([scores.covers, scores.stegos])
    low, high = float(every.min()), float(every.max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts = [np.histogram(part, edges)[0] for part in (scores.covers, scores.stegos)]
    frame = Frame((low, high), (0, round_up(float(max(count.max() for count in counts)))), "score", "images")
    parts = []
    for number, count in enumerate(counts):
        steps = [(low, 0.0)]
        for at, value in enumerate(count.tolist()):
            steps += [(float(edges[at]), float(value)), (float(edges[at + 1]), float(value))]
        steps.append((high, 0.0))
        parts += [frame.area(steps, number), frame.line(steps, f"stroke: {color(number)}; stroke-width: 1.5")]
    if threshold is not None and low <= threshold <= high:
        up = frame.upper
        parts.append(frame.line([(threshold, 0), (threshold, up)], "stroke: var(--soft); stroke-dasharray: 3 3"))
    return frame.drawn(parts, ["covers", "stegos"], "Histogram of scores")


def _deviate(rate: float) -> float:
    """Return the normal deviate of a rate, within the ends of a DET."""
    return NormalDist().inv_cdf(min(max(rate, RATES[0]), RATES[-1]))
