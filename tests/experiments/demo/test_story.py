"""The story once, in small: the page stands alone, its figures are those of the run, and the message comes back."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.cli.app import run
from ssgan.experiments import demo
from ssgan.experiments.demo import story
from ssgan.experiments.demo.message import STEGO
from ssgan.messages.keys import Passphrase
from ssgan.messages.reveal import reveal
from tests.seen import Seen

SMALL = demo.Size(sheet=6, tries=2, images=128, rounds=3, batch=4, covers=24, schemes=("lsb", "hill"))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, demo.DemoResult, Path, list[int], list[str]]:
    done: list[int] = []
    chapters: list[str] = []
    out = tmp_path_factory.mktemp("demo")
    page, told = demo.tell(
        out,
        SMALL,
        message='<b>"&',
        progress=lambda units, doing: done.append(units),
        notify=lambda chapter, words: chapters.append(chapter),
    )
    return page.read_text(encoding="utf-8"), told, out, done, chapters


def test_the_page_fetches_nothing_and_runs_nothing(told: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    page = Seen(told[0])
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    inside = [address for address in page.addresses if address.startswith("#")]
    assert all(address[1:] in page.ids for address in inside)
    pictures = [address for address in page.addresses if not address.startswith("#")]
    assert all(address.startswith("data:image/png;base64,") for address in pictures)
    assert all(images.read(base64.b64decode(address.split(",")[1])).samples.size for address in pictures)
    assert not re.search(r"url\(|@import|https?://", told[0])
    assert page.unnamed == 0, "every picture is described in words"


def test_the_message_is_in_the_file_beside_the_page(told: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    text, found, out, _, _ = told
    stego = images.read(out / STEGO).samples
    assert reveal(stego, Passphrase(found.said.passphrase)) == b'<b>"&'
    assert found.said.revealed == '<b>"&'
    assert "<b>" + '"&' not in text, "what somebody types is text, not a part of the page"
    assert found.said.passphrase in text


def test_what_the_page_says_are_the_figures(told: tuple[str, demo.DemoResult, Path, list[int], list[str]]) -> None:
    text, found, _, _, _ = told
    shown = " ".join(unescape(text).split())
    assert [*found.watched] == ["photographs", "generated", "apart"]
    for one in found.watched.values():
        low, high = one.interval
        assert f"{one.p_e:.3f}" in shown
        assert f"{low:.3f} to {high:.3f}" in shown
        assert low <= one.p_e <= high
    assert f"Here {int((found.said.chosen.hidden.changes != 0).sum())} of 12,288" in shown
    assert ("learned nothing" in shown) == any(not found.watched[name].learned for name in ("photographs", "generated"))


def test_progress_goes_to_its_end_and_every_chapter_is_told(
    told: tuple[str, demo.DemoResult, Path, list[int], list[str]],
) -> None:
    _, _, _, done, chapters = told
    assert done == sorted(done)
    assert done[-1] == SMALL.units
    assert list(dict.fromkeys(chapters)) == ["covers", "message", "revealed", "warden", "game"]


def test_without_photographs_the_page_says_so(
    told: tuple[str, demo.DemoResult, Path, list[int], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from ssgan.experiments.demo import page

    found = told[1]
    alone = replace(found, photograph=None, priced=[], watched={"generated": found.watched["generated"]})
    text = page.text(alone, stego=tmp_path / "s.png")
    assert "scikit-image, which is not installed" in " ".join(text.split())
    monkeypatch.setattr("ssgan.experiments.demo.photographs.available", lambda: False)
    assert story._priced(SMALL) == (None, [])
    assert [task.source for task in story._tasks(SMALL)] == ["generated"]


def test_a_message_that_is_too_long_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", "-o", str(tmp_path / "out"), "-m", "x" * 5000, "--json"]) == 4
    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert "do not fit" in error["error"]
    assert not any((tmp_path / "out").iterdir())


def test_two_runs_are_of_different_secrets() -> None:
    from ssgan.experiments.demo import message

    one, other = (message.covers(2)[0].numpy() for _ in range(2))
    assert not np.array_equal(one, other)
