"""Tables fit a terminal, and are one line a row elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssgan.cli.screen import laid_out
from tests.test_readme import Shell, programs

SUMMARY = "cheap where texture is rich, and cheapness spread so that no sample stands alone"
TEXTS = [["scheme", "summary"], ["hill", SUMMARY], ["lsb", ""]]


@pytest.mark.parametrize("width", [30, 40, 200, None])
def test_wide_cells_are_wrapped_and_no_word_is_lost(width: int | None) -> None:
    lines = laid_out(TEXTS, width)
    assert all(len(line) <= (width or 200) for line in lines)
    assert len(lines) == 3 if width in (200, None) else len(lines) > 3
    words = " ".join(line[8:] if not line.startswith("scheme") else "" for line in lines).split()
    assert words == SUMMARY.split()
    assert lines[0].startswith("scheme  summary")


def test_a_long_word_is_broken_and_narrow_columns_stay() -> None:
    lines = laid_out([["file", "reason"], ["a" * 60, "x"]], 40)
    assert max(map(len, lines)) <= 40
    assert "".join(line.split()[0] for line in lines[1:]) == "a" * 60


def test_a_terminal_gets_a_table_that_fits_and_a_pipe_whole_rows(tmp_path: Path) -> None:
    shell = Shell(tmp_path, programs())
    try:
        shell.type("stty cols 60")
        _, fitting = shell.type("ssgan list")
        _, piped = shell.type("ssgan list | cat")
    finally:
        shell.close()
    assert max(map(len, fitting.splitlines())) <= 60
    assert len(piped.splitlines()) == 17
    assert max(map(len, piped.splitlines())) > 60
