"""Where a command's output goes may be full, closed, or read no more: it ends in words or in silence, never in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.cli.streams import GONE

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
PRINTING = ["--help", "list", "list schemes --json", "completion bash", "keygen -o -", "reveal"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a cover, a stego and its key."""
    made = tmp_path_factory.mktemp("streams")
    images.write(made / "cover.png", np.random.default_rng(1).integers(0, 256, (1, 48, 48), dtype=np.uint8))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        assert run(["keygen", "-o", "our.key"]) == 0
        assert run(["hide", "cover.png", "-m", "text", "-o", "stego.png", "--key-file", "our.key", "--no-ledger"]) == 0
    return made


def _ended(folder: Path, command: str, places: str) -> tuple[int, str]:
    """Exit code of `ssgan COMMAND` with its streams at these places, as a shell says it, and what was on standard error."""
    words = ["reveal", "stego.png", "--key-file", "our.key"] if command == "reveal" else command.split()
    line = ["sh", "-c", f'"$0" -m ssgan "$@" {places}', sys.executable, *words]
    ended = subprocess.run(
        line, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("command", PRINTING)
def test_a_full_output_is_said(folder: Path, command: str) -> None:
    code, said = _ended(folder, command, "> /dev/full")
    assert code == 7, said
    text = said.replace('{"message_type": "error", "error": "', "ssgan: error: ")
    assert text.startswith("ssgan: error: standard output could not be written: ")
    assert "hint" in text
    assert len(text.splitlines()) <= 2


def test_a_full_output_is_said_without_a_buffer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "PYTHONUNBUFFERED", "1")
    assert _ended(folder, "list", "> /dev/full")[0] == 7


def test_a_closed_output_is_said(folder: Path) -> None:
    code, said = _ended(folder, "reveal", ">&-")
    assert code == 7, said
    assert said.startswith("ssgan: error: standard output could not be written: ")


@pytest.mark.parametrize("command", ["--help", "list", "reveal"])
def test_a_reader_that_went_away_is_told_nothing(folder: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = ["reveal", "stego.png", "--key-file", "our.key"] if command == "reveal" else command.split()
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "ssgan", *words], cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=writing,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (GONE, b"")


@pytest.mark.parametrize("place", ["2> /dev/full", "2>&-"])
@pytest.mark.parametrize(("command", "code"), [("nosuch", 2), ("reveal", 0)])
def test_what_errors_are_lost_changes_no_exit_code(folder: Path, command: str, code: int, place: str) -> None:
    assert _ended(folder, command, f"{place} > /dev/null")[0] == code
