"""Draw the wardens' errors as bars of the page, with their intervals; they follow the page's width, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

COIN, SCALE = 50, 60  # wrong answers of 100: of a coin, and at the right end of the bars


def errors(bars: Sequence[tuple[str, float, tuple[float, float] | None]]) -> Markup:
    """Return P_E by name as bars, each with its interval if there is one; the dashed line is a coin."""
    label = ", ".join(f"{name}: {_wrong(error)} of 100 wrong" for name, error, _ in bars)
    parts = [f'<div class="bars" role="img" aria-label="{escape(label)}">']
    for at, (name, error, interval) in enumerate(bars):
        parts.append(f'<p class="name">{escape(name)} <b>{_wrong(error)}</b></p><div class="track">')
        parts.append(f'<i class="fill" style="width: {_share(error)}; background: var(--c{at % 2})"></i>')
        if interval is not None:
            low, high = interval
            parts.append(f'<i class="range" style="left: {_share(low)}; width: {_share(high - low)}"></i>')
        parts.append(f'<i class="coin" style="left: {_share(COIN / 100)}"></i></div>')
    parts.append(
        f'<p class="axis"><span>0 wrong of 100</span><span style="left: {_share(COIN / 100)}">{COIN}: a coin</span></p></div>'
    )
    return Markup("".join(parts))


def _wrong(error: float) -> str:
    """Return the wrong answers of 100; those of a rare mistake with a decimal."""
    return f"{100 * error:.0f}" if not 0 < error < 0.01 else f"{100 * error:.1f}"


def _share(error: float) -> str:
    return f"{100 * min(100 * error / SCALE, 1):.1f}%"
