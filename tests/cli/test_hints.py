"""Hints help: what is named as an option exists in the command that says it, and a usage error is told as one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ssgan
from ssgan.cli import app
from ssgan.cli.app import run

TINY = ["--preset", "tiny", "--detector=", "--image-size", "16", "--width", "4", "--latent", "8", "--batch", "8"]
TINY += ["--threads", "1", "--images", "8"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of JPEG files, an empty one, gray and color pictures, and a file that is no picture."""
    rng = np.random.default_rng(5)
    for folder in ("jpegs", "empty", "gray", "color"):
        (tmp_path / folder).mkdir()
    for number in range(2):
        color = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        color.save(tmp_path / "jpegs" / f"{number}.jpg")
        color.save(tmp_path / "color" / f"{number}.png")
        color.convert("L").save(tmp_path / "gray" / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options(command: str) -> set[str]:
    """Every flag of a command."""
    return {flag for argument in app.commands()[command].assemble_argument_collection() for flag in argument.names}


def test_every_option_that_the_sources_name_is_one() -> None:
    known = {flag for name in app.COMMANDS for flag in options(name)} | {"--help", "--version", "--install", "--shell"}
    for path in Path(ssgan.__file__).parent.rglob("*.py"):
        for call in re.findall(r'hint=\(?\s*f?"([^"]*)"', path.read_text(encoding="utf-8")):
            ours = re.sub(r"`(?!ssgan)[^`]*`", "", call)  # without the command lines of other programs
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours):
                assert flag in known, f"{path.name}: {call}"


@pytest.mark.parametrize("place", ["nosuch", "empty", "notes.txt", "empty notes.txt"])
def test_detect_of_nothing_is_a_usage_error(place: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["detect", *place.split()]) == 2
    printed = capsys.readouterr()
    assert "no image was found in what was given" in printed.err
    assert "called stego" not in printed.out + printed.err


@pytest.mark.parametrize("place", ["nosuch", "empty", "notes.txt"])
@pytest.mark.parametrize(
    "command",
    [
        "estimate {}",
        "features {} -o f.npz --set spam",
        "simulate {} -o out --embedder lsb@0.4",
        "train {} -o out",
        "train-detector {} -o out --embedder lsb@0.4 --detector spam/ridge",
        "quality {} color",
        "capacity {}",
        "inspect {}",
        "report {}",
        "models show {}",
    ],
)
def test_what_is_not_there_is_said_with_a_hint(
    command: str, place: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command.replace("{}", place).split()
    assert run([*words, *(TINY if words[0] == "train" else [])]) in {2, 5}
    printed = capsys.readouterr()
    assert printed.err.count("ssgan: error: ") == 1
    assert "ssgan: hint: " in printed.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["train", "jpegs", "-o", "out", *TINY], "allow it with --convert jpeg, or make them smaller: --size, --geometry"),
        (["train", "gray", "-o", "out", *TINY], "say --channels 1"),
        (["train", "color", "-o", "out", *TINY, "--channels", "1"], "say --channels 3, or make them gray: --gray"),
        (["quality", "jpegs", "color"], "allow it with --convert jpeg, or make them smaller: --size, --geometry"),
    ],
)
def test_a_hint_names_the_option_that_helps(
    words: list[str], hint: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) in {2, 5}
    said = capsys.readouterr().err
    assert hint in said
    given = said.rpartition("hint: ")[2]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", given)) <= options(words[0])


def test_a_training_without_pictures_held_back_says_so(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "color", "-o", "out", *TINY]) == 0
    assert "no picture is held back: 2 are too few" in capsys.readouterr().err
