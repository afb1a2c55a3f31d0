"""`ssgan evaluate`, `train-detector` and `score` where covers are JPEGs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.commands import ask
from tests.jpegs import write_jpegs, write_pictures


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders `pictures` of PNG files and `jpegs`; the working folder of the test."""
    write_pictures(tmp_path / "pictures", count=40)
    write_jpegs(tmp_path / "jpegs", count=40)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_qualities_and_their_mismatch_are_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (
        "evaluate pictures --jpeg 75 90 --jpeg-judged 95 --embedder nsf5@0.8 --detector dctr/ridge -o out --json --threads 1"
    )
    code, out, err = ask(asked, capsys)
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    judged = [(row["kind"], row["covers"], row["trained_on"]) for row in rows if "trained_on" in row]
    at = "pictures at quality {}".format
    assert judged == [
        *(("retrained", at(quality), at(quality)) for quality in (75, 90, 95)),
        *(("transfer", at(95), at(quality)) for quality in (75, 90)),
    ]
    assert "quality 95" in (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_large_pictures_are_cut_into_tiles(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "evaluate pictures --jpeg 75 --tile 16 --embedder nsf5@0.8 --detector spam/ridge -o out --threads 1"
    code, _, err = ask(asked, capsys)
    assert code == 0, err
    with (folder / "out" / "results.csv").open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    pairs = [int(row[f"{part}_pairs"]) for part in ("train", "validate", "test")]
    assert 150 < sum(pairs) <= 160


def test_a_detector_of_jpegs_scores_files_and_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask("train-detector jpegs --embedder nsf5@0.8 --detector dctr/ridge -o run --threads 1", capsys)
    assert code == 0, err
    assert "P_E" in out
    write_jpegs(folder / "other", count=1, quality=90)
    code, out, err = ask("score run jpegs/000.jpg other/000.jpg --json --threads 1", capsys)
    good, refused = [row for row in map(json.loads, out.splitlines()) if "file" in row]
    assert code != 0
    assert good["score"] is not None
    assert "quality 75; these JPEGs have quality 90" in refused["error"]
    code, _, err = ask("score run jpegs -o scores.csv --workers 1", capsys)
    assert code == 0, err
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert len(rows) == 40
    assert float(next(iter(rows.values()))["score"]) == pytest.approx(good["score"], abs=1e-3)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("evaluate pictures --embedder juniward@0.4 --detector dctr -o out", "has no usable JPEG"),
        ("evaluate pictures --jpeg 75 --embedder hill@0.4 --detector srm -o out", "changes pixels"),
        ("evaluate pictures --embedder hill@0.4 --detector dctr -o out", "DCTR looks at JPEG files"),
        ("evaluate jpegs --size 16 --embedder uerd@0.4 --detector dctr -o out", "neither cropped nor resized"),
        ("evaluate jpegs --jpeg 75 --embedder uerd@0.4 --detector dctr -o out", "000.jpg"),
        ("evaluate pictures --jpeg-judged 95 --embedder uerd@0.4 --detector dctr -o out", "no detector learns"),
        ("train-detector pictures --jpeg 101 --embedder uerd@0.4 --detector dctr -o out", "quality is 101"),
        ("train-detector pictures --embedder uerd@0.4 --detector dctr -o out", "has no usable JPEG"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(
    command: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = ask(f"{command} --threads 1", capsys)
    assert code in (2, 5)
    assert said in err
    assert "ssgan: hint:" in err
    assert "Traceback" not in err
