"""What the pages say and what the code says of itself are one; what the README shows is run."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the one that the README's examples speak of; the working folder of the test."""
    rng = np.random.default_rng(4)
    (tmp_path / "photographs").mkdir()
    for name in ("one", "two", "three", "four", "five"):
        images.write(tmp_path / "photographs" / f"{name}.png", rng.integers(0, 256, (3, 32, 32), dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    return tmp_path


def test_the_generated_pages_are_fresh() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


def test_the_commands_of_the_readme_run(photographs: Path) -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("ssgan ")]
    assert len(commands) >= 3
    for command in commands:
        words = shlex.split(command, comments=True)
        assert run([*words[1:], "--quick"] if words[1] == "demo" else words[1:]) == 0, command


def test_the_python_of_the_readme_runs_and_prints_what_it_says(photographs: Path) -> None:
    sources = blocks("pycon")
    assert sources
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest("\n".join(sources), {}, "README", "README.md", 0)
    doctest.DocTestRunner().run(test, out=told.append)
    assert not told, "".join(told)


def test_the_tree_of_the_readme_names_every_file() -> None:
    tree = next(block for block in blocks("text") if "src/ssgan/" in block)
    patterns = re.findall(r"[\w*]+\.py\b", tree)
    for path in sorted((ROOT / "src" / "ssgan").rglob("*.py")):
        if path.name != "__init__.py":
            named = any(fnmatch(path.name, pattern) for pattern in patterns)
            assert named, f"{path.relative_to(ROOT)} is not in the README's tree"


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
