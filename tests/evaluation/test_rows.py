from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import InvalidSetting
from ssgan.evaluation.rows import KINDS, Row, apart, blind_interval, control, names, of_kind, rows_of, strongest
from ssgan.evaluation.trial import RUN
from ssgan.storage.runs import DONE

PARTS = st.text("ab", min_size=1, max_size=2)


def test_seeds_are_joined_and_kinds_are_in_order(rows: list[Row]) -> None:
    kinds = [row.first.kind for row in rows]
    assert kinds == sorted(kinds, key=KINDS.index)
    counts = {kind: len(of_kind(rows, kind)) for kind in KINDS}
    assert counts == {"retrained": 4, "transfer": 2, "conspicuous": 2, "null": 2, "gross": 2}
    for row in of_kind(rows, "retrained"):
        assert [result.seed for result in row.results] == [0, 1]
        assert row.figures["p_e"] == statistics.fmean(result.measures.p_e for result in row.results)
        assert row.figures["accuracy"] == row.mean("accuracy")
        assert row.spread["p_e"] == pytest.approx(statistics.stdev(result.measures.p_e for result in row.results))
        for name, (low, high) in row.intervals.items():
            assert low <= row.figures[name] <= high
    assert of_kind(rows, "null")[0].spread["p_e"] is None


def test_the_interval_of_a_row_is_that_of_the_detectors_own_run(rows: list[Row]) -> None:
    alone = [row for row in rows if len(row.results) == 1 and row.first.kind != "transfer"]
    assert alone
    for row in alone:
        result = json.loads((row.folders[0] / RUN / DONE).read_text(encoding="utf-8"))
        assert (result["p_e"], tuple(result["p_e_interval"])) == (row.figures["p_e"], row.intervals["p_e"])


def test_a_row_finds_its_controls(rows: list[Row]) -> None:
    for row in of_kind(rows, "retrained"):
        for kind in ("null", "gross", "conspicuous"):
            found = control(rows, row, kind)
            assert found is not None
            assert (found.first.kind, found.covers, found.first.detector) == (kind, row.covers, row.first.detector)
    assert control(of_kind(rows, "retrained"), rows[0], "null") is None


def test_the_strongest_detector_counts(rows: list[Row]) -> None:
    best = strongest(rows)
    assert {(row.covers, row.first.embedder) for row in best} == {
        (covers, embedder) for covers in ("quiet", "noisy") for embedder in ("lsb@0.5/plain", "lsb@1/plain")
    }


def test_quiet_covers_are_easier_to_detect_in(rows: list[Row]) -> None:
    quiet, noisy = (
        next(row for row in of_kind(rows, "retrained") if row.covers == name and row.first.embedder == "lsb@1/plain")
        for name in ("quiet", "noisy")
    )
    difference, (low, high) = apart(quiet, noisy)
    assert low <= difference <= high < 0
    assert apart(quiet, quiet)[0] == 0


@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=6, unique=True))
def test_every_source_is_called_by_a_name_of_its_own(paths: list[str]) -> None:
    called = names(paths)
    assert len(set(called.values())) == len(paths)
    assert all(path.endswith(name) for path, name in called.items())


def test_names_are_short() -> None:
    assert names(["a/one/covers", "a/two/covers", "faces.zip", "old.tar.gz", "alpha-0.5", ""]) == {
        "a/one/covers": "one/covers",
        "a/two/covers": "two/covers",
        "faces.zip": "faces",
        "old.tar.gz": "old",
        "alpha-0.5": "alpha-0.5",
    }


def test_a_blind_interval_narrows() -> None:
    assert blind_interval(50) == pytest.approx((0.402, 0.598))
    assert blind_interval(5000)[0] > 0.49


def test_a_folder_without_trials_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no finished trial") as caught:
        rows_of(tmp_path)
    assert "ssgan evaluate" in caught.value.hint
