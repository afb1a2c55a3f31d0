"""Run a command line within the test's process, and return what it printed."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from ssgan.cli.app import run


def ask(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return the exit code, standard output and standard error of a command, its words as a shell takes them."""
    code = run(shlex.split(command))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder to work in, with a key file `our.key`."""
    monkeypatch.chdir(tmp_path)
    assert run(["keygen", "-o", "our.key"]) == 0
    capsys.readouterr()
    return tmp_path
