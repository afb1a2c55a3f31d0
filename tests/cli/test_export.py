"""`ssgan models` and `ssgan export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ssgan.detection.verdicts import bundled
from ssgan.gan.catalog import generator_of
from ssgan.gan.covers import generators
from ssgan.gan.covers.generators import read_card, save_generator
from ssgan.gan.training.settings import configure
from ssgan.storage import folders
from tests.commands import ask

SMALL = configure("tiny", image_size=16, width=4, latent=8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs with a generator each; the working folder of the test."""
    for name, images_seen in (("one", 640), ("two", 1280)):
        torch.manual_seed(images_seen)
        generator = generator_of(SMALL)
        save_generator(tmp_path / "runs" / name / "generator", generator, SMALL, {"images_seen": images_seen})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("places", ["runs", "runs/one runs/two", "runs/one/generator runs/two"])
def test_generators_are_listed_with_what_they_are(places: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask(f"models {places} --json", capsys)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["images_seen"] for row in rows] == [640, 1280]
    card = read_card(folder / "runs" / "two" / "generator")
    expected = {
        "preset": "tiny", "backbone": "dcgan-even", "images": "16 x 16 color", "detector": "gncnn", "embedder": "lsb@0.4/plain",
        "alpha": 0.9, "parameters": card.parameters, "bytes": card.file_bytes, "digest": card.digest,
    }  # fmt: skip
    assert {key: rows[1][key] for key in expected} == expected


def test_people_get_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask("models runs", capsys)
    head, *rows = out.splitlines()
    assert code == 0
    assert head.split()[:3] == ["generator", "preset", "backbone"]
    assert [row.split()[0] for row in rows] == ["runs/one", "runs/two"]


def test_what_is_no_generator_is_said_and_the_others_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    code, out, err = ask("models runs/one empty", capsys)
    assert code == 9
    assert len(out.splitlines()) == 2
    assert "empty is neither a run nor a generator" in err


def test_generators_of_the_package_go_by_their_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (generators, folders):
        monkeypatch.setattr(module, "BUNDLED", folder / "bundled")
    monkeypatch.setattr(bundled, "BUNDLED", folder / "bundled" / "detectors")
    code, _, err = ask("models", capsys)
    assert code == 2
    assert "no model comes with this package" in err
    (folder / "runs" / "one" / "generator").rename(folder / "bundled-one")
    (folder / "bundled").mkdir()
    (folder / "bundled-one").rename(folder / "bundled" / "faces")
    assert ask("models", capsys)[0] == 0
    assert ask("sample faces -n 1 -o covers", capsys)[0] == 0


def test_an_export_says_how_its_images_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    code, out, _ = ask("export runs/one -o one.onnx --to small --half --json", capsys)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["out"] for row in rows] == ["small", "one.onnx"]
    assert all(row["largest"] <= 1 for row in rows)
    assert [row["bytes"] for row in rows] == [
        read_card(folder / "small").file_bytes, (folder / "one.onnx").stat().st_size
    ]  # fmt: skip
    code, _, err = ask("export runs/one -o one.onnx", capsys)
    assert code == 7
    assert "exists already" in err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("export runs/one", "nothing would be written"),
        ("export runs/one -o one.onnx --half", "--half is given without --to"),
        ("export runs/one -o one.pt", "does not end in .onnx"),
        ("export nothing -o one.onnx", "there is no folder nothing"),
    ],
)
def test_what_cannot_be_exported_is_said(command: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = ask(command, capsys)
    assert code == 2
    assert said in err
