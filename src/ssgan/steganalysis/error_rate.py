"""Compute P_E, the smallest average error of any threshold on the scores, with that threshold and an interval.

P_E = min over t of (P_FA(t) + P_MD(t)) / 2, stego being called where the score exceeds t. Ties are all on one side of a
threshold, a perfect detector has 0, one with the same score for everything 1/2.

The interval comes from test sets drawn again and again out of the one there is. A cover and its stego are drawn together, and
so is everything of one person or picture: what was photographed together errs together. With several seeds, each test set is
drawn by itself and the figures are averaged. A minimum over thresholds is optimistic, and that of a redrawn set is even more
so: an interval reaches from the lower end to the upper end of the percentile's and the basic bootstrap's (A. Davison, D.
Hinkley, Bootstrap Methods and their Application, 1997, 5.2 and 5.3), of which one errs below and one above; that of P_E also
over the binomial one, which does not give out where errors are few, and up to 1/2 where the scores may be a blind detector's
(Smirnov's test: 1 - 2 P_E is its one-sided distance). The sets depend on the scores and their groups alone, in any order, so
that the same scores have the same interval wherever they are judged.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ssgan.compute import seeds
from ssgan.errors import InvalidSetting

COVERED = 0.95
TAILS = ((1 - COVERED) / 2, (1 + COVERED) / 2)
NORMAL_95 = 1.96  # standard deviations on either side, within which a normal law has 95 %
# Sets drawn of up to MANY groups and of more, where fewer are precise enough.
TIMES, FEWER_TIMES, MANY = 1000, 200, 50_000
# With n right answers of n, more than 3 / n wrong ones in the long run have a probability below 5 %.
RULE_OF_THREE = 3.0

Interval: TypeAlias = tuple[float, float]
Groups: TypeAlias = "Sequence[str] | np.ndarray"


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of covers, float64 (N,), and of stegos, (M,), higher = rather stego, and the group of each.

    `groups` are those of the covers; the i-th stego is of the i-th cover's, unless `stego_groups` says otherwise.
    Raises InvalidSetting.
    """

    covers: np.ndarray
    stegos: np.ndarray
    groups: Groups
    stego_groups: Groups | None = None

    def __post_init__(self) -> None:
        others = self.groups if self.stego_groups is None else self.stego_groups
        if len(checked(self.covers)) != len(self.groups) or len(checked(self.stegos)) != len(others):
            raise InvalidSetting("scores and groups differ in number", hint="give a group for each score")

    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """Return int64 (N,) and (M,): the number of each one's group, independent of the order of scores."""
        parts = [np.asarray(self.groups), np.asarray(self.groups if self.stego_groups is None else self.stego_groups)]
        number = np.unique(np.concatenate(parts), return_inverse=True)[1]
        numbers = np.split(number, [len(self.covers)])
        keys = []
        for scores, own in zip((self.covers, self.stegos), numbers, strict=True):
            least, most = np.full(number.max() + 1, np.inf), np.full(number.max() + 1, -np.inf)
            np.minimum.at(least, own, scores)
            np.maximum.at(most, own, scores)
            keys += [least, most]
        rank = np.empty(number.max() + 1, dtype=np.int64)
        rank[np.lexsort(keys)] = np.arange(len(rank))
        return rank[numbers[0]], rank[numbers[1]]


def checked(scores: np.ndarray) -> np.ndarray:
    """Return float64 (N,), N > 0, finite. Raises InvalidSetting."""
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise InvalidSetting(
            f"scores of shape {found.shape} cannot be judged", hint="give a finite score for each of one or more images"
        )
    return found


def p_e(cover_scores: np.ndarray, stego_scores: np.ndarray) -> tuple[float, float]:
    """Return (P_E in [0, 1/2], a threshold that reaches it) of the scores of covers (N,) and stegos (M,): higher = rather
    stego.
    """
    values = np.unique(np.concatenate([cover_scores, stego_scores]))
    thresholds = np.concatenate([[-np.inf], values])  # each value, and one below all of them
    covers, stegos = np.sort(cover_scores), np.sort(stego_scores)
    # To the last digit as a ROC has them: alarms and detections are counted, misses are what is left.
    false_alarms = (len(covers) - np.searchsorted(covers, thresholds, side="right")) / len(covers)
    detected = (len(stegos) - np.searchsorted(stegos, thresholds, side="right")) / len(stegos)
    error, best = least_error(false_alarms, 1 - detected)
    return error, _between(values, best)


def least_error(p_fa: np.ndarray, p_md: np.ndarray) -> tuple[float, int]:
    """Return (P_E, the number of the first threshold that reaches it) of the false alarms and missed detections at thresholds
    (K,).
    """
    errors = (p_fa + p_md) / 2
    best = int(errors.argmin())
    return float(errors[best]), best


def error_interval(sets: Sequence[Scores], drawn: Sequence[np.ndarray] | None = None) -> Interval:
    """Return a 95 % interval, within [0, 1/2], of P_E, or of its mean over several sets of scores (one a seed).

    `drawn` are the errors of each set's `redrawn` curves, where they are known already. It shows how far another test set of
    the same size would be off; only several seeds show what another training would give.
    """
    if drawn is None:
        drawn = [np.array([least_error(p_fa, 1 - p_d)[0] for p_fa, p_d in redrawn(one)]) for one in sets]
    here = float(np.mean([p_e(one.covers, one.stegos)[0] for one in sets]))
    low, high = spread(here, drawn, pairs_of(sets))
    reach = _binomial(sets)
    low, high = min(low, here - reach), 0.5 if _may_be_blind(sets) else max(high, here + reach)
    return max(0.0, low), min(0.5, high)


def redrawn(scores: Scores, *, times: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield false alarms and detections, float64 (K,), at the same thresholds, of sets of as many groups drawn with
    replacement.
    """
    of_covers, of_stegos = scores.units()
    count = int(max(of_covers.max(), of_stegos.max())) + 1
    digest = hashlib.sha256(b"".join(np.sort(checked(part)).tobytes() for part in (scores.covers, scores.stegos)))
    rng = seeds.generator(0, "bootstrap", digest.hexdigest())
    curve = _Weighted(scores)
    left = times if times is not None else TIMES if count <= MANY else FEWER_TIMES
    while left:
        often = np.bincount(rng.integers(0, count, count), minlength=count)
        covers, stegos = often[of_covers], often[of_stegos]
        if covers.any() and stegos.any():  # where few groups have both, a set may lack one of them
            yield curve.roc(covers, stegos)
            left -= 1


def spread(here: float, drawn: Sequence[np.ndarray], pairs: int) -> Interval:
    """Return the ends of the percentile interval and of the basic one, its mirror image at the figure `here`, joined.

    Of the mean over the sets: `drawn` are the figures of each one's drawn sets.
    """
    again = mean_of(drawn)
    if float(np.ptp(again)) == 0:  # as with a perfect detector: the bootstrap has no spread
        reach = RULE_OF_THREE / (2 * pairs)
        return here - reach, here + reach
    low, high = (float(value) for value in np.quantile(again, TAILS))
    return min(low, 2 * here - high), max(high, 2 * here - low)


def mean_of(drawn: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean over the sets of their draws, (T, ...), of as many draws as all of them have."""
    common = min(len(one) for one in drawn)
    return np.asarray(np.mean([one[:common] for one in drawn], axis=0))


def pairs_of(sets: Sequence[Scores]) -> int:
    """Return the number of pairs in all sets: the smaller number where covers and stegos differ."""
    return sum(min(len(one.covers), len(one.stegos)) for one in sets)


def _between(values: np.ndarray, count: int) -> float:
    """Return a threshold with exactly the first `count` of the values at or below it: halfway to the next if possible."""
    if count == 0:
        return float(np.nextafter(values[0], -np.inf))
    below = float(values[count - 1])
    if count == len(values):
        return below
    middle = (below + float(values[count])) / 2
    return middle if middle < values[count] else below


def _binomial(sets: Sequence[Scores]) -> float:
    """Return the reach of the binomial interval of P_E, of the mean over the sets.

    From the deviations of P_FA and P_MD at its threshold, two successes and two failures more (Agresti and Coull), so that a
    rate of 0 has a deviation too. An end that would pass 0 or 1/2 is cut off there, and the other one counts.
    """
    reaches = []
    for one in sets:
        error, threshold = p_e(one.covers, one.stegos)
        rates = (float((one.covers > threshold).mean()), float((one.stegos <= threshold).mean()))
        counts = len(one.covers), len(one.stegos)
        adjusted = [((r * n + 2) / (n + 4), n + 4) for r, n in zip(rates, counts, strict=True)]
        deviation = 1.96 * sum(r * (1 - r) / n for r, n in adjusted) ** 0.5 / 2
        reaches.append(max(min(deviation, error), min(deviation, 0.5 - error)))
    return float(np.sqrt(np.square(reaches).sum())) / len(sets)


def _may_be_blind(sets: Sequence[Scores]) -> bool:
    """Return whether the chance exceeds 2.5 % that covers and stegos have scores of one law.

    Of n covers and m stegos the chance is exp(-x), x = 2 n m / (n + m) (1 - 2 P_E)^2; several are joined by Fisher's method.
    """
    x = 0.0
    for one in sets:
        n, m = len(one.covers), len(one.stegos)
        x += 2 * n * m / (n + m) * (1 - 2 * p_e(one.covers, one.stegos)[0]) ** 2
    chance = math.exp(-x) * math.fsum(x**k / math.factorial(k) for k in range(len(sets)))
    return chance > TAILS[0]


class _Weighted:
    """The ROC of scores with counts: sorted once, summed at every draw."""

    def __init__(self, scores: Scores) -> None:
        values = np.unique(np.concatenate([scores.covers, scores.stegos]))[::-1]
        self._parts = []
        for part in (scores.covers, scores.stegos):
            # How many scores reach each value, in falling order.
            reach = len(part) - np.searchsorted(np.sort(part), values, side="left")
            self._parts.append((np.argsort(-part, kind="stable"), np.concatenate([[0], reach])))

    def roc(self, covers: np.ndarray, stegos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return false alarms and detections, (K,), for counts of each cover and each stego, int64 (N,) and (M,)."""
        of_covers, of_stegos = (
            np.concatenate([[0], np.cumsum(often[order])])[reach] / often.sum()
            for often, (order, reach) in zip((covers, stegos), self._parts, strict=True)
        )
        return of_covers, of_stegos
