"""Draw the frame of a plot as SVG: axes, ticks, lines, areas, dots and a legend, in the colors of its page.

The colors are names of the page's (`--c0` and so on, `--ink`, `--soft`, `--line`), so that they follow its light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

COLORS = 8  # of the page
SIDE, MARGIN = 260, 46
LONGEST_TICK = 5  # characters
SHARES = (0, 0.2, 0.4, 0.6, 0.8, 1)  # of an axis, where its ticks are unless said otherwise
THOUSAND = 1000  # from here on numbers are written out
Ticks = Sequence[tuple[float, str]]  # where in the data, and the words


class Frame:
    """Axes from data to positions: `across` and `up` are the ranges of the data, `ticks` those of both axes if given."""

    def __init__(
        self, across: tuple[float, float], up: tuple[float, float], below: str, beside: str, *, ticks: Ticks | None = None
    ) -> None:
        self.across, self.up, self.below, self.beside, self.ticks = across, up, below, beside, ticks

    @property
    def upper(self) -> float:
        """The largest value that is shown."""
        return self.up[1]

    def line(self, points: Sequence[tuple[float, float]], style: str) -> str:
        """Draw straight lines from point to point."""
        return f'<polyline fill="none" style="{style}" points="{self._points(points)}"/>'

    def area(self, points: Sequence[tuple[float, float]], number: int) -> str:
        """Draw a pale area."""
        return f'<polygon style="fill: {color(number)}; fill-opacity: .16" points="{self._points(points)}"/>'

    def dot(self, point: tuple[float, float], number: int) -> str:
        """Draw one point."""
        x, y = self._place(point)
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" style="fill: {color(number)}"/>'

    def label(self, point: tuple[float, float], words: str) -> str:
        """Write words beside a point, on the side with more room."""
        x, y = self._place(point)
        right = x < MARGIN + 0.75 * SIDE
        at, anchor = (x + 7, "start") if right else (x - 7, "end")
        return f'<text class="dim" x="{at:.1f}" y="{y - 5:.1f}" text-anchor="{anchor}">{escape(words)}</text>'

    def drawn(self, parts: Sequence[str], named: Sequence[str], label: str) -> str:
        """Return the whole picture, with the names of its lines below."""
        height = MARGIN + SIDE + 48 + 20 * len(named)
        return "".join(
            [
                f'<svg viewBox="0 0 {2 * MARGIN + SIDE} {height}" role="img" aria-label="{escape(label)}">',
                *self._axes(),
                *parts,
                *(self._legend(number, name) for number, name in enumerate(named)),
                "</svg>",
            ]
        )

    def _axes(self) -> list[str]:
        left, right, top, bottom = MARGIN, MARGIN + SIDE, MARGIN - 30, MARGIN - 30 + SIDE
        texts = [f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" style="stroke: var(--line)"/>']
        across, up = (self.ticks, self.ticks) if self.ticks is not None else (_even(self.across), _even(self.up))
        few = len(across) - 1 if any(len(words) > LONGEST_TICK for _, words in across) else 0  # else they run into each other
        for number, (value, words) in enumerate(across):
            if not few or number in (0, few * 2 // 5, few * 4 // 5):
                x = self._place((value, self.up[0]))[0]
                texts.append(f'<text class="dim" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{escape(words)}</text>')
        for value, words in up:
            y = self._place((self.across[0], value))[1]
            texts.append(f'<text class="dim" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>')
        texts.append(f'<text class="dim" x="{right}" y="{bottom + 34}" text-anchor="end">{escape(self.below)}</text>')
        texts.append(f'<text class="dim" x="{left}" y="{top - 6}">{escape(self.beside)}</text>')
        return texts

    def _legend(self, number: int, name: str) -> str:
        y = MARGIN - 30 + SIDE + 58 + 20 * number
        mark = f'<rect x="{MARGIN}" y="{y - 9}" width="14" height="4" style="fill: {color(number)}"/>'
        return f'{mark}<text class="dim" x="{MARGIN + 22}" y="{y - 2}">{escape(name)}</text>'

    def _points(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self._place, points))

    def _place(self, point: tuple[float, float]) -> tuple[float, float]:
        shares = [(value - low) / (high - low) for value, (low, high) in zip(point, (self.across, self.up), strict=True)]
        return MARGIN + shares[0] * SIDE, MARGIN - 30 + (1 - shares[1]) * SIDE


def round_up(value: float) -> float:
    """Return a round number a little above, whose fifths are round as well."""
    steps = [digit * 10.0**power for power in range(-6, 8) for digit in (1, 2, 2.5, 3, 4, 5)]
    return next((step for step in steps if step >= 1.04 * value), 1.04 * value)


def color(number: int) -> str:
    """Return the page's color of a line."""
    return f"var(--c{number % COLORS})"


def _even(between: tuple[float, float]) -> list[tuple[float, str]]:
    low, high = between
    values = [low + share * (high - low) for share in SHARES]
    return [(value, f"{value:.3g}" if abs(value) < THOUSAND else f"{value:,.0f}") for value in values]
