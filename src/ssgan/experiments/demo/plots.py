"""Plot the wardens' errors with their intervals, as SVG that follows the page's light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from ssgan.experiments.demo.wardens import WardenResult

COIN = 0.5
_WIDTH, _LEFT, _RIGHT = 640, 190, 70
_ROW = 58


def errors(watched: Sequence[WardenResult], names: Sequence[str]) -> Markup:
    """Return P_E of each source as a bar with its interval; the dashed line is a coin."""
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
    label = ", ".join(f"{name}: {100 * one.p_e:.0f} of 100 wrong" for one, name in zip(watched, names, strict=True))
    return _drawn(_WIDTH, bottom + 28, parts, label)


def _drawn(width: float, height: float, parts: Sequence[str], label: str) -> Markup:
    head = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
    return Markup("".join([head, *parts, "</svg>"]))
