"""Apply PNG's five filters, and the rules by which encoders choose one for each row.

A rule is found from a file that an encoder wrote, and then applied to other samples of the same picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

FILTERS = 5  # none, sub, up, average, Paeth
_PAETH = 4
_BLOCK_BYTES = 2**16  # filtered at once: more is slower, since what is held meanwhile leaves the cache


@dataclass(frozen=True)
class Rule:
    """One way to choose a filter for each row.

    order     filters that are tried, in this order; one alone is always taken
    first     the filter of the first row where `order` has one entry
    is_lode   the cost is LodePNG's (a plain sum for no filter), else the sum of absolute values as in libpng
    last_wins whether a later filter of equal cost replaces an earlier one
    """

    order: tuple[int, ...]
    first: int = 0
    is_lode: bool = False
    last_wins: bool = False

    def choices(self, costs: NDArray[np.int64], *, at_top: bool) -> Bytes:
        """Return uint8 (R,): the filter of each row, from costs (2, 5, R) as `filtered` gives them; `at_top` if row 0 is the
        first.
        """
        rows = costs.shape[2]
        if len(self.order) == 1:
            chosen = np.full(rows, self.order[0], np.uint8)
            if at_top:
                chosen[:1] = self.first
            return chosen
        order = self.order[::-1] if self.last_wins else self.order  # argmin takes the first of equal costs
        return np.array(order, np.uint8)[costs[int(self.is_lode)][list(order)].argmin(axis=0)]


LIBPNG, PILLOW = Rule((0, 1, 2, 3, 4)), Rule((0, 2, 1, 4))


def _rules() -> Iterator[Rule]:
    """Yield rules of least cost over several filters: libpng's order, Pillow's (up before sub), and libpng's subsets."""
    yield LIBPNG
    yield PILLOW
    yield Rule((0, 2, 1, 3, 4))  # Pillow with optimize
    yield Rule((1, 2, 3, 4), last_wins=True)
    yield Rule((0, 1, 2, 3, 4), is_lode=True)
    for last_wins in (False, True):
        for count in range(FILTERS, 1, -1):
            for order in combinations(range(FILTERS), count):
                yield Rule(order, last_wins=last_wins)


RULES = tuple(dict.fromkeys(_rules()))


def fitting(filters: list[Bytes], costs: list[NDArray[np.int64]], *, is_pillow_likely: bool = False) -> Rule | None:
    """Return the likeliest rule that chooses these filters, one list entry for each pass; None if no rule does.

    filters  uint8 (R,) of the first rows of each pass
    costs    int64 (2, 5, R) of the same rows
    """
    adaptive = (PILLOW, LIBPNG) if is_pillow_likely else (LIBPNG, PILLOW)
    firsts = {int(rows[0]) for rows in filters}
    rests = {*np.concatenate([rows[1:] for rows in filters]).tolist()} or firsts
    # Adaptive choices may be all the same; such a file is more often by an adaptive encoder than by one with a fixed filter.
    fixed = (Rule((rests.copy().pop(),), first=firsts.copy().pop()),) if len(firsts) == len(rests) == 1 else ()
    for rule in (*adaptive, *fixed, *RULES):
        if all(np.array_equal(rule.choices(c, at_top=True), f) for f, c in zip(filters, costs, strict=True)):
            return rule
    return None


def blocks(rows: Bytes, pixel_bytes: int) -> Iterator[tuple[slice, Bytes, NDArray[np.int64]]]:
    """Yield the rows (R, B) of a pass by blocks: slice, uint8 (5, r, B) filtered in each way, int64 (2, 5, r) costs."""
    step = max(1, _BLOCK_BYTES // rows.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, min(start + step, len(rows)))
        yield part, *_filtered(rows, part, pixel_bytes)


def _filtered(rows: Bytes, part: slice, pixel_bytes: int) -> tuple[Bytes, NDArray[np.int64]]:
    here = rows[part]
    above = np.zeros_like(here)
    if part.start:
        above[:] = rows[part.start - 1 : part.stop - 1]
    else:
        above[1:] = here[:-1]
    left, corner = _shifted(here, pixel_bytes), _shifted(above, pixel_bytes)
    result = np.empty((FILTERS, *here.shape), np.uint8)
    result[0], result[1], result[2] = here, here - left, here - above
    result[3] = here - ((left.astype(np.uint16) + above) >> 1).astype(np.uint8)
    result[_PAETH] = here - _paeth(left, above, corner)
    costs = np.empty((2, FILTERS, len(here)), np.int64)
    costs[0] = np.minimum(result, -result).sum(axis=2, dtype=np.uint32)
    costs[1] = np.minimum(result, ~result).sum(axis=2, dtype=np.uint32)
    costs[1, 0] = here.sum(axis=1, dtype=np.uint32)
    return result, costs


def _shifted(rows: Bytes, pixel_bytes: int) -> Bytes:
    """Return each pixel's left neighbor, 0 at the edge."""
    shifted = np.zeros_like(rows)
    shifted[:, pixel_bytes:] = rows[:, :-pixel_bytes]
    return shifted


def _paeth(left: Bytes, above: Bytes, corner: Bytes) -> Bytes:
    """Return of left, above and corner the nearest to left + above - corner; the earlier one of equals."""
    a, b, c = (part.astype(np.int16) for part in (left, above, corner))
    to_left, to_above, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where(to_above <= to_corner, above, corner)
    return np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
