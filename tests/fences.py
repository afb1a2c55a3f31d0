"""The pages taken apart into fences, and the fences run as a reader would: in order, in one folder, each page for itself.

A fence of `sh` holds commands, one of `console` commands with what they print, where that is shown (`[...]` stands for anything
within a line, alone on a line for any lines), one of `pycon` Python with what it prints. A remark before a fence,
`<!-- not run: REASON -->`, says why it cannot be run here.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.cli.app import run
from ssgan.datasets.sample_pictures import PHOTOGRAPHS
from ssgan.embedding.catalog import SCHEMES
from ssgan.gan.catalog import BACKBONES
from ssgan.steganalysis.catalog import DETECTORS, FEATURES, NETWORKS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = ("sh", "console", "pycon")
SHOWN = ("text", "python", "diff")  # output, trees and formulas; files and changes of the pages that are followed
FOLLOWED = [page for page in PAGES if page.name.startswith("add-")]  # by tests/test_additions.py, in a copy of the package
CATALOGS: tuple[dict[str, Any], ...] = (SCHEMES, NETWORKS, FEATURES, DETECTORS, BACKBONES)
PASSPHRASE = "correct horse battery staple"
# What a command gets besides where it does not say so itself: one thread, since the tests share the cores; and the same work on
# fewer images, so that a page takes seconds.
SMALL: dict[str, dict[str, str]] = {
    "demo": {"--quick": ""},
    "simulate": {"--workers": "1"},
    "sample": {"--threads": "1"},
    "score": {"--threads": "1"},
    "features": {"--threads": "1"},
    "quality": {"--threads": "1"},
    "train": {"--threads": "1", "--images": "64"},
    "train-detector": {"--threads": "1", "--images": "64", "--limit": "40"},
    "evaluate": {"--threads": "1", "--images": "64", "--limit": "40"},
}
_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n+)?"
    r"^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Fence:
    """A block of a page: its language, the line where it begins, its title, and why it is not run, if it is not."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    reason: str

    @property
    def where(self) -> str:
        return f"{self.page.name}, line {self.line}"


def lay_out(folder: Path) -> None:
    """What the pages take as given: `photographs/`, named as `ssgan samples` names them, and `faces.zip`.

    The zip has JPEGs of the size that --geometry celeba64 cuts from.
    """
    data = pytest.importorskip("skimage.data")
    color, rng = [data.astronaut(), data.chelsea(), data.coffee()], np.random.default_rng(4)
    (folder / "photographs").mkdir()
    for i, name in enumerate(PHOTOGRAPHS):
        tile = _tile(color[i % 3], 96, 96, rng)
        images.write(folder / "photographs" / f"{name}.png", np.ascontiguousarray(tile.transpose(2, 0, 1)))
    with zipfile.ZipFile(folder / "faces.zip", "w") as archive:
        for i in range(36):
            jpeg = io.BytesIO()
            Image.fromarray(_tile(color[i % 3], 122, 114, rng)).save(jpeg, "JPEG", quality=75)
            archive.writestr(f"faces/{i:06}.jpg", jpeg.getvalue())


def _tile(photograph: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    y, x = (int(rng.integers(0, side - part)) for side, part in zip(photograph.shape, (height, width), strict=False))
    return photograph[y : y + height, x : x + width]


def fences(page: Path) -> list[Fence]:
    text = page.read_text(encoding="utf-8")
    return [
        Fence(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            found["title"] or "",
            found["text"],
            found["reason"] or "",
        )
        for found in _FENCE.finditer(text)
    ]


def run_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All fences of a page that can be run, in order; what Python has defined stays until the page ends."""
    monkeypatch.setattr("ssgan.cli.passphrases._has_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", _typed)
    known: dict[str, Any] = {}
    with _catalogs_as_they_were():
        for fence in fences(page):
            if not fence.reason and fence.language in RUN:
                _run_fence(fence, known)


@contextlib.contextmanager
def _catalogs_as_they_were() -> Iterator[None]:
    """A page may add rows of its own."""
    before = [dict(catalog) for catalog in CATALOGS]
    try:
        yield
    finally:
        for catalog, rows in zip(CATALOGS, before, strict=True):
            catalog.clear()
            catalog.update(rows)


def _run_fence(fence: Fence, known: dict[str, Any]) -> None:
    if fence.language == "pycon":
        _run_python(fence, known)
    elif fence.language == "console":
        for command, expected in transcript_of(fence.text):
            printed = _run_command(command, fence)
            as_said = not expected or re.fullmatch(pattern_of(expected), printed)
            assert as_said, f"{fence.where}: {command}\n{printed}"
    else:
        for command in commands_of(fence.text):
            _run_command(command, fence)


def _typed(prompt: str) -> str:
    """A passphrase typed at the prompt, which stands in transcripts."""
    print(prompt.rstrip())  # noqa: T201
    return PASSPHRASE


def _run_python(fence: Fence, known: dict[str, Any]) -> None:
    failures: list[str] = []
    test = doctest.DocTestParser().get_doctest(fence.text, known, fence.where, str(fence.page), fence.line)
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=failures.append, clear_globs=False)
    known.update(test.globs)
    assert not failures, "".join(failures)


def commands_of(text: str) -> Iterator[str]:
    """The commands of an `sh` block."""
    yield from (line for line in text.replace("\\\n", " ").splitlines() if shlex.split(line, comments=True))


def transcript_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a `console` block, each with the lines that are shown of it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.replace("\\\n", " ").splitlines()
        yield command, [line for line in lines if line]


def pattern_of(expected: list[str]) -> str:
    """The expression for lines in which `[...]` stands for anything."""
    lines = [
        r"(?:.*\n)*" if line == "[...]" else re.escape(line).replace(re.escape("[...]"), ".*") + r"\n" for line in expected
    ]
    return "".join(lines)


def _run_command(command: str, fence: Fence) -> str:
    """What a command prints, to both streams; it must be one of ours and end well."""
    program, verb, *rest = [*shlex.split(command, comments=True), ""]
    assert program == "ssgan", f"{fence.where}: only commands of ssgan are run, not {command!r}"
    words = [verb, *rest[:-1]] if rest else []
    for option, value in SMALL.get(verb, {}).items():
        if option not in words:
            words += [option, value] if value else [option]
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        code = run(words)
    stream.seek(0)
    printed = re.sub(r" +$", "", stream.read(), flags=re.MULTILINE)
    printed = "".join(f"{line}\n" for line in printed.splitlines() if line)
    assert code == 0, f"{fence.where}: {command}\n{printed}"
    return printed
