from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan.cli.app import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key, and a cover with EXIF that asks for a quarter turn."""
    monkeypatch.chdir(tmp_path)
    image = Image.fromarray(np.random.default_rng(5).integers(0, 256, (32, 40, 3), dtype=np.uint8))
    exif = image.getexif()
    exif[271], exif[274] = "the maker of the camera", 6
    image.save("cover.png", exif=exif)
    assert run(["keygen", "-o", "our.key"]) == 0
    return tmp_path


def hide(*words: str) -> int:
    return run(["hide", "cover.png", "-m", "hi", "--key-file", "our.key", "--no-ledger", "--no-risk", *words])


def test_what_was_left_out_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hide("-o", "out.png") == 0
    assert "out.png: metadata left out: eXIf; --keep-metadata keeps what is known" in capsys.readouterr().err
    assert hide("-o", "kept.png", "--keep-metadata", "--upright") == 0
    assert "left out" not in capsys.readouterr().err
    with Image.open("kept.png") as picture:
        assert picture.size == (32, 40)
        assert (picture.getexif()[271], picture.getexif()[274]) == ("the maker of the camera", 1)


def test_the_manner_is_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert hide("-o", "out.bmp", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (hidden,) = [line for line in rows if line["message_type"] == "hidden"]
    assert (hidden["written_as"], hidden["left_out"]) == ("usual", [])
    assert "BMP" in hidden["differences"][0]


def test_reveal_says_that_bytes_follow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hide("-o", "out.png") == 0
    with Path("out.png").open("ab") as file:
        file.write(b"more")
    capsys.readouterr()
    assert run(["reveal", "out.png", "--key-file", "our.key"]) == 0
    printed = capsys.readouterr()
    assert printed.out.strip() == "hi"
    assert printed.err.strip() == "out.png: 4 bytes follow the end of the image"


@pytest.mark.parametrize("upright", [False, True])
def test_hide_each_applies_the_orientation_on_request(upright: bool, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["hide-each", "cover.png", "-o", "out", "-m", "hi", "--key-file", "our.key", "--no-ledger", "--workers", "1"]
    assert run([*words, *(["--upright"] if upright else [])]) == 0
    with Image.open("out/cover.png") as picture:
        assert picture.size == ((32, 40) if upright else (40, 32))
    capsys.readouterr()
    assert run(["reveal", "out/cover.png", "--key-file", "our.key"]) == 0
    assert capsys.readouterr().out.strip() == "hi"
