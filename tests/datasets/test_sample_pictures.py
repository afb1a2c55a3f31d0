"""Sample pictures: covers that can be used at once, with their authors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ssgan
from ssgan import images
from ssgan.cli.app import run
from ssgan.datasets import sample_pictures
from ssgan.datasets.sample_pictures import DRAWINGS, PHOTOGRAPHS, drawing


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_are_the_same_every_time_and_no_flat_covers(name: str) -> None:
    picture = drawing(name)
    assert picture.shape == (3, 384, 512)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, drawing(name))
    assert np.mean((picture == 0) | (picture == 255)) < 0.01
    assert ssgan.capacity(picture) > 10_000


@pytest.mark.parametrize(("kind", "names"), [("photographs", tuple(PHOTOGRAPHS)), ("drawings", DRAWINGS)])
def test_the_command_writes_five_pictures_with_their_terms(
    kind: str, names: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "photographs":
        pytest.importorskip("skimage")
    assert run(["samples", kind, "-o", str(tmp_path / "p"), "--json"]) == 0
    rows = [row for row in map(json.loads, capsys.readouterr().out.splitlines()) if row["message_type"] == "sample"]
    assert len(rows) == 5
    assert all(row["terms"] in ("CC0", "public domain") and row["source"] for row in rows)
    assert sorted(path.stem for path in (tmp_path / "p").iterdir()) == sorted(names)
    for row in rows:
        assert ssgan.capacity(images.read(Path(row["out"])).samples) > 10_000
    assert run(["samples", kind, "-o", str(tmp_path / "p")]) == 7
    assert run(["samples", kind, "-o", str(tmp_path / "p"), "--force"]) == 0


def test_without_scikit_image_the_drawings_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sample_pictures, "find_spec", lambda name: None)
    assert run(["samples", "photographs", "-o", str(tmp_path / "p")]) == 2
    assert "ssgan samples drawings" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()
