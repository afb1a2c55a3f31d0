"""The pages that say how to add one of your own are followed to the letter, in a copy of what they change.

A fence of `python` is a new file, one of `diff` a change of a file: the lines with a space or a minus must stand there once.
New and changed files lie in a folder of their own, before the package's; the commands, `pytest` for the contract tests and
`ssgan`, then run in a process that sees both.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fences import FOLLOWED, ROOT, Fence, fences, lay_out

# sys.argv: the folder of new and changed files, the repository, and the commands.
FOLLOWER = """
import importlib, shlex, sys
from pathlib import Path

changed, root, *commands = sys.argv[1:]
ROOMS = "embedding embedding.coders embedding.schemes steganalysis steganalysis.networks gan gan.backbones"
for package in ROOMS.split():
    importlib.import_module(f"ssgan.{package}").__path__.insert(0, f"{changed}/src/ssgan/" + package.replace(".", "/"))

import pytest
from ssgan.cli.app import run

for command in commands:
    program, *words = shlex.split(command)
    if program == "pytest":
        words = [f"{root}/{word}" if word.startswith("tests/") else word for word in words]
        settings = ["--rootdir", root, "-c", f"{root}/pyproject.toml", "-p", "no:cacheprovider", "-p", "no:xdist"]
        code = pytest.main([*settings, *words])
    else:
        assert program == "ssgan", command
        code = run(words)
    if code:
        sys.exit(f"{command} ended with {code}")
"""


def test_whoever_follows_the_pages_arrives(tmp_path: Path) -> None:
    """All four in one process, since most of its time goes by until torch is there."""
    commands = []
    for page in FOLLOWED:
        for fence in fences(page):
            if fence.language == "python":
                _write(fence, tmp_path)
            elif fence.language == "diff":
                _change(fence, tmp_path)
            elif fence.language == "sh":
                commands += fence.text.splitlines()
    assert sum(command.startswith("pytest ") for command in commands) == len(FOLLOWED)
    lay_out(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWER, tmp_path, ROOT, *commands],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "SSGAN_LEDGER": str(tmp_path / "ledger")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_page_for_each_of_the_four() -> None:
    assert [page.stem for page in FOLLOWED] == ["add-backbone", "add-coder", "add-detector", "add-scheme"]


@pytest.mark.parametrize("page", FOLLOWED, ids=lambda page: page.stem)
def test_an_addition_touches_two_files_of_the_package(page: Path) -> None:
    """Its own, and the one that names it: followed above, so that nothing else need be touched."""
    files = {fence.title: fence.language for fence in fences(page) if fence.title.startswith("src/")}
    assert sorted(files.values()) == ["diff", "python"], files


def _write(fence: Fence, copy: Path) -> None:
    path = copy / fence.title
    assert not (ROOT / fence.title).exists(), f"{fence.where}: {fence.title} is there already"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(fence.text, encoding="utf-8")


def _change(fence: Fence, copy: Path) -> None:
    path, lines = copy / fence.title, fence.text.splitlines()
    before = "\n".join(line[1:] for line in lines if line[:1] != "+")
    after = "\n".join(line[1:] for line in lines if line[:1] != "-")
    text = (path if path.exists() else ROOT / fence.title).read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{fence.where}: these lines stand {text.count(before)} times in {fence.title}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(before, after), encoding="utf-8")
