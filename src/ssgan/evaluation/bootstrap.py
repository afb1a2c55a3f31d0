"""How far other covers would move a figure: intervals and bands from test sets drawn again and again out of the one there is.

A cover and its stego are drawn together, and so is everything of one person or picture: what was photographed together errs
together. With several seeds each test set is drawn for itself and the mean of the figures is looked at. A minimum over
thresholds is optimistic, and to draw again is to be so once more: an interval reaches from the lower end to the upper end of
the percentile's and the basic bootstrap's (A. Davison, D. Hinkley, Bootstrap Methods and their Application, 1997, 5.2 and 5.3),
of which one errs below and one above; that of P_E also over the binomial one, which does not give out where errors are few,
and up to 1/2 where the scores may be a blind detector's (Smirnov's test: 1 - 2 P_E is its one-sided distance).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ssgan import seeds
from ssgan.errors import InvalidSetting
from ssgan.evaluation.roc import Measures, Roc, auc, checked, measures, p_fa_at, p_md_at, roc, wauc
from ssgan.steganalysis.error import error_interval, p_e

TIMES = 1000
COVERED = 0.95
# With n right answers of n, more than 3 / n wrong ones in the long run have a probability below 5 %.
RULE_OF_THREE = 3.0
LARGEST = {"p_e": 0.5}  # of the figures; of all others 1
FALSE_ALARMS = np.linspace(0, 1, 101)  # where bands are told

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Scores:
    """What a detector said of N pairs: scores of covers and stegos, float64 (N,), and the group that each pair belongs to."""

    covers: np.ndarray
    stegos: np.ndarray
    groups: tuple[str, ...]

    def __post_init__(self) -> None:
        if not len(checked(self.covers)) == len(checked(self.stegos)) == len(self.groups):
            raise InvalidSetting("scores, and the groups of pairs, are not equally many.", hint="Give all three of each pair.")


@dataclass(frozen=True)
class Drawn:
    """Figures of sets that were drawn again, (TIMES,) of each name, and detections at FALSE_ALARMS, (TIMES, 101)."""

    figures: dict[str, np.ndarray]
    detected: np.ndarray


def draw(scores: Scores, name: str, *, times: int = TIMES) -> Drawn:
    """The figures of `times` sets of as many groups, drawn with replacement: others under another name."""
    units = np.unique(np.array(scores.groups), return_inverse=True)[1]
    count, rng = int(units.max()) + 1, seeds.generator(0, "bootstrap", name)
    curve = _Weighted(scores)
    found, detected = [], np.empty((times, len(FALSE_ALARMS)))
    for at in range(times):
        often = np.bincount(rng.integers(0, count, count), minlength=count)
        drawn = curve.roc(often[units])
        error = float(((drawn.p_fa + drawn.p_md) / 2).min())
        found.append(Measures(error, p_md_at(drawn), p_fa_at(drawn), auc(drawn), wauc(drawn)))
        detected[at] = drawn.detected(FALSE_ALARMS)
    return Drawn({f.name: np.array([getattr(one, f.name) for one in found]) for f in fields(Measures)}, detected)


def intervals(sets: Sequence[Scores], drawn: Sequence[Drawn]) -> dict[str, Interval]:
    """A 95 % interval of each figure, of its mean over the sets (one a seed)."""
    pairs, found = sum(len(one.covers) for one in sets), {}
    for name in drawn[0].figures:
        here = float(np.mean([getattr(measures(one.covers, one.stegos), name) for one in sets]))
        again = np.mean([one.figures[name] for one in drawn], axis=0)
        if float(np.ptp(again)) == 0:  # as with a perfect detector: the bootstrap knows nothing
            reach = RULE_OF_THREE / (2 * pairs)
            low, high = here - reach, here + reach
        else:
            low, high = _either(here, again)
        if name == "p_e":
            reach = _binomial(sets)
            low, high = min(low, here - reach), 0.5 if _may_be_blind(sets) else max(high, here + reach)
        found[name] = (max(0.0, low), min(LARGEST.get(name, 1.0), high))
    return found


def band(sets: Sequence[Scores], drawn: Sequence[Drawn]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Detections at FALSE_ALARMS: the mean over the sets, and the lower and upper end of its 95 % band at each place."""
    mean = np.mean([roc(one.covers, one.stegos).detected(FALSE_ALARMS) for one in sets], axis=0)
    low, high = np.quantile(np.mean([one.detected for one in drawn], axis=0), _tails(), axis=0)
    return mean, low, high


def _either(here: float, again: np.ndarray) -> Interval:
    """From the lower to the upper end of the percentile interval and of the basic one, its mirror image at the figure."""
    low, high = (float(value) for value in np.quantile(again, _tails()))
    return min(low, 2 * here - high), max(high, 2 * here - low)


def _binomial(sets: Sequence[Scores]) -> float:
    """How far the binomial interval of P_E reaches, of the mean over the sets; one end of it may be cut off at 0 or 1/2."""
    reaches = []
    for one in sets:
        (error, _), (low, high) = p_e(one.covers, one.stegos), error_interval(one.covers, one.stegos)
        reaches.append(max(error - low, high - error))
    return float(np.sqrt(np.square(reaches).sum())) / len(sets)


def _may_be_blind(sets: Sequence[Scores]) -> bool:
    """Whether the sets together leave a chance above 2.5 % that covers and stegos have scores of one law.

    Of one set of n pairs the chance is exp(-x), x = n (1 - 2 P_E)^2; several are joined by Fisher's method.
    """
    x = sum(len(one.covers) * (1 - 2 * p_e(one.covers, one.stegos)[0]) ** 2 for one in sets)
    chance = math.exp(-x) * math.fsum(x**k / math.factorial(k) for k in range(len(sets)))
    return chance > _tails()[0]


def _tails() -> list[float]:
    return [(1 - COVERED) / 2, (1 + COVERED) / 2]


class _Weighted:
    """The ROC of scores that count so many times each: sorted once, summed at every draw."""

    def __init__(self, scores: Scores) -> None:
        values = np.unique(np.concatenate([scores.covers, scores.stegos]))[::-1]
        self._parts = []
        for part in (scores.covers, scores.stegos):
            # How many scores reach each value, in falling order.
            reach = len(part) - np.searchsorted(np.sort(part), values, side="left")
            self._parts.append((np.argsort(-part, kind="stable"), np.concatenate([[0], reach])))

    def roc(self, often: np.ndarray) -> Roc:
        """`often` is how many times each pair counts, int64 (N,)."""
        return Roc(*(np.concatenate([[0], np.cumsum(often[order])])[reach] / often.sum() for order, reach in self._parts))
