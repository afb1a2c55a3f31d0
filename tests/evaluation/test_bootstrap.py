from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.evaluation.bootstrap import FALSE_ALARMS, band, draw, intervals
from ssgan.evaluation.roc import Roc, measures, roc
from ssgan.steganalysis.error_rate import Scores, _Weighted, error_interval

SCORES = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 4)), min_size=1, max_size=20)


def made(rows: list[tuple[int, int, int]]) -> Scores:
    covers, stegos, often = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Scores(covers, stegos, tuple(str(int(value)) for value in often))


def normal(distance: float, pairs: int, rng: np.random.Generator) -> Scores:
    return Scores(rng.normal(0, 1, pairs), rng.normal(distance, 1, pairs), tuple(str(i) for i in range(pairs)))


@given(SCORES)
def test_what_counts_twice_is_what_stands_there_twice(rows: list[tuple[int, int, int]]) -> None:
    scores, often = made(rows), np.array([count for _, _, count in rows])
    if not often.sum():
        often[0] = 1
    weighted, repeated = (
        Roc(*_Weighted(scores).roc(often, often)),
        roc(np.repeat(scores.covers, often), np.repeat(scores.stegos, often)),
    )
    reached = set(zip(repeated.p_fa.tolist(), repeated.p_d.tolist(), strict=True))
    assert set(zip(weighted.p_fa.tolist(), weighted.p_d.tolist(), strict=True)) == reached


@settings(max_examples=20)
@given(SCORES)
def test_an_interval_holds_the_figure_and_lies_where_it_can(rows: list[tuple[int, int, int]]) -> None:
    scores = made(rows)
    drawn = draw(scores, times=20)
    for name, (low, high) in intervals([scores], [drawn]).items():
        assert 0 <= low <= getattr(measures(scores.covers, scores.stegos), name) + 1e-12
        assert getattr(measures(scores.covers, scores.stegos), name) - 1e-12 <= high <= (0.5 if name == "p_e" else 1)
    mean, lower, upper = band([scores], [drawn])
    assert len(mean) == len(lower) == len(upper) == len(FALSE_ALARMS)
    assert (lower <= upper).all()


def test_the_same_scores_draw_the_same_in_any_order_and_with_any_names_of_groups() -> None:
    rng = np.random.default_rng(1)
    scores, place = normal(1, 30, rng), rng.permutation(30)
    named = tuple(f"person {i}" for i in place)
    again = Scores(scores.covers[place], scores.stegos[place], named)
    back = rng.permutation(30)
    apart = Scores(again.covers, again.stegos[back], named, tuple(named[i] for i in back))
    one, *others = (draw(some, times=50).figures["auc"] for some in (scores, again, apart, normal(1, 30, rng)))
    for other in others[:2]:
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, others[2])


def test_the_interval_of_p_e_is_one_wherever_it_is_asked_for() -> None:
    scores = normal(1, 40, np.random.default_rng(2))
    assert intervals([scores], [draw(scores)])["p_e"] == error_interval([scores])


def test_pairs_of_one_person_are_drawn_together() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(rng.normal(0, 1, 20), 10)  # ten pictures each, all alike
    covers, stegos = person, person + 0.5 + rng.normal(0, 0.01, 200)
    spread = [
        float(draw(Scores(covers, stegos, groups), times=100).figures["p_fa_50"].std())
        for groups in (tuple(str(i // 10) for i in range(200)), tuple(str(i) for i in range(200)))
    ]
    assert spread[0] > 2 * spread[1]


@pytest.mark.parametrize(("distance", "pairs", "least"), [(0.0, 100, 0.95), (1.5, 100, 0.85), (4.0, 100, 0.9)])
def test_the_interval_of_p_e_holds_the_truth(distance: float, pairs: int, least: float) -> None:
    rng, truth = np.random.default_rng(5), NormalDist().cdf(-distance / 2)
    held = 0
    for _ in range(40):
        scores = normal(distance, pairs, rng)
        low, high = intervals([scores], [draw(scores, times=100)])["p_e"]
        held += low <= truth <= high
    assert held >= least * 40


def test_a_perfect_detector_is_not_said_to_be_perfect_for_ever() -> None:
    scores = Scores(np.zeros(50), np.ones(50), tuple(str(i) for i in range(50)))
    found = intervals([scores], [draw(scores, times=10)])
    assert found["p_e"][0] == 0
    assert 0.01 < found["p_e"][1] < 0.06
    assert found["auc"] == pytest.approx((0.97, 1.0))


def test_several_seeds_say_more_than_one() -> None:
    rng = np.random.default_rng(2)
    sets = [normal(1, 100, rng) for _ in range(4)]
    drawn = [draw(one, times=100) for one in sets]
    lengths = [high - low for low, high in (intervals(sets[:k], drawn[:k])["p_e"] for k in (1, 4))]
    assert lengths[1] < 0.7 * lengths[0]


def test_scores_and_groups_are_equally_many() -> None:
    with pytest.raises(InvalidSetting, match="differ in number"):
        Scores(np.zeros(3), np.zeros(3), ("a", "b"))
