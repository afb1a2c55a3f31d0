"""`ssgan evaluate` and `ssgan report`: from covers to a page, also after being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from tests.commands import ask
from tests.processes import begun

RESULTS = ("results.csv", "results.md", "results.tex", "report.html")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders `quiet` and `noisy` of 50 images each; the working folder of the test."""
    rng = np.random.default_rng(1)
    for name, noise in (("quiet", 0.6), ("noisy", 4.0)):
        (tmp_path / name).mkdir()
        for i in range(50):
            ramp = np.linspace(60, 180, 32)[None, :] + rng.normal(0, 20)
            samples = (ramp + rng.normal(0, noise, (32, 32))).round().clip(1, 254).astype(np.uint8)[None]
            images.write(tmp_path / name / f"{i:02d}.png", samples, durable=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_people_get_a_table_and_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "evaluate quiet --embedder lsb@0.5/plain lsb@1.0/plain --detector spam/ridge --against noisy -o out --threads 1"
    code, out, err = ask(asked, capsys)
    assert code == 0, err
    head, *rows = out.splitlines()
    assert head.split()[:5] == ["kind", "covers", "trained_on", "embedder", "detector"]
    assert [row.split()[0] for row in rows] == ["retrained", "retrained", "conspicuous"]
    assert "5 trials, the controls among them" in err
    assert all((folder / "out" / name).is_file() for name in RESULTS)
    code, again, _ = ask("report out", capsys)
    assert (code, again) == (0, out)


def test_programs_get_an_object_a_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = (
        "evaluate quiet --embedder lsb@1.0/plain --detector spam/ridge --transfer-to noisy --seeds 2 -o out --json --threads 1"
    )
    code, out, _ = ask(asked, capsys)
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    (transfer,) = [row for row in rows if row.get("kind") == "transfer"]
    assert (transfer["covers"], transfer["trained_on"], transfer["seeds"]) == ("noisy", "quiet", 2)
    assert transfer["p_e_interval"][0] <= transfer["p_e"] <= transfer["p_e_interval"][1]
    assert rows[-1]["message_type"] == "report"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("evaluate quiet --embedder hill --detector spam -o out", 2, "not an embedder"),
        ("evaluate quiet --embedder hill@0.4 --detector resnet -o out", 2, "no detector 'resnet'"),
        ("evaluate nothing --embedder hill@0.4 --detector spam -o out", 2, "there is no folder or archive nothing"),
        ("evaluate quiet --embedder hill@0.4 --detector spam --seeds 0 -o out", 2, "seeds is 0"),
        ("evaluate quiet --embedder hill@0.4 --detector spam --limit 9 -o out", 2, "too few"),
        ("evaluate quiet --embedder hill@0.4 --detector crm -o out", 2, "color images only"),
        ("evaluate quiet --embedder hill@0.4 --detector spam --transfer-to quiet -o out", 2, "one of the covers already"),
        ("evaluate quiet --embedder lsb@2.0/plain --detector spam -o out", 4, "do not fit"),
        ("report quiet", 2, "no finished trial"),
    ],
)
def test_what_cannot_be_evaluated_is_said(
    command: str, code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _, err = ask(command, capsys)
    assert found == code, err
    assert said in err
    assert "hint: " in err


def contents(out: Path) -> dict[str, bytes]:
    """What was found out: not when and how long it took, nor what is left of the way there."""
    kept = ("done.json", "scores.csv", "config.json", *RESULTS)
    files = [path for path in out.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in files
        if path.name in kept or "samples" in path.parts or path.parent.name == "detector"
    }


def count(folder: Path, name: str) -> int:
    """How many files of that name there are; folders may vanish meanwhile."""
    return sum(name in files for _, _, files in os.walk(folder))


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_killed_three_times_it_gives_the_same_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "evaluate quiet --embedder lsb@1.0/plain --detector spam/ridge gncnn --images 640 --threads 1 --quiet -o"
    asked = command.split()
    assert run([*asked, "whole"]) == 0
    for kill in ("scores.csv", "stats.jsonl", "done.json"):  # as soon as there is one more: between trials, and within them
        with begun([sys.executable, "-m", "ssgan", *asked, "cut"], stdout=subprocess.DEVNULL) as process:
            seen = count(folder / "cut", kill)
            while process.poll() is None and count(folder / "cut", kill) <= seen:
                time.sleep(0.005)
            assert process.poll() is None, "it came to its end before it was killed"
            os.kill(process.pid, signal.SIGKILL)
    assert not (folder / "cut" / "report.html").exists()
    assert run([*asked, "cut"]) == 0
    whole, cut = (contents(folder / name) for name in ("whole", "cut"))
    assert whole.keys() == cut.keys()
    assert [name for name in whole if whole[name] != cut[name]] == []


def test_a_table_of_the_paper_is_asked_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ask("reproduce table3 quiet --size smoke -o again --threads 1", capsys)
    assert code == 0, err
    assert out.splitlines()[0].split() == ["question", "covers", "embedder", "detector", "figure", "published", "ours"]
    assert (folder / "again" / "table3.csv").is_file()
    assert (folder / "again" / "table3" / "judged" / "report.html").is_file()
    assert "table3/judged/report.html" in (folder / "again" / "report.html").read_text(encoding="utf-8")
    assert ask("reproduce table3 noisy --size smoke -o again", capsys)[0] == 2
