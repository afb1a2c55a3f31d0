"""Rows made from scores that are known, so that the answers are known as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssgan.evaluation.bootstrap import draw, intervals
from ssgan.evaluation.results import TrialResult
from ssgan.evaluation.rows import FIGURES, Row
from ssgan.experiments.answers import answers, bought, in_words, price
from ssgan.steganalysis.error_rate import Scores

PAIRS = 400


@pytest.fixture(scope="module", name="like")
def _like(data: Path, tmp_path_factory: pytest.TempPathFactory) -> TrialResult:
    """A result to begin with; everything that matters here is replaced."""
    from ssgan.evaluation.grid import Grid, run_grid

    out = tmp_path_factory.mktemp("answers") / "out"
    return run_grid(Grid((data,), ("lsb@1.0/plain",), ("spam/ridge",)), out, threads=1)[0]


def row(like: TrialResult, kind: str, covers: str, apart: float, embedder: str = "hill@0.4") -> Row:
    """Scores of covers and stegos that lie so many standard deviations apart."""
    rng = np.random.default_rng(len(covers) + PAIRS)
    scores = Scores(rng.normal(0, 1, PAIRS), rng.normal(apart, 1, PAIRS), tuple(map(str, range(PAIRS))))
    result = replace(like, kind=kind, covers=covers, trained_on=covers, against="", embedder=embedder, detector="srm")
    drawn = draw(scores)
    ends = intervals([scores], [drawn])
    middle = {name: float(np.mean(ends[name])) if name in ends else 0.5 for name in FIGURES}
    return Row((result,), (Path(covers),), (scores,), (drawn,), middle, dict.fromkeys(FIGURES), ends, {covers: covers})


def rows(like: TrialResult, **apart: float) -> list[Row]:
    """Each source with its control found and its covers beside real ones told at once."""
    retrained = [row(like, "retrained", name.replace("_", "-"), value) for name, value in apart.items()]
    gross = [row(like, "gross", name.replace("_", "-"), 5, "lsbr@1/plain") for name in apart]
    beside = [row(like, "conspicuous", name.replace("_", "-"), 5, "") for name in apart if name != "real"]
    return [*retrained, *gross, *beside]


def test_a_source_is_safer_only_where_its_interval_says_so(like: TrialResult) -> None:
    found = answers(rows(like, real=2.0, paper=0.5, sgan=2.0, plain=3.5))
    assert [(one.source, one.side) for one in found] == [
        ("real", ""), ("paper", "safer"), ("plain", "no safer"), ("sgan", "no safer"),
    ]  # fmt: skip


def test_there_is_no_answer_where_the_control_fails(like: TrialResult) -> None:
    good = rows(like, real=2.0, paper=0.5)
    bad = [row(like, "gross", "paper", 0.3, "lsbr@1/plain") if one.key[0:2] == ("gross", "paper") else one for one in good]
    assert [one.side for one in answers(bad)] == ["", "no answer"]
    assert "No answer for paper, where the control fails" in in_words(bad)[0]


def test_nor_where_that_of_real_covers_does(like: TrialResult) -> None:
    bad = [
        row(like, "gross", "real", 0.3, "lsbr@1/plain") if one.key[0:2] == ("gross", "real") else one
        for one in rows(like, real=0.4, paper=0.5)
    ]
    assert {one.side for one in answers(bad)} == {"", "no answer"}


def test_what_needs_no_secrecy_is_said_and_the_price_too(like: TrialResult) -> None:
    found = rows(like, real=2.0, paper=0.5, real_noisy=0.5)
    sentences = in_words(found)
    assert any("real-noisy is safer without it" in sentence for sentence in sentences)
    assert sentences[-1].startswith("The price: without a message in them, paper and real-noisy can be told")
    assert set(price(found)) == {"paper", "real-noisy"}


@pytest.mark.parametrize(
    ("apart", "said"), [(0.4, "harder to find"), (2.0, "no significant difference"), (3.5, "easier to find")]
)
def test_what_secrecy_bought_is_a_difference_with_its_interval(apart: float, said: str, like: TrialResult) -> None:
    (sentence,) = bought(rows(like, plain=2.0, paper=apart), "paper", "plain")
    assert said in sentence
