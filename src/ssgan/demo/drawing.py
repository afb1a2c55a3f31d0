"""The plots of the page, as SVG that follows its light and dark: errors with their intervals, and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from markupsafe import Markup

from ssgan.demo.watching import Watched

COIN = 0.5
_WIDTH, _LEFT, _RIGHT = 640, 190, 70
_ROW = 58
_HEIGHT, _TOP, _BOTTOM, _SIDE = 240, 16, 44, 52


def errors(watched: Sequence[Watched], names: Sequence[str]) -> Markup:
    """P_E of each source as a bar with its interval; the dashed line is a coin."""
    span = (_WIDTH - _LEFT - _RIGHT) / COIN
    bottom = _ROW * len(watched) + 8
    parts = [
        f'<line x1="{_LEFT + span * COIN}" y1="4" x2="{_LEFT + span * COIN}" y2="{bottom}" '
        'style="stroke: var(--soft); stroke-dasharray: 4 4"/>',
        f'<text class="dim" x="{_LEFT + span * COIN}" y="{bottom + 20}" text-anchor="middle">50, a coin</text>',
        f'<text class="dim" x="{_LEFT}" y="{bottom + 20}">0 wrong of 100</text>',
    ]
    for at, (one, name) in enumerate(zip(watched, names, strict=True)):
        y, (low, high) = 12 + _ROW * at, one.interval
        middle = y + 16
        parts += [
            f'<text x="{_LEFT - 12}" y="{middle + 5}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{span * one.p_e:.1f}" height="32" rx="3" style="fill: var(--c{at % 2})"/>',
            f'<line x1="{_LEFT + span * low:.1f}" y1="{middle}" x2="{_LEFT + span * high:.1f}" y2="{middle}" '
            'style="stroke: currentColor" stroke-width="2"/>',
            *(
                f'<line x1="{_LEFT + span * end:.1f}" y1="{middle - 6}" x2="{_LEFT + span * end:.1f}" y2="{middle + 6}" '
                'style="stroke: currentColor" stroke-width="2"/>'
                for end in (low, high)
            ),
            f'<text x="{_LEFT + span * max(high, one.p_e) + 10:.1f}" y="{middle + 5}">{100 * one.p_e:.0f}</text>',
        ]
    told = ", ".join(f"{name}: {100 * one.p_e:.0f} of 100 wrong" for one, name in zip(watched, names, strict=True))
    return _drawn(_WIDTH, bottom + 28, parts, told)


def curves(
    lines: Mapping[str, Sequence[tuple[float, float]]], *, below: str, beside: str, lowest: float = 0, highest: float = 0
) -> Markup:
    """Lines (x, y) by name, the names in a row above them; `highest` 0 for as high as need be."""
    every = [point for line in lines.values() for point in line]
    last = max(x for x, _ in every)
    low, high = min(lowest, *(y for _, y in every)), highest or max(y for _, y in every) or 1.0
    width, height = _WIDTH - _SIDE - 12, _HEIGHT - _TOP - _BOTTOM

    def place(x: float, y: float) -> str:
        return f"{_SIDE + width * x / last:.1f},{_TOP + 18 + (height - 18) * (1 - (y - low) / (high - low)):.1f}"

    parts, at = [], _SIDE
    for number, (name, line) in enumerate(lines.items()):
        points = " ".join(place(x, y) for x, y in line)
        parts.append(f'<polyline points="{points}" fill="none" style="stroke: var(--c{number % 2})" stroke-width="2"/>')
        parts.append(f'<rect x="{at}" y="6" width="14" height="4" style="fill: var(--c{number % 2})"/>')
        parts.append(f'<text class="dim" x="{at + 20}" y="13">{escape(name)}</text>')
        at += 44 + 9 * len(name)
    for share in (0, 0.5, 1):
        value = low + share * (high - low)
        y = float(place(0, value).split(",")[1])
        parts.append(f'<text class="dim" x="{_SIDE - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.2g}</text>')
        parts.append(f'<line x1="{_SIDE}" x2="{_WIDTH - 12}" y1="{y}" y2="{y}" style="stroke: var(--line)"/>')
    foot = _HEIGHT - 22
    parts.append(f'<text class="dim" x="{_WIDTH - 12}" y="{foot}" text-anchor="end">{escape(below)}, up to {last:,.0f}</text>')
    parts.append(f'<text class="dim" x="{_SIDE}" y="{foot}">{escape(beside)}</text>')
    return _drawn(_WIDTH, _HEIGHT - 14, parts, f"{beside} against {below}: {', '.join(lines)}")


def _drawn(width: float, height: float, parts: Sequence[str], told: str) -> Markup:
    head = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(told)}">'
    return Markup("".join([head, *parts, "</svg>"]))
