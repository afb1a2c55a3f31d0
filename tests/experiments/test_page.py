"""The page of an experiment that was really run, at its smallest size."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssgan.errors import InvalidSetting
from ssgan.experiments.catalog import EXPERIMENTS, reproduce
from ssgan.experiments.material import Material
from ssgan.experiments.page import page
from tests.seen import Seen


def test_the_page_answers_with_pictures_and_carries_them_itself(data: Path, tmp_path: Path) -> None:
    reproduce("table2", "smoke", Material(data, tmp_path, threads=1))
    text = page(tmp_path)
    assert page(tmp_path) == text
    seen = Seen(text)
    assert "script" not in seen.tags
    assert all(address.startswith("data:image/png;base64,") for address in seen.pictures)
    assert len(seen.pictures) == 5  # sources
    assert "Not asked in this folder: game, frontier, table1, table3, alpha, jpeg." in text
    assert "in real covers the best detector, retrained, has an error of" in text
    assert ">0.87<" in text  # what was published


def test_the_detectors_answers_in_the_game_are_on_the_page(data: Path, tmp_path: Path) -> None:
    reproduce("game", "smoke", Material(data, tmp_path, threads=1))
    text = page(tmp_path)
    assert "pairs rightly ordered" in text
    assert "in the loop, after 32 images" in text
    assert Seen(text).pictures


def test_the_page_shows_where_the_texture_lies(data: Path, tmp_path: Path) -> None:
    reproduce("frontier", "smoke", Material(data, tmp_path, threads=1))
    text = page(tmp_path)
    assert "ssgan-alone: where gray values vary" in text
    assert "fifth 1 of the places" in text
    assert text.count("<svg") == 1  # one embedder
    assert "counts only where it lies above the covers with noise" in text


@pytest.mark.slow
def test_all_experiments_are_on_one_page(data: Path, tmp_path: Path) -> None:
    for name in EXPERIMENTS:
        reproduce(name, "smoke", Material(data, tmp_path, threads=1))
    text = page(tmp_path)
    assert all(f">{name}</span>" in text for name in EXPERIMENTS)
    assert "Not asked" not in text
    assert text.count("<svg") > 2


def test_an_empty_folder_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no experiment") as caught:
        page(tmp_path)
    assert caught.value.hint
