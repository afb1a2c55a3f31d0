"""What the pages say and what the code says of itself are one; whatever the pages show is run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fences import FOLLOWED, PAGES, ROOT, RUN, SHOWN, fences, lay_out, run_page

SITE = ROOT / "mkdocs.yml"
# The only reasons for which a fence is not run.
REASONS = (
    "it makes an environment",
    "it needs two processes",
    "it needs two hosts",
    "it needs a graphics card",
    "it needs a photograph of yours",
    "it needs hours",
    "it needs the extra sklearn",
    "the shell fills in",
    "it serves until",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of a page."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    return tmp_path


def test_the_generated_pages_are_fresh() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if page not in FOLLOWED and page.name != "README.md" and any(fence.language in RUN for fence in fences(page))
    ],
    ids=lambda page: page.name,
)
def test_what_a_page_shows_runs_and_prints_what_it_says(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(page, monkeypatch)


def test_every_fence_says_what_it_is_and_is_run_or_says_why_not() -> None:
    for page in PAGES:
        for fence in fences(page):
            assert fence.language in RUN + SHOWN, f"{fence.where}: a fence of '{fence.language}'"
            assert fence.title or fence.language not in ("python", "diff"), f"{fence.where}: code that no test puts anywhere"
            assert not fence.reason or fence.reason.startswith(REASONS), f"{fence.where}: {fence.reason}"
            if fence.language == "text" and page.name != "cli.md":
                assert not re.search(r"^\$? ?(ssgan|make|pip|python) ", fence.text, re.MULTILINE), f"{fence.where}: a command"


def test_every_folder_of_the_house_says_what_it_is() -> None:
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    for path in (ROOT / "src" / "ssgan").rglob("__init__.py"):
        folder = path.parent.relative_to(ROOT / "src" / "ssgan").as_posix()
        assert folder == "." or re.search(rf"\| `{folder}/` \| \w.*[.?] \|", page), f"{folder} is not on docs/house.md"


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_navigation_once() -> None:
    nav = SITE.read_text(encoding="utf-8").split("\nnav:\n")[1].split("\n\n")[0]
    named = re.findall(r"[\w-]+\.md", nav)
    assert sorted(named) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


def test_the_handbook_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("zensical")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SITE, tmp_path)
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    for page in (ROOT / "docs").glob("*.md"):
        html = (tmp_path / "out" / "site" / f"{page.stem}.html").read_text(encoding="utf-8")
        assert not re.search(r'(?:src|href)="https?://[^"]+\.(?:js|css|woff2?)"', html), f"{page.name} fetches from elsewhere"
    assert not list((tmp_path / "out" / "site").rglob("*.py"))
