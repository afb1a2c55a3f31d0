"""P_E, the smallest average error that any threshold on the scores makes, and where that threshold lies.

P_E = min over t of (P_FA(t) + P_MD(t)) / 2, stego being called where the score exceeds t. Ties are all on one side of a
threshold, a perfect detector has 0, one that says the same of everything 1/2.
"""

from __future__ import annotations

import numpy as np


def p_e(cover_scores: np.ndarray, stego_scores: np.ndarray) -> tuple[float, float]:
    """(P_E in [0, 1/2], a threshold that reaches it) of the scores of covers (N,) and stegos (M,): higher = rather stego."""
    values = np.unique(np.concatenate([cover_scores, stego_scores]))
    thresholds = np.concatenate([[-np.inf], values])  # each value, and one below all of them
    covers, stegos = np.sort(cover_scores), np.sort(stego_scores)
    false_alarms = 1 - np.searchsorted(covers, thresholds, side="right") / len(covers)
    missed = np.searchsorted(stegos, thresholds, side="right") / len(stegos)
    errors = (false_alarms + missed) / 2
    best = int(errors.argmin())
    return float(errors[best]), _between(values, best)


def _between(values: np.ndarray, count: int) -> float:
    """A threshold with the first `count` of the values, and no more, at or below it: halfway to the next if there is room."""
    if count == 0:
        return float(np.nextafter(values[0], -np.inf))
    below = float(values[count - 1])
    if count == len(values):
        return below
    middle = (below + float(values[count])) / 2
    return middle if middle < values[count] else below


def error_interval(cover_scores: np.ndarray, stego_scores: np.ndarray) -> tuple[float, float]:
    """A 95 % interval of P_E, from the binomial deviations of P_FA and P_MD at its threshold, within [0, 1/2].

    It tells how far another test set of the same size would be off; what another training would give it does not know.
    """
    error, threshold = p_e(cover_scores, stego_scores)
    rates = (float((cover_scores > threshold).mean()), float((stego_scores <= threshold).mean()))
    counts = len(cover_scores), len(stego_scores)
    # Of Agresti and Coull, two successes and two failures more, so that a rate of 0 has a deviation too.
    adjusted = [((r * n + 2) / (n + 4), n + 4) for r, n in zip(rates, counts, strict=True)]
    deviation = sum(r * (1 - r) / n for r, n in adjusted) ** 0.5 / 2
    return max(0.0, error - 1.96 * deviation), min(0.5, error + 1.96 * deviation)
