from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from ssgan.evaluation.report import PAGE, failed, page, tables_of, verdicts, write_report
from ssgan.evaluation.rows import Row, rows_of
from ssgan.evaluation.sanity import sanity
from tests.seen import Seen


def test_the_page_carries_everything_itself(evaluation: Path, rows: list[Row]) -> None:
    text = page(evaluation, rows)
    seen = Seen(text)
    assert "script" not in seen.tags
    assert seen.tags.count("svg") == 1 + 3 * 4
    assert len(seen.addresses) == 4 * 3 * 4
    assert all(address.startswith("data:image/png;base64,") for address in seen.addresses)
    assert "url(" not in text
    assert "Mismatch." in text
    assert all(line.check in text for line in sanity(rows))
    assert '"convert": []' in text.replace("&#34;", '"')


def test_the_same_trials_give_the_same_bytes_wherever_they_are(evaluation: Path, rows: list[Row], tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(evaluation, moved)
    again = rows_of(moved)
    assert tables_of(again) == tables_of(rows)
    assert page(moved, again) == page(evaluation, rows)


def test_a_verdict_is_in_words_and_compares_sources_where_both_have_an_answer(rows: list[Row]) -> None:
    found = verdicts(rows)
    assert len(found) == 4
    quiet = [verdict for verdict in found if verdict.row.covers == "quiet"]
    assert all(re.match("found nearly every time|detected", verdict.words) for verdict in quiet)
    assert not any(verdict.compared for verdict in quiet)  # noisy covers come first, and have none
    sharp = [row if row.first.kind != "gross" else replace(row, figures=row.figures | {"p_e": 0.0}) for row in rows]
    compared = [verdict.compared for verdict in verdicts(sharp) if verdict.row.covers == "quiet"]
    assert [text.partition(" to detect")[0] for text in compared] == ["easier", "easier"]


def test_a_detector_that_finds_nothing_gross_gives_no_answer(rows: list[Row]) -> None:
    found = verdicts(rows)
    noisy = [verdict for verdict in found if verdict.row.covers == "noisy" and verdict.row.figures["p_e"] > 0.05]
    gross = next(row for row in rows if row.first.kind == "gross" and row.covers == "noisy")
    assert noisy
    assert gross.figures["p_e"] > 0.05
    assert all(verdict.words.startswith("no answer") for verdict in noisy)


def test_what_failed_is_what_sanity_says(rows: list[Row]) -> None:
    assert failed(rows) == [line for line in sanity(rows) if not line.passed]


def test_there_is_a_table_for_each_use(rows: list[Row]) -> None:
    assert set(tables_of(rows)) == {"results.csv", "results.md", "results.tex"}


def test_every_form_is_written_over_that_of_before(evaluation: Path, rows: list[Row], tmp_path: Path) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(evaluation, folder)
    (folder / "results.csv").write_text("of before")
    files = write_report(folder, rows)
    assert {path.name: path.read_text(encoding="utf-8") for path in files} == {**tables_of(rows), PAGE: page(folder, rows)}
