"""The story once, in small: the page stands alone, its figures are those of the run, and the message comes back."""

from __future__ import annotations

import base64
import csv
import json
import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.drawn.model import DrawnModel, find, load
from ssgan.errors import DoesNotFit
from ssgan.experiments import demo
from ssgan.experiments.demo import message, page, story, wardens
from ssgan.experiments.demo.drawn_warden import DrawnTask
from ssgan.experiments.demo.message import STEGO
from ssgan.gan.covers.integers import export_drawn
from ssgan.messages import drawn as drawn_messages
from ssgan.messages.keys import Passphrase
from ssgan.messages.reveal import reveal
from tests.drawn.models import untrained
from tests.seen import Seen

GAME = Path(__file__).parents[3] / "results" / "game.csv"
SMALL = demo.DemoSize(sheet=6, honest=24, images=128, tiles=24, schemes=("lsb", "hill"))


@pytest.fixture(scope="module", autouse=True)
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrawnModel]:
    """A model of the package's name that draws as large covers, of networks that nobody has trained."""
    folder = tmp_path_factory.mktemp("models") / "faces64"
    net, card, details = untrained(size=64)
    export_drawn(net, card, details, folder, draws=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ssgan.drawn.model.BUNDLED", folder.parent)
        yield load(folder / "drawn")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, demo.DemoResult, Path, list[int], list[str]]:
    done: list[int] = []
    chapters: list[str] = []
    out = tmp_path_factory.mktemp("demo")
    written, finished = demo.tell(
        out,
        SMALL,
        message='<b>"&',
        program=".venv/bin/ssgan",
        progress=lambda units, doing: done.append(units),
        notify=lambda chapter, words: chapters.append(chapter),
    )
    return written.read_text(encoding="utf-8"), finished, out, done, chapters


def test_the_page_fetches_nothing_and_runs_nothing(finished: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    page = Seen(finished[0])
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    inside = [address for address in page.addresses if address.startswith("#")]
    assert all(address[1:] in page.ids for address in inside)
    pictures = [address for address in page.addresses if not address.startswith("#")]
    assert all(address.startswith("data:image/png;base64,") for address in pictures)
    assert all(images.read(base64.b64decode(address.split(",")[1])).samples.size for address in pictures)
    assert not re.search(r"url\(|@import|https?://", finished[0])
    assert page.unnamed == 0, "every picture is described in words"


def test_the_message_is_in_the_file_beside_the_page(finished: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    text, found, out, _, _ = finished
    stego = images.read(out / STEGO).samples
    assert reveal(stego, Passphrase(found.said.passphrase)) == b'<b>"&'
    assert found.said.revealed == '<b>"&'
    assert "<b>" + '"&' not in text, "what somebody types is text, not a part of the page"
    assert found.said.passphrase in text


def test_what_the_page_says_are_the_figures(finished: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    text, found, _, _, _ = finished
    shown = " ".join(unescape(text).split())
    assert [*found.watched] == ["own", "drawn", "matching", "apart"]
    for one in found.watched.values():
        low, high = one.interval
        assert f"{one.p_e:.3f}" in shown
        assert f"{low:.3f} to {high:.3f}" in shown
        assert low <= one.p_e <= high
    assert f"has {found.said.message_bytes} bytes; every picture takes up to {found.said.promise_bytes:,}" in shown
    assert found.said.message_bytes == len('<b>"&')
    assert {found.watched[name].pairs for name in ("own", "drawn", "matching")} == {(12, 0, 12)}
    assert found.watched["matching"].change_rate == pytest.approx(0.2, abs=0.02)
    assert found.watched["drawn"].change_rate == 0
    for name in ("own", "drawn"):
        assert page.in_words(found.watched[name]) in shown.replace("Your message", "your message").replace("Full", "full")


def test_the_claim_stands_with_all_that_is_not_claimed(
    finished: tuple[str, demo.DemoResult, Path, list[int], list[str]],
) -> None:
    shown = " ".join(re.sub(r"<[^>]*>", "", unescape(finished[0])).split())
    assert "n (2−64 + d) + n2 2−129" in shown
    for words in (
        "told from a photograph",
        "free of errors",
        "No forward secrecy",
        "File names, times",
        "Any selection breaks",
    ):
        assert words in shown
    sentences = [sentence for sentence in re.split(r"[.]", shown) if "provabl" in sentence]
    assert len(sentences) == 1
    assert all("from honest samples of this generator" in sentence for sentence in sentences)


def test_the_command_that_is_printed_is_the_one_that_was_called(
    finished: tuple[str, demo.DemoResult, Path, list[int], list[str]],
) -> None:
    assert f"<code>.venv/bin/ssgan reveal {finished[2] / STEGO}</code>" in finished[0]


def test_the_figures_of_the_game_are_those_that_were_measured() -> None:
    measured = {
        row["covers"]: float(row["ours"])
        for row in csv.DictReader(GAME.read_text(encoding="utf-8").splitlines())
        if row["question"].startswith("frozen covers") and row["figure"] == "accuracy"
    }
    order = ["faces64 of before, rgb", "faces64 of before, luma", "faces64, rgb", "faces64, luma"]
    assert list(page.BLIND.values()) == pytest.approx([measured[name] for name in order], abs=5e-4)


def test_the_warden_is_asked_about_full_covers_and_the_senders_own(model: DrawnModel, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = message.honest_covers(model, 12)
    reports: list[tuple[int, str, float | None]] = []
    task = DrawnTask(honest, find(message.GENERATOR), model.promise_bytes, b"x")
    asked: list[bytes] = []
    usual = drawn_messages.hide

    def counted(body: bytes, *more: Any) -> Any:
        asked.append(body)
        return usual(body, *more)

    monkeypatch.setattr(drawn_messages, "hide", counted)
    results = task.run(lambda *progressed: reports.append(progressed))
    assert [one.source for one in results] == ["own", "drawn", "matching"]
    assert [len(body) for body in asked] == [model.promise_bytes] * 12 + [1] * 6
    assert len(reports) == wardens.EVALUATIONS
    with pytest.raises(DoesNotFit):
        DrawnTask(honest, find(message.GENERATOR), model.promise_bytes + 1, b"x").run(lambda *progressed: None)


def test_progress_goes_to_its_end_and_every_chapter_is_told(
    finished: tuple[str, demo.DemoResult, Path, list[int], list[str]],
) -> None:
    _, _, _, done, chapters = finished
    assert done == sorted(done)
    assert done[-1] == SMALL.units
    assert list(dict.fromkeys(chapters)) == ["message", "revealed", "covers", "warden"]


def test_without_photographs_the_page_says_so(
    finished: tuple[str, demo.DemoResult, Path, list[int], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = finished[1]
    left = {name: one for name, one in found.watched.items() if name != "apart"}
    alone = replace(found, photograph=None, priced=[], watched=left)
    text = page.text(alone, stego=tmp_path / "s.png")
    assert "install scikit-image" in " ".join(text.split())
    monkeypatch.setattr("ssgan.experiments.demo.photographs.available", lambda: False)
    assert story._priced(SMALL) == (None, [])
    assert story._tasks(SMALL, found.sheet) == []


def test_a_message_that_is_too_long_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = "".join(
        random.Random(1).choices(string.ascii_letters + string.digits, k=6000)
    )  # packing makes 4,500 bytes of them
    assert run(["demo", "-o", str(tmp_path / "out"), "-m", letters, "--json"]) == 4
    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert "do not fit" in error["error"]
    assert not any((tmp_path / "out").iterdir())


def test_two_runs_are_of_different_secrets(model: DrawnModel) -> None:
    one, other = (message.honest_covers(model, 2).numpy() for _ in range(2))
    assert not np.array_equal(one, other)
