"""`ssgan sample`: from a folder to covers and sheets, with an answer for whatever may be given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ssgan import images
from ssgan.cli.app import run
from ssgan.gan.catalog import generator_of
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.training.settings import configure
from tests.commands import ask

SMALL = configure("tiny", image_size=16, width=16, latent=8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with a generator; the working folder of the test."""
    torch.manual_seed(3)
    generator = generator_of(SMALL)
    save_generator(tmp_path / "run" / "generator", generator, SMALL, {"images_seen": 640})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_covers_are_made_and_gone_on_with(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("sample run -n 3 -o covers --seed 1 --dry-run", capsys)[0] == 0
    assert not (folder / "covers").exists()
    code, out, err = ask("sample run -n 3 -o covers --seed 1", capsys)
    assert (code, err) == (0, "3 to do, 0 done already\n")
    assert out.startswith("3 covers written to covers, ")
    code, out, err = ask("sample run -n 5 -o covers --seed 1", capsys)
    assert (code, err) == (0, "2 to do, 3 done already\n")
    assert len(list((folder / "covers").glob("*.png"))) == 5


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ask("sample run/generator -n 2 -o covers --sheet sheet.png --json", capsys)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["message_type"] for line in lines] == ["plan", "summary", "sheet"]
    assert lines[0]["seed"] is None
    assert lines[1]["written"] == 2


def test_a_sheet_shows_the_covers_that_were_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("sample run -n 9 -o covers --sheet sheet.png", capsys)[0] == 0
    page = images.read(folder / "sheet.png").samples
    assert page.shape == (3, 34, 8 * 18 - 2)
    first = images.read(folder / "covers" / "000000.png").samples
    assert (page[:, :16, :16] == first).all()
    assert ask("sample run -n 9 -o covers --sheet sheet.png", capsys)[0] == 0  # the same command again: nothing to do


def test_a_sheet_may_come_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("sample run --sheet some.png -n 4 --seed 2", capsys)[0] == 0
    assert images.read(folder / "some.png").samples.shape == (3, 16, 4 * 18 - 2)
    assert ask("sample run --sheet ways.png --interpolate 3 --seed 2", capsys)[0] == 0
    assert images.read(folder / "ways.png").samples.shape == (3, 3 * 18 - 2, 8 * 18 - 2)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("sample run", 2, "nothing would be written"),
        ("sample run -o covers -n 0", 2, "count is 0"),
        ("sample run -o covers --interpolate 3", 2, "needs a sheet"),
        ("sample run --sheet s.png --interpolate -1", 2, "interpolate is -1"),
        ("sample run --sheet s.jpg", 2, "compressed with loss"),
        ("sample nowhere -o covers", 2, "there is no folder nowhere"),
        ("sample . -o covers", 2, "neither a run nor a generator"),
        ("sample begun -o covers", 2, "no generator yet"),
        ("sample broken -o covers", 6, "no model that can be trusted"),
        ("sample run -o covers --sheet there.png", 7, "there.png exists already"),
        ("sample run -o other -n 2 --seed 2", 2, "covers of other settings: there, seed 1"),
        ("sample run -o foreign -n 2", 7, "000000.png exists already"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    command: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "begun").mkdir()
    (folder / "begun" / "config.json").write_text("{}")
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text("{")
    (folder / "there.png").write_bytes(b"mine")
    (folder / "foreign").mkdir()
    (folder / "foreign" / "000000.png").write_bytes(b"mine")
    assert run(["sample", "run", "-o", "other", "-n", "2", "--seed", "1", "--quiet"]) == 0
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    capsys.readouterr()
    found, _, err = ask(command, capsys)
    assert found == code, err
    assert said in err
    assert "hint:" in err or code == 2
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_help_says_why_a_seed_is_not_for_sending(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sample", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "operating system's random source" in printed
    assert "A seed can be guessed" in printed
