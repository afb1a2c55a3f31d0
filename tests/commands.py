"""Run a command line within the test's process, and return what it printed."""

from __future__ import annotations

import pytest

from ssgan.cli.app import run


def ask(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Return the exit code, standard output and standard error."""
    code = run(command.split())
    printed = capsys.readouterr()
    return code, printed.out, printed.err
