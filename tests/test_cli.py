"""The command line, held to transcripts: what is typed, what is printed, how it ends.

In tests/cli/*.txt a line `$ ssgan ...` is typed; what follows is expected: lines as they are on standard output, `! ` before
those on standard error, `? CODE` where the exit code is not 0. `[...]` stands for anything within a line (times, mostly).
A command runs in a folder of its own with `covers/` (a, b gray, color/c in color), `broken.png`, `white.png` and `sixteen.png`,
and of JPEGs `photographs/photo.jpg`, `flat.jpg`, `progressive.jpg` and `uncommon.jpg`. `$ messenger A B` compresses a picture
again, as a messenger does.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.cli.app import run
from ssgan.embedding.catalog import CODERS, COEFFICIENT_SCHEMES, SCHEMES
from ssgan.steganalysis.catalog import DETECTORS, FEATURES

TRANSCRIPTS = sorted(Path(__file__).with_name("cli").glob("*.txt"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the covers that the transcripts speak of; the working folder of the test."""
    rng = np.random.default_rng(7)
    (tmp_path / "covers" / "color").mkdir(parents=True)
    for name, channels in (("a", 1), ("b", 1), ("color/c", 3)):
        images.write(tmp_path / "covers" / f"{name}.png", rng.integers(0, 256, (channels, 32, 32), dtype=np.uint8))
    images.write(tmp_path / "white.png", np.full((1, 32, 32), 255, np.uint8))
    Image.fromarray(rng.integers(0, 2**16, (8, 8), dtype=np.uint16)).save(tmp_path / "sixteen.png")
    surface = 128 + 50 * np.sin(np.arange(64) / 7)[:, None, None] + rng.normal(0, 20, (64, 64, 3))
    (tmp_path / "photographs").mkdir()
    Image.fromarray(surface.clip(0, 255).astype(np.uint8)).save(tmp_path / "photographs" / "photo.jpg", quality=75)
    Image.fromarray(np.full((64, 64), 99, np.uint8)).save(tmp_path / "flat.jpg", quality=75)
    wide = 128 + 50 * np.sin(np.arange(160) / 7)[None, :, None] + rng.normal(0, 20, (96, 160, 3))
    Image.fromarray(wide.clip(0, 255).astype(np.uint8)).save(tmp_path / "progressive.jpg", quality=90, progressive=True)
    photo = (tmp_path / "photographs" / "photo.jpg").read_bytes()
    (tmp_path / "uncommon.jpg").write_bytes(photo.replace(b"\xff\xc0\x00\x11", b"\xff\xc9\x00\x11", 1))
    whole = (tmp_path / "covers" / "a.png").read_bytes()
    (tmp_path / "broken.png").write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("SSGAN_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def steps(transcript: str) -> list[tuple[str, list[str]]]:
    """Each command with the lines expected of it; what stands before the first command is a remark."""
    found: list[tuple[str, list[str]]] = []
    for line in transcript.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and line:
            found[-1][1].append(line)
    return found


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_transcript_holds(transcript: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, expected in steps(transcript.read_text(encoding="utf-8")):
        program, *words = shlex.split(command)
        if program == "messenger":
            Image.open(words[0]).save(words[1], "JPEG", quality=70)
            continue
        code = run(words)
        printed = capsys.readouterr()
        lines = [line for line in printed.out.splitlines() if line] + [f"! {line}" for line in printed.err.splitlines() if line]
        lines += [f"? {code}"] if code else []
        pattern = "\n".join(re.escape(line).replace(re.escape("[...]"), ".*") for line in expected)
        assert re.fullmatch(pattern, "\n".join(lines)), f"{command}\n" + "\n".join(lines)


@pytest.mark.parametrize(
    "verb",
    [
        [],
        ["hide"],
        ["reveal"],
        ["capacity"],
        ["keygen"],
        ["train"],
        ["simulate"],
        ["inspect"],
        ["features"],
        ["estimate"],
        ["detect"],
        ["models"],
        ["models", "verify"],
        ["evaluate"],
        ["report"],
        ["reproduce"],
        ["list"],
        ["demo"],
        ["doctor"],
        ["completion"],
    ],
    ids=lambda verb: " ".join(verb) or "ssgan",
)
def test_every_command_says_how_it_is_used(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*verb, "--help"]) == 0
    assert "Usage: ssgan" in capsys.readouterr().out


def test_every_line_of_json_is_an_object_with_its_type(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = (
        "list --json",
        "list coders --json",
        "list features --json",
        "list detectors --json",
        "inspect covers/a.png -o seen --json",
        "inspect covers/a.png covers/a.png --json",
        "simulate covers broken.png -o out --embedder hill@0.4 --json",
        "simulate covers -o out --embedder nothing@0.4 --json",
        "simulate --json",
        "train covers -o run --preset dcgan --gray --size 32 --width 4 --batch 2 --images 4 --json",
        "train covers -o run --preset tiny --dry-run --json",
        "train covers -o run --preset tiny --json",
        "features covers broken.png -o f.npz --set spam --json",
        "estimate covers broken.png --json",
        "rank covers broken.png --json",
        "detect covers white.png broken.png nothing.png --sheet seen.png --json",
        "models --json",
        "models show faces64 --json",
        "models verify photographs --json",
        "keygen -o our.key --json",
        "hide covers/a.png -m text -o a.png --key-file our.key --dry-run --json",
        "hide covers/a.png -m text -o a.png --key-file our.key --json",
        "hide covers/a.png -m text -o b.png --key-file our.key --json",
        "reveal a.png --key-file our.key --json",
        "reveal covers/a.png --key-file our.key --json",
        "capacity covers/a.png covers/b.png --json",
    )
    for command in commands:
        run(command.split())
        printed = capsys.readouterr()
        lines = (printed.out + printed.err).splitlines()
        assert lines, command
        assert all(isinstance(json.loads(line)["message_type"], str) for line in lines)


def test_every_entry_of_a_catalog_is_listed_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    catalogs = {
        "schemes": {name: entry.summary for rows in (SCHEMES, COEFFICIENT_SCHEMES) for name, entry in rows.items()},
        "coders": {name: coder.summary for name, coder in CODERS.items()},
        "features": {name: found.summary for name, found in FEATURES.items()},
        "detectors": {name: entry.summary for name, entry in DETECTORS.items()},
    }
    for catalog, summaries in catalogs.items():
        assert run(["list", catalog]) == 0
        _, *rows = capsys.readouterr().out.splitlines()
        assert [row.split()[0] for row in rows] == list(summaries)
        assert all(row.endswith(summary) for row, summary in zip(rows, summaries.values(), strict=True))
