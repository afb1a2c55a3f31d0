"""`ssgan quality`: from two folders to figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from tests.commands import ask


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders `made` and `real`; the working folder of the test."""
    rng = np.random.default_rng(1)
    for name, count, side in (("made", 20, 16), ("real", 40, 24)):
        (tmp_path / name).mkdir()
        for i in range(count):
            images.write(tmp_path / name / f"{i:03d}.png", rng.integers(0, 256, (3, side, side), dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask("quality made real --crop 16 --features pixels,kv", capsys)
    assert code == 0, err
    head, *rows = out.splitlines()
    assert head.split() == ["figure", "features", "dimension", "images", "generated", "real"]
    assert sum(row.startswith("kernel distance") for row in rows) == 2
    assert "20 of 20 images of made" in err
    assert "40 of 40 images of real" in err


def test_programs_get_an_object_a_figure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.py").write_text("def means(images):\n    return images.double().mean(dim=(2, 3))\n")
    code, out, _ = ask(
        "quality made real --crop 16 --gray --features kv --own mine.py:means --repeats 2 --json --quiet", capsys
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {row["message_type"] for row in rows} == {"figure"}
    assert {"kernel distance", "Frechet distance", "residual deviation"} <= {row["figure"] for row in rows}
    (own,) = [row for row in rows if row["features"] == "mine.py:means" and row["figure"] == "kernel distance"]
    assert (own["dimension"], own["images"], own["repeats"]) == (1, 20, 2)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("quality made real", 2, "generated images are 16 x 16 color, real ones 24 x 24 color"),
        ("quality made real --crop 16 --features fid", 2, "there is no feature set 'fid'"),
        ("quality made real --crop 16 --own mine:f", 2, "names no function"),
        ("quality made real --crop 16 --limit 10", 2, "too few"),
        ("quality made nothing", 2, "there is no folder or archive nothing"),
        ("quality made real --crop 16 --repeats 0", 2, "repeats is 0"),
    ],
)
def test_what_cannot_be_judged_is_said(command: str, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    found, _, err = ask(command, capsys)
    assert found == code
    assert said in err


def test_pictures_that_will_not_do_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "made" / "x.png").write_bytes(b"no picture")
    code, _, err = ask("quality made real --crop 16 --features kv", capsys)
    assert code == 0
    assert "warning: 1 of 21 pictures of made are left out: x.png: " in err
