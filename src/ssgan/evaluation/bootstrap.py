"""Bootstrap over covers: intervals and bands from test sets drawn with replacement.

What is drawn, and the interval of P_E, come from `steganalysis.error`: the same wherever scores are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from ssgan.evaluation.roc import Measures, Roc, figures, measures, roc
from ssgan.steganalysis.error_rate import TAILS, Interval, Scores, error_interval, mean_of, pairs_of, redrawn, spread

FALSE_ALARMS = np.linspace(0, 1, 101)  # where bands are given


@dataclass(frozen=True)
class Resampled:
    """Figures of T sets that were drawn again, (T,) of each name, and detections at FALSE_ALARMS, (T, 101)."""

    figures: dict[str, np.ndarray]
    detected: np.ndarray


def draw(scores: Scores, *, times: int | None = None) -> Resampled:
    """Return the figures of `times` sets of as many groups, drawn with replacement: the same for the same scores."""
    found, detected = [], []
    for rates in redrawn(scores, times=times):
        curve = Roc(*rates)
        found.append(figures(curve))
        detected.append(curve.detected(FALSE_ALARMS))
    return Resampled({f.name: np.array([getattr(one, f.name) for one in found]) for f in fields(Measures)}, np.array(detected))


def intervals(sets: Sequence[Scores], drawn: Sequence[Resampled]) -> dict[str, Interval]:
    """Return a 95 % interval of each figure, of its mean over the sets (one a seed)."""
    judged, found = [measures(one.covers, one.stegos) for one in sets], {}
    for name in drawn[0].figures:
        again = [one.figures[name] for one in drawn]
        if name == "p_e":
            found[name] = error_interval(sets, again)
            continue
        low, high = spread(float(np.mean([getattr(one, name) for one in judged])), again, pairs_of(sets))
        found[name] = (max(0.0, low), min(1.0, high))
    return found


def band(sets: Sequence[Scores], drawn: Sequence[Resampled]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return detections at FALSE_ALARMS: the mean over the sets, and the lower and upper end of its 95 % band at each place."""
    mean = np.mean([roc(one.covers, one.stegos).detected(FALSE_ALARMS) for one in sets], axis=0)
    low, high = np.quantile(mean_of([one.detected for one in drawn]), TAILS, axis=0)
    return mean, low, high
