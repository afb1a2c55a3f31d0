"""`ssgan detect`: a row for each picture, whatever it is, and exit codes that tell the truth."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.cli.app import run
from ssgan.detection.verdicts import bundled
from ssgan.embedding.embedder import Embedder
from ssgan.images import to_images
from tests.detection.verdicts import clean

pytest.importorskip("skimage")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of every kind; the working folder of the test."""
    cover = np.ascontiguousarray(clean.photograph("coffee")[:, :300, :300])
    stego = Embedder.parse("lsbr@0.4/plain").simulate_seeded(to_images(cover), np.array([1], dtype=np.uint64))[0].numpy()
    (tmp_path / "some").mkdir()
    images.write(tmp_path / "some" / "cover.png", cover)
    images.write(tmp_path / "some" / "stego.png", stego)
    images.write(tmp_path / "white.png", np.full((1, 40, 40), 255, np.uint8))
    Image.fromarray(cover.transpose(1, 2, 0)).save(tmp_path / "photo.jpg")
    Image.fromarray(cover.transpose(1, 2, 0)).quantize(16).save(tmp_path / "palette.png")
    (tmp_path / "broken.png").write_bytes((tmp_path / "some" / "cover.png").read_bytes()[:2000])
    (tmp_path / "trailing.png").write_bytes((tmp_path / "white.png").read_bytes() + b"more")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(tmp_path / "some" / "stego.png", "stego.png")
    with tarfile.open(tmp_path / "some.tar", "w") as tar:
        tar.add(tmp_path / "white.png", "white.png")
    (tmp_path / "notes.txt").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def detect(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]], str]:
    code = run(["detect", *words.split(), "--json"])
    printed = capsys.readouterr()
    return code, [json.loads(line) for line in printed.out.splitlines()], printed.err


def test_every_file_has_its_row_and_none_stops_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = "some some.zip some.tar white.png photo.jpg palette.png broken.png trailing.png notes.txt nothing.png"
    code, found, err = detect(named, capsys)
    words = {Path(str(row["file"])).name: row["verdict"] for row in found if row["message_type"] == "verdict"}
    assert code == 9
    assert "Traceback" not in err
    assert words == {
        "cover.png": words["cover.png"], "stego.png": "stego", "white.png": "out of domain", "photo.jpg": words["photo.jpg"],
        "palette.png": "out of domain", "broken.png": "not read", "trailing.png": "out of domain", "notes.txt": "not read",
        "nothing.png": "not read",
    }  # fmt: skip
    assert "stego" not in (words["cover.png"], words["photo.jpg"])
    reasons = {Path(str(row["file"])).name: str(row["reasons"]) for row in found if "reasons" in row}
    assert "jsteg" in reasons["photo.jpg"]
    assert "palette" in reasons["palette.png"]
    assert "end of the image" in reasons["trailing.png"]


def test_a_stego_ends_with_its_own_code_where_that_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert detect("some", capsys)[0] == 0
    assert detect("some --fail-on-stego", capsys)[0] == 11
    assert detect("some broken.png --fail-on-stego", capsys)[0] == 11
    assert detect("some/cover.png white.png --fail-on-stego", capsys)[0] == 0


def test_the_notes_count_the_answers_and_say_what_a_flag_means_where_stegos_are_rare(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["detect", "some", "white.png", "palette.png"]) == 0
    printed = capsys.readouterr()
    assert "4 files: 1 found (1 by statistics), 1 nothing found, 2 could not be examined (1 " in printed.err
    assert "1 of 4 images flagged by statistics. Expect up to 5% false alarms: if 1 image in 1,000 hides" in printed.err
    assert "at least 98% of flags are wrong" in printed.err
    _, found, _ = detect("some --base-rate 0.5", capsys)
    stego = next(row for row in found if str(row.get("file")).endswith("stego.png"))
    assert stego["at_base_rate"] == pytest.approx(stego["probability"], abs=1e-5)
    assert found[-1]["true_alarms_at_most"] == pytest.approx(1 / 1.05, abs=1e-6)


def test_the_table_gives_three_answers_the_suspicious_first_and_probabilities_on_request(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["detect", "some/cover.png", "white.png", "some/stego.png", "trailing.png", "broken.png"]) == 9
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    rows = [(Path(cells[0]).name, next(one for one in cells[1:] if one).strip()) for cells in lines[1:]]
    assert rows == [
        ("trailing.png", "found"), ("stego.png", "found"), ("white.png", "could not be examined"),
        ("broken.png", "could not be examined"), ("cover.png", "nothing found"),
    ]  # fmt: skip
    assert run(["detect", "some/cover.png", "--verbose"]) == 0
    table = capsys.readouterr().out
    assert "probability" in table
    assert "No trace of LSB replacement." in table


def test_json_has_what_a_report_needs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found, _ = detect("white.png trailing.png nothing.png", capsys)
    rows = {Path(str(row["file"])).name: row for row in found if row["message_type"] == "verdict"}
    white = (folder / "white.png").read_bytes()
    assert (rows["white.png"]["sha256"], rows["white.png"]["bytes"]) == (hashlib.sha256(white).hexdigest(), len(white))
    assert (rows["white.png"]["answer"], rows["white.png"]["format"]) == ("could not be examined", "PNG")
    assert (rows["trailing.png"]["answer"], rows["trailing.png"]["by"]) == ("found", ["bytes behind the end"])
    assert (rows["nothing.png"]["why"], rows["nothing.png"]["sha256"]) == ("not readable", None)
    summary = next(row for row in found if row["message_type"] == "summary")
    assert (summary["found"], summary["nothing_found"], summary["could_not_be_examined"]) == (1, 0, 2)
    assert {"ssgan", "python", "numpy", "begun", "ended", "detectors"} <= set(summary)
    assert "photographs" in str(summary["detectors"])


def test_the_report_is_one_file_and_is_not_overwritten(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "<b>&.png").write_bytes((folder / "trailing.png").read_bytes())
    assert detect("some <b>&.png --report r.html", capsys)[0] == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.png" in page
    assert "<b>&" not in page
    assert hashlib.sha256((folder / "some" / "stego.png").read_bytes()).hexdigest() in page
    assert "3 files: 2 found" in page
    assert detect("some --report r.html", capsys)[0] == 7
    assert detect("some --report r.html --force", capsys)[0] == 0


def test_what_does_not_exist_is_a_usage_error_and_facts_may_fail_a_script(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert detect("nosuch", capsys)[0] == 2
    assert detect("trailing.png --fail-on-stego", capsys)[0] == 0
    assert detect("trailing.png --fail-on-found", capsys)[0] == 11
    assert detect("white.png --fail-on-found", capsys)[0] == 0


def test_the_sheet_frames_each_picture_in_the_color_of_its_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, _ = detect("some/stego.png white.png --sheet seen.png", capsys)
    page = images.read("seen.png").samples
    assert code == 0
    assert found[-3]["images"] == 2
    assert tuple(page[:, 12, 60]) == (216, 88, 24)
    assert tuple(page[:, 12, 60 + 148]) == (128, 130, 138)
    assert detect("some --sheet seen.png", capsys)[0] == 7
    assert detect("some --sheet seen.jpg", capsys)[0] == 2


@pytest.mark.parametrize("words", ["some --limit 0", "some --base-rate 0", "some --base-rate 1.5"])
def test_what_cannot_be_meant_is_refused(words: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = detect(words, capsys)
    assert code == 2
    assert "hint" in err or err


def test_damaged_detectors_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(bundled.BUNDLED, folder / "detectors")
    next((folder / "detectors" / "photographs").glob("*.safetensors")).write_bytes(b"nothing")
    monkeypatch.setattr(bundled, "BUNDLED", folder / "detectors")
    bundled.bundled_detectors.cache_clear()
    try:
        code, _, err = detect("white.png", capsys)
    finally:
        bundled.bundled_detectors.cache_clear()
    assert code == 6
    assert "Traceback" not in err


def test_what_is_certain_comes_first_and_can_be_taken_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "white.png").write_bytes((folder / "white.png").read_bytes() + b"PK\x03\x04 and more")
    code, found, _ = detect("white.png --extract out", capsys)
    assert code == 0
    assert [row["message_type"] for row in found][:2] == ["fact", "extracted"]
    assert (found[0]["kind"], found[0]["bytes"]) == ("trailing", 13)
    assert (folder / "out" / "0001-trailing.bin").read_bytes() == b"PK\x03\x04 and more"
    assert detect("white.png --extract out", capsys)[0] != 0  # nothing is overwritten
    assert detect("white.png --extract out --force", capsys)[0] == 0
    assert run(["detect", "white.png"]) == 0
    assert "a ZIP archive" in capsys.readouterr().out


def test_a_file_with_a_name_of_another_type_is_named_and_examined(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "photo.jpg").rename(folder / "holiday.png")
    code, found, _ = detect("holiday.png", capsys)
    assert code == 0
    assert [(row["message_type"], row.get("kind")) for row in found][:2] == [("fact", "type"), ("verdict", None)]
    assert found[1]["verdict"] != "not read"
