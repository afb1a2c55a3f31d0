from __future__ import annotations

from dataclasses import replace

from ssgan.evaluation.rows import Row, of_kind
from ssgan.evaluation.sanity import PAPER, sanity
from ssgan.steganalysis.checks.findings import Finding


def checked(rows: list[Row], changed: Row) -> list[str]:
    """The checks that fail when this row is one more."""
    before = {line.check for line in sanity(rows) if not line.passed}
    return [line.check for line in sanity([*rows, changed]) if not line.passed and line.check not in before]


def test_a_blind_detector_and_the_controls_have_a_line_each(rows: list[Row]) -> None:
    lines = sanity(rows)
    assert lines[0].passed
    assert "P_E in" in lines[0].found
    assert lines[0].found.endswith("to 0.500")
    quiet = [line for line in lines if "quiet" in line.check]
    assert [line.passed for line in quiet if "finds lsbr@1/plain" in line.check] == [True]
    assert sum("cannot tell" in line.check for line in lines) == 2


def test_a_gross_embedding_that_is_not_found_is_said(rows: list[Row]) -> None:
    row = of_kind(rows, "gross")[0]
    poor = replace(row, figures=row.figures | {"p_e": 0.2}, results=(replace(row.first, detector="blind one"),))
    assert checked(rows, poor) == [f"blind one finds lsbr@1/plain in {row.covers}"]


def test_covers_told_from_covers_are_said(rows: list[Row]) -> None:
    row = of_kind(rows, "null")[0]
    clever = replace(row, figures=row.figures | {"accuracy": 0.99}, results=(replace(row.first, detector="clever one"),))
    assert checked(rows, clever) == [f"clever one cannot tell {row.covers} from itself"]


def test_more_errors_than_a_coin_makes_are_said(rows: list[Row]) -> None:
    row = of_kind(rows, "retrained")[0]
    inverted = replace(row, results=(replace(row.first, accuracy=0.1),))
    (check,) = checked(rows, inverted)
    assert check.endswith("errs no more than a coin")


def test_findings_in_the_pairs_are_said_but_not_notes(rows: list[Row]) -> None:
    row = of_kind(rows, "retrained")[0]
    found = (Finding("warn", "one key for all", "use others"), Finding("note", "few pairs", "give more"))
    odd = replace(row, results=(replace(row.first, findings=found),))
    assert [line.found for line in sanity([*rows, odd]) if line.found == "one key for all"] == ["one key for all"]
    assert not [line for line in sanity([*rows, odd]) if line.found == "few pairs"]


def test_where_the_paper_has_a_figure_it_is_named_and_a_shortfall_explained(rows: list[Row]) -> None:
    row = of_kind(rows, "retrained")[0]
    embedder, detector, shape = PAPER
    first = replace(row.first, embedder=embedder, detector=detector, shape=shape)
    for accuracy, passed in ((0.9, True), (0.8, False)):
        same = replace(row, results=(first,), figures=row.figures | {"accuracy": accuracy})
        (line,) = [line for line in sanity([*rows, same]) if "the paper's Table 2" in line.check]
        assert line.passed == passed
        assert ("where the paper had 380,000" in line.found) != passed
