"""Every experiment at its smallest size; what it finds there means nothing, but that it can be asked does."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.experiments import alpha, convergence, frontier, game, jpeg, latent_seeds, security
from ssgan.experiments.catalog import EXPERIMENTS, SIZES, reproduce
from ssgan.experiments.material import Material
from ssgan.experiments.page import page
from tests.jpegs import write_pictures


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_table_1_has_quality_after_each_epoch_and_the_time(data: Path, tmp_path: Path) -> None:
    _, path = reproduce("table1", "smoke", Material(data, tmp_path, threads=1))
    found = lines(path)
    for preset in ("sgan", "paper"):
        assert {line["at"] for line in found if line["covers"] == preset and line["question"] == "quality"} == {"16.0", "32.0"}
    assert [line["published"] for line in found if line["figure"] in ("minutes", "ratio")] == ["", "", "0.947"]
    before = path.read_bytes()
    reproduce("table1", "smoke", Material(data, tmp_path, threads=1))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_table_3_has_every_condition_and_the_paper_beside_it(data: Path, tmp_path: Path) -> None:
    _, path = reproduce("table3", "smoke", Material(data, tmp_path, threads=1))
    found = [line for line in lines(path) if line["figure"] == "accuracy"]
    assert [line["question"].partition(":")[0] for line in found] == ["S1", "S1'", "S2", "S3", "S4"]
    assert [line["published"] for line in found] == ["0.87", "", "0.72", "0.71", ""]
    assert all(line["commit"] and line["device"] == "cpu" for line in found)
    before = path.read_bytes()
    notices: list[str] = []
    reproduce("table3", "smoke", Material(data, tmp_path, threads=1, notify=notices.append))
    assert path.read_bytes() == before
    with pytest.raises(InvalidSetting, match="other settings"):
        reproduce("table2", "smoke", Material(data, tmp_path))


@pytest.mark.slow
def test_table_2_crosses_sources_and_detectors(data: Path, tmp_path: Path) -> None:
    _, path = reproduce("table2", "smoke", Material(data, tmp_path, threads=1))
    found = [line for line in lines(path) if line["figure"] == "accuracy"]
    sources = {"real-noisy", "real-selected", "paper", "plain"}
    for question, expected in (
        ("retrained on the covers that are judged", {"real", *sources}),
        ("trained on real covers: mismatch", sources),
        ("covers against real ones, nothing embedded", sources),
    ):
        made = {line["covers"] for line in found if line["question"] == question}
        assert expected <= made <= expected | {"plain-as-paper", "real-as-paper"}  # where noise was needed at all
    published = {(line["covers"], line["trained_on"]): line["published"] for line in found if line["published"]}
    assert published == {("real", "real"): "0.87", ("paper", "real"): "0.72"}


@pytest.mark.slow
def test_alpha_has_quality_and_error_for_each(data: Path, tmp_path: Path) -> None:
    _, path = reproduce("alpha", "smoke", Material(data, tmp_path, threads=1))
    found = lines(path)
    for name in ("alpha-1-plain", "alpha-0.5-plain", "alpha-0.5-balanced"):
        figures = {line["figure"] for line in found if line["covers"] == name}
        assert {"P_E", "accuracy", "residual deviation"} <= figures


def test_the_game_has_the_detectors_answers_on_still_covers_and_in_the_loop(data: Path, tmp_path: Path) -> None:
    found, path = reproduce("game", "smoke", Material(data, tmp_path, threads=1))
    asked = {(record.covers, record.figure) for record in found}
    figures = ("accuracy", "pairs rightly ordered")
    sources = ("faces64, rgb", "faces64, luma", "ssgan")  # these images are too small to begin late from faces64
    assert asked == {(covers, figure) for covers in sources for figure in figures}
    assert all(0 <= record.ours <= 1 for record in found)
    before = path.read_bytes()
    reproduce("game", "smoke", Material(data, tmp_path, threads=1))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_the_frontier_has_every_source_with_controls_and_quality(data: Path, tmp_path: Path) -> None:
    found, _ = reproduce("frontier", "smoke", Material(data, tmp_path, threads=1))
    controls = {"control: LSB replacement of every sample", "control: covers against covers", "retrained on these covers"}
    sources = {"real", "real-selected", "ssgan", "ssgan-alone", "real-noise-1", "ssgan-alone-noise-1"}
    for question in (*controls, "quality", "covers against real ones"):
        made = {record.covers for record in found if record.question == question} | {"real"}
        assert sources <= made <= sources | {"ssgan-alone-as-ssgan", "real-as-ssgan"}  # where noise was needed at all


def test_jpegs_have_every_quality_the_mismatch_and_controls(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "pictures", count=40)
    material = Material(pictures, tmp_path / "out", Geometry(crop=32), threads=1)
    found, path = reproduce("jpeg", "smoke", material)
    cells = {(record.question, record.covers, record.trained_on, record.embedder) for record in found}
    at = {quality: f"pictures at quality {quality}" for quality in jpeg.QUALITIES}
    assert cells == {
        *((jpeg.QUESTIONS["retrained"], name, name, "nsf5@0.4") for name in at.values()),
        (jpeg.QUESTIONS["transfer"], at[95], at[75], "nsf5@0.4"),
        *((jpeg.QUESTIONS["gross"], name, name, "nsf5@1") for name in at.values()),
        *((jpeg.QUESTIONS["null"], name, name, "") for name in at.values()),
    }
    errors = {record.covers: record.ours for record in found if record.figure == "P_E" and record.embedder == "nsf5@1"}
    assert max(errors.values()) < 0.2
    before = path.read_bytes()
    reproduce("jpeg", "smoke", material)
    assert path.read_bytes() == before
    text = page(tmp_path / "out")
    assert text.count("<td>pictures at quality 75: mismatch</td>") == 1
    tiles = Material(pictures, tmp_path / "tiles", threads=1)
    with pytest.raises(RefusedImage, match="no usable image"):  # smaller than a tile
        reproduce("jpeg", "smoke", tiles)


def test_every_experiment_has_every_size() -> None:
    assert set(EXPERIMENTS) == {"game", "frontier", "table1", "table2", "table3", "alpha", "jpeg"}
    for module in (game, frontier, convergence, security, latent_seeds, alpha, jpeg):
        assert tuple(module.SIZES) == SIZES
        assert module.__doc__


def test_published_figures_are_the_paper_s() -> None:
    """Read from Tables 1 to 3 of arXiv 1707.01613."""
    assert convergence.MINUTES == {"paper": 227.5, "sgan": 240.3}
    assert sorted(security.PUBLISHED.values()) == [0.72, 0.87, 0.9, 0.92]
    assert latent_seeds.PUBLISHED == {"S1": 0.87, "S2": 0.72, "S3": 0.71}


@pytest.mark.parametrize(("name", "size", "said"), [("table9", "smoke", "no experiment"), ("table2", "huge", "no size")])
def test_what_is_not_there_is_said(name: str, size: str, said: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        reproduce(name, size, Material(data, tmp_path))
    assert caught.value.hint
