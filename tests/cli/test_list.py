"""`ssgan list`: what is kept is what the catalogs say, and is left alone where the catalogs have changed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ssgan.cli import list as catalogs
from ssgan.cli.app import run


def test_what_is_kept_is_what_the_catalogs_say() -> None:
    assert catalogs.KEPT.read_text(encoding="utf-8") == catalogs.kept_text()


@pytest.mark.parametrize("words", [["list", "schemes"], ["list", "detectors", "--json"], ["models", "ls"]])
def test_lists_need_neither_torch_nor_numba(words: list[str]) -> None:
    ask = f"import sys; from ssgan.cli.app import run; assert run({words}) == 0; print(*sys.modules)"
    made = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert not {"torch", "numba"} & set(made.stdout.splitlines()[-1].split())


def test_a_catalog_with_another_file_is_asked_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogs, "_files", lambda: ["embedding/schemes/mine.py"])
    monkeypatch.setattr(catalogs, "rows_of", lambda catalog: [{"scheme": "mine", "title": "Mine"}])
    assert run(["list"]) == 0
    assert "mine" in capsys.readouterr().out
