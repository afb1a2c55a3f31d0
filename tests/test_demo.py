"""The page of the demonstration stands alone, shows every scheme, and its figures are those of the embedders."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ssgan import demo, images
from ssgan.embedding.catalog import SCHEMES


class Page(HTMLParser):
    """What the page asks a browser for, and what it says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.unnamed = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        self.unnamed += tag == "img" and not dict(attrs).get("alt")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    reported: list[int] = []
    page = demo.make(tmp_path_factory.mktemp("demo"), quick=True, report=reported.append)
    assert reported == list(range(1, demo.steps(quick=True) + 1))
    return page.read_text(encoding="utf-8")


def test_the_page_fetches_nothing_and_runs_nothing(text: str) -> None:
    page = Page(text)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not re.search(r"url\(|@import|https?://", text)
    assert page.unnamed == 0, "every picture is described in words"


def test_every_picture_is_a_whole_png(text: str) -> None:
    pictures = [images.read(base64.b64decode(address.split(",")[1])).samples for address in Page(text).addresses]
    assert all(picture.shape[1:] == (demo.SIDE, demo.SIDE) for picture in pictures)


def test_every_scheme_is_shown_with_formula_and_paper(text: str) -> None:
    from html import unescape

    shown = unescape(text)
    for entry in SCHEMES.values():
        assert entry.title in shown
        assert entry.formula in shown
        assert entry.paper in shown


def test_the_same_seed_gives_the_same_pictures(text: str, tmp_path: Path) -> None:
    again = demo.make(tmp_path, quick=True).read_text(encoding="utf-8")
    assert Page(again).addresses == Page(text).addresses


@pytest.mark.parametrize("name", demo.PHOTOGRAPHS)
def test_the_photographs_are_in_the_wheel(name: str) -> None:
    cover = demo.photograph(name)
    assert cover.dtype == np.uint8
    assert cover.shape[1:] == (demo.SIDE, demo.SIDE)


def test_smooth_places_and_straight_edges_are_easy_and_noise_is_not() -> None:
    cover = np.full((1, 40, 40), 100, np.uint8)
    cover[:, :, 10:] = 200  # an edge, strong and straight
    noise = np.random.default_rng(0).integers(0, 256, (40, 20), dtype=np.uint8)
    cover[0, :, 20:] = noise
    easy = demo.easiest(cover)
    assert easy.mean() == demo.EASY
    assert easy[0, :, :17].all()
    assert not easy[0, :, 23:].any()
