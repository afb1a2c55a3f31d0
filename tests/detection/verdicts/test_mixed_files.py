"""An analyst's folder: every certain fact is in the first table, and nothing is said of a clean file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ssgan.cli.app import run
from tests.detection.verdicts.mixed import COUNT, mixed_files

pytest.importorskip("skimage")


def test_every_certain_fact_is_in_the_table_and_nothing_is_found_in_clean_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    files = mixed_files()
    for one in files:
        (tmp_path / one.name).write_bytes(one.content)
    assert run(["detect", ".", "--report", "report.html", "--sheet", "sheet.png"]) == 9
    printed = capsys.readouterr()
    rows = [re.split(r"  +", line, maxsplit=2) for line in printed.out.splitlines()[1:]]
    table = {one.name: [row[1:] for row in rows if row[0] == one.name] for one in files}
    for one in files:
        words = {row[0] for row in table[one.name]}
        if one.expected == "":
            assert words <= {"nothing found", "could not be examined"}, (one.name, table[one.name])
        elif one.expected == "broken":
            assert words == {"could not be examined"}, (one.name, table[one.name])
        else:
            assert words == {"found"}, (one.name, table[one.name])
            assert any(one.expected in row[1] for row in table[one.name]), (one.name, table[one.name])
        assert words
    order = [row[1] for row in rows if row[0] in table]
    assert order == sorted(order, key=["found", "could not be examined", "nothing found"].index)
    assert re.search(rf"{COUNT} files: 32 found \(.*bytes behind the end.*\), \d+ nothing found", printed.err)
    assert "4 not readable" in printed.err
    assert re.search(r"could not be examined \(.*palette.*\)", printed.err)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(page.count(f'id="file{number + 1}"') == page.count(f'href="#file{number + 1}"') == 1 for number in range(COUNT))
    assert len(set(re.findall(r"\b[0-9a-f]{64}\b", page))) >= COUNT - 1
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", page)
