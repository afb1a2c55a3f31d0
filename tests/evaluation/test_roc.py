from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.evaluation.roc import Roc, accuracy, auc, measures, p_fa_at, p_md_at, roc, wauc

SCORES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=30).map(np.array)
Corners = list[tuple[Fraction, Fraction]]


# The witness: written from the definitions, in fractions, one threshold and one strip at a time, and sharing no line with ours.


def corners(covers: Sequence[float], stegos: Sequence[float]) -> Corners:
    """(P_FA, P_D) of every threshold, the strictest first."""
    found = [(Fraction(0), Fraction(0))]
    for t in sorted({*covers, *stegos}, reverse=True):
        alarms, hits = sum(c >= t for c in covers), sum(s >= t for s in stegos)
        found.append((Fraction(alarms, len(covers)), Fraction(hits, len(stegos))))
    return found


def weighted(points: Corners) -> Fraction:
    """The area under the lines, where what lies below 0.4 counts twice, over its largest value."""
    edge, total = Fraction(2, 5), Fraction(0)
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        strips = [(x0, y0), (x1, y1)]
        if y0 < edge < y1:  # the strip is cut where its line crosses the edge
            strips.insert(1, (x0 + (edge - y0) / (y1 - y0) * (x1 - x0), edge))
        for (a, low), (b, high) in zip(strips, strips[1:], strict=False):
            ends = [2 * min(y, edge) + max(y - edge, Fraction(0)) for y in (low, high)]
            total += (b - a) * (ends[0] + ends[1]) / 2
    return total / (2 * edge + (1 - edge))


def slow(covers: Sequence[float], stegos: Sequence[float]) -> dict[str, Fraction]:
    """Every figure, by its definition."""
    points = corners(covers, stegos)
    wins = Fraction(sum(2 if s > c else int(s == c) for s in stegos for c in covers), 2)
    return {
        "p_e": min((x + 1 - y) / 2 for x, y in points),
        "p_md_5": min(1 - y for x, y in points if float(x) <= 0.05),
        "p_fa_50": min(x for x, y in points if y >= Fraction(1, 2)),
        "auc": wins / (len(covers) * len(stegos)),
        "wauc": weighted(points),
    }


def score_sets(count: int) -> list[tuple[list[float], list[float]]]:
    """Random and degenerate scores: continuous, rounded to ties, votes, all the same, perfect, inverted, one image only."""
    rng, made = np.random.default_rng(11), []
    for i in range(count):
        n, m = (int(k) for k in rng.integers(1, 40, 2))
        covers, stegos = rng.normal(0, 1, n), rng.normal(rng.choice([0.0, 0.3, 2.0]), 1, m)
        kind = i % 8
        if kind == 1:
            covers, stegos = covers.round(), stegos.round()
        elif kind == 2:
            covers, stegos = rng.integers(-2, 3, n).astype(float), rng.integers(-1, 3, m).astype(float)
        elif kind == 3:
            covers, stegos = np.full(n, 0.25), np.full(m, 0.25)
        elif kind == 4:
            stegos = stegos - stegos.min() + covers.max() + 1
        elif kind == 5:
            covers = covers - covers.min() + stegos.max() + 1
        elif kind == 6:
            covers, stegos = covers[:1], stegos[:1]
        made.append((covers.tolist(), stegos.tolist()))
    return made


def test_every_figure_is_that_of_a_slow_plain_computation() -> None:
    for covers, stegos in score_sets(1000):
        found = measures(np.array(covers), np.array(stegos)).to_json()
        for name, exact in slow(covers, stegos).items():
            assert abs(found[name] - float(exact)) <= 1e-12, (name, covers, stegos)


@given(SCORES, SCORES)
def test_figures_lie_where_they_can(covers: np.ndarray, stegos: np.ndarray) -> None:
    found = measures(covers, stegos)
    assert 0 <= found.p_e <= 0.5
    assert all(0 <= value <= 1 + 1e-12 for value in found.to_json().values())
    assert p_md_at(roc(covers, stegos), coin=True) <= found.p_md_5 + 1e-12


@given(SCORES, SCORES)
def test_only_the_order_of_scores_counts(covers: np.ndarray, stegos: np.ndarray) -> None:
    ranks = np.unique(np.concatenate([covers, stegos]), return_inverse=True)[1].astype(float)
    assert measures(ranks[: len(covers)], ranks[len(covers) :]) == measures(covers, stegos)


@given(SCORES, SCORES)
def test_turned_round_the_area_is_the_rest(covers: np.ndarray, stegos: np.ndarray) -> None:
    assert auc(roc(-covers, -stegos)) == pytest.approx(1 - auc(roc(covers, stegos)), abs=1e-12)


@given(SCORES, SCORES)
def test_a_curve_goes_from_corner_to_corner_and_never_back(covers: np.ndarray, stegos: np.ndarray) -> None:
    curve = roc(covers, stegos)
    assert (curve.p_fa[0], curve.p_d[0], curve.p_fa[-1], curve.p_d[-1]) == (0, 0, 1, 1)
    assert (np.diff(curve.p_fa) >= 0).all()
    assert (np.diff(curve.p_d) >= 0).all()
    np.testing.assert_array_equal(curve.p_md, 1 - curve.p_d)
    assert (curve.detected(curve.p_fa) >= curve.p_d - 1e-12).all()
    assert wauc(curve, ((1.0, 1.0),)) == pytest.approx(auc(curve), abs=1e-12)


@given(SCORES, SCORES, st.floats(-1e6, 1e6))
def test_accuracy_is_what_p_e_leaves_at_best(covers: np.ndarray, stegos: np.ndarray, threshold: float) -> None:
    assert accuracy(covers, stegos, threshold) <= 1 - measures(covers, stegos).p_e + 1e-12


def test_perfect_useless_and_inverted_detectors() -> None:
    low, high, same = np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.full(4, 7.0)
    assert measures(low, high).to_json() == {"p_e": 0, "p_md_5": 0, "p_fa_50": 0, "auc": 1, "wauc": 1}
    blind = measures(same, same[:3])
    assert (blind.p_e, blind.p_md_5, blind.p_fa_50, blind.auc) == (0.5, 1, 1, 0.5)
    assert blind.wauc == pytest.approx((2 * (0.4 - 0.4**2 / 2) + 0.6**2 / 2) / 1.4, abs=1e-15)
    assert measures(high, low).to_json() == {"p_e": 0.5, "p_md_5": 1, "p_fa_50": 1, "auc": 0, "wauc": 0}
    assert p_fa_at(Roc(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.5, 1.0]))) == 0


def test_the_lists_of_the_reference(shared: Path) -> None:
    """Scores and figures made by an independent program for this project's reference data (CC0)."""
    for name, published in json.loads(
        (shared / "reference" / "detection" / "metrics" / "scores_and_expected.json").read_text()
    ).items():
        covers, stegos = np.array(published["cover"]), np.array(published["stego"])
        found = measures(covers, stegos)
        expected = ("P_E", "P_MD_at_5pct_FA_step", "FA_at_50pct_detection", "AUC", "wAUC_linear")
        assert list(found.to_json().values()) == pytest.approx([published[key] for key in expected], abs=1e-9), name
        interpolated = p_md_at(roc(covers, stegos), coin=True)
        assert interpolated == pytest.approx(published["P_MD_at_5pct_FA_interp"], abs=1e-9), name


@pytest.mark.parametrize("scores", [[], [np.nan], [np.inf, 1.0], [[1.0]]])
def test_what_are_no_scores_is_refused(scores: list[float]) -> None:
    with pytest.raises(InvalidSetting, match="cannot be judged") as caught:
        roc(np.array(scores), np.array([1.0]))
    assert caught.value.hint
