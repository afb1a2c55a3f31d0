"""Compute figures from scores: P_E, P_MD at P_FA = 5 %, P_FA at 50 % detection, accuracy, AUC, wAUC; ROC and DET.

Stego is called where a score exceeds a threshold, so equal scores are all on one side of it. The corners of the ROC are what
thresholds reach; the straight lines between them what tossing a coin between two thresholds would. Areas are those under the
lines, piece by piece, without a grid. wAUC is that of the ALASKA2 contest: detection rates below 0.4 count twice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.steganalysis.error_rate import checked, least_error

FEW_FALSE_ALARMS = 0.05
HALF_DETECTED = 0.5
# R. Cogranne, Q. Giboulot, P. Bas, "ALASKA#2: challenging academic research on steganalysis with realistic images", WIFS 2020:
# up to which detection rate an area counts, and how much.
ALASKA2 = ((0.4, 2.0), (1.0, 1.0))


@dataclass(frozen=True)
class Roc:
    """The corners of a curve from (0, 0) to (1, 1): false alarms and detections, float64 (K,), both rising."""

    p_fa: NDArray[np.float64]
    p_d: NDArray[np.float64]

    @property
    def p_md(self) -> NDArray[np.float64]:
        """Missed detections: with the false alarms, the points of a DET plot."""
        return 1 - self.p_d

    def detected(self, p_fa: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fraction of stegos detected at these false alarms, between corners by lines; the upper end of a jump."""
        # np.interp takes rising abscissas: of corners one above the other the last one counts.
        last = np.append(np.diff(self.p_fa) > 0, True)
        return np.interp(p_fa, self.p_fa[last], self.p_d[last])


@dataclass(frozen=True)
class Measures:
    """The figures of one set of scores. `p_md_5` and `p_fa_50` are of real thresholds, without randomization."""

    p_e: float
    p_md_5: float
    p_fa_50: float
    auc: float
    wauc: float

    def to_json(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def measures(cover_scores: NDArray[np.float64], stego_scores: NDArray[np.float64]) -> Measures:
    """Return P_E and other figures of scores, float (N,) of covers and (M,) of stegos: higher for rather a stego.

    P_E is the share of wrong answers at the best threshold, covers and stegos counting alike.

    >>> import numpy, ssgan
    >>> ssgan.measures(numpy.array([0.0, 1.0]), numpy.array([2.0, 3.0]))
    Measures(p_e=0.0, p_md_5=0.0, p_fa_50=0.0, auc=1.0, wauc=1.0)
    """
    return figures(roc(cover_scores, stego_scores))


def figures(curve: Roc) -> Measures:
    """Return the figures of a curve."""
    return Measures(least_error(curve.p_fa, curve.p_md)[0], p_md_at(curve), p_fa_at(curve), auc(curve), wauc(curve))


def roc(cover_scores: NDArray[np.float64], stego_scores: NDArray[np.float64]) -> Roc:
    """Return the curve of finite scores; a corner for each value that occurs. Raises InvalidSetting."""
    covers, stegos = checked(cover_scores), checked(stego_scores)
    values = np.unique(np.concatenate([covers, stegos]))[::-1]  # thresholds just below each, from the highest down
    over = [len(part) - np.searchsorted(np.sort(part), values, side="left") for part in (covers, stegos)]
    rates = [np.concatenate([[0.0], count / len(part)]) for count, part in zip(over, (covers, stegos), strict=True)]
    return Roc(*rates)


def p_md_at(curve: Roc, p_fa: float = FEW_FALSE_ALARMS, *, coin: bool = False) -> float:
    """Return the fewest missed detections with no more false alarms than `p_fa`; with `coin`, between thresholds as well."""
    if coin:
        return float(1 - curve.detected(np.array([p_fa]))[0])
    return float(1 - curve.p_d[np.searchsorted(curve.p_fa, p_fa, side="right") - 1])


def p_fa_at(curve: Roc, p_d: float = HALF_DETECTED) -> float:
    """Return the fewest false alarms at which at least that fraction of the stegos is detected."""
    return float(curve.p_fa[np.searchsorted(curve.p_d, p_d, side="left")])


def accuracy(cover_scores: NDArray[np.float64], stego_scores: NDArray[np.float64], threshold: float) -> float:
    """Return the share of right answers at a threshold chosen elsewhere, covers and stegos counting alike."""
    covers, stegos = checked(cover_scores), checked(stego_scores)
    return float(((covers <= threshold).mean() + (stegos > threshold).mean()) / 2)


def auc(curve: Roc) -> float:
    """Return the area under the curve: how often a stego's score exceeds a cover's, a tie counting half."""
    return float(np.trapezoid(curve.p_d, curve.p_fa))


def wauc(curve: Roc, weights: tuple[tuple[float, float], ...] = ALASKA2) -> float:
    """Return the weighted area: `weights` are (upper end of a band of detection rates, weight), the last end being 1.

    Exact, because the curve gets a corner where it goes from one band to the next.
    """
    for upper, _ in weights[:-1]:
        curve = _with_corner(curve, upper)
    counted, whole, lower = np.zeros(len(curve.p_d)), 0.0, 0.0
    for upper, weight in weights:
        counted += weight * (np.clip(curve.p_d, lower, upper) - lower)
        whole, lower = whole + weight * (upper - lower), upper
    return float(np.trapezoid(counted, curve.p_fa)) / whole


def _with_corner(curve: Roc, rate: float) -> Roc:
    """Return the same curve with a corner at that detection rate."""
    at = int(np.searchsorted(curve.p_d, rate, side="left"))
    if curve.p_d[at] == rate:
        return curve
    share = (rate - curve.p_d[at - 1]) / (curve.p_d[at] - curve.p_d[at - 1])
    p_fa = curve.p_fa[at - 1] + share * (curve.p_fa[at] - curve.p_fa[at - 1])
    return Roc(np.insert(curve.p_fa, at, p_fa), np.insert(curve.p_d, at, rate))
