"""What is left to do is decided by what stands, and one folder never mixes the stegos of two settings."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.bulk.simulate import SimulationPlan, SimulationSettings, prepare
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting

SETTINGS = SimulationSettings("hill@0.4", seed=1)


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    folder = tmp_path / "covers"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.png", "b.pgm", "deep/c.png"):
        images.write(folder / name, np.zeros((1, 8, 8), np.uint8))
    return folder


def names(plan: SimulationPlan) -> list[str]:
    return [entry.name for portion in plan.listing.portions() for entry in portion.entries]


def test_a_stego_that_stands_is_done(covers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = prepare([covers], out, SETTINGS)
    assert names(plan) == ["a.png", "b.pgm", "deep/c.png"]
    assert plan.job.place("b.pgm") == "b.png"
    (out / "deep").mkdir(parents=True)
    images.write(out / "deep/c.png", np.zeros((1, 8, 8), np.uint8))
    again = prepare([covers], out, SETTINGS)
    assert names(again) == ["a.png", "b.pgm"]
    assert again.finished == 1
    assert len(prepare([covers], out, SETTINGS, overwrite=True)) == 3


def test_the_limit_counts_the_first_covers_done_or_not(covers: Path, tmp_path: Path) -> None:
    images.write(tmp_path / "a.png", np.zeros((1, 8, 8), np.uint8))
    plan = prepare([covers], tmp_path / "out", SETTINGS, limit=2)
    assert len(plan) + plan.finished == 2


@pytest.mark.parametrize(
    "other",
    [
        SimulationSettings("hill@0.2", seed=1),
        SimulationSettings("hill@0.4", seed=2),
        SimulationSettings("hill@0.4", seed=1, dtype="float32"),
        SimulationSettings("hill@0.4", seed=1, image_format="pgm"),
        SimulationSettings("hill@0.4", seed=1, geometry=Geometry(crop=4)),
    ],
    ids=["embedder", "seed", "dtype", "image_format", "geometry"],
)
def test_other_settings_are_turned_away_and_named(other: SimulationSettings, covers: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text(json.dumps(SETTINGS.to_json()))
    prepare([covers], out, other)  # nothing was done there so far
    (out / "z.png").write_bytes(b"a stego")
    prepare([covers], out, SETTINGS)
    with pytest.raises(InvalidSetting, match="other settings"):
        prepare([covers], out, other)
    prepare([covers], out, other, overwrite=True)


def test_another_version_counts_as_other_settings(covers: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(SETTINGS.to_json() | {"version": "0.0.1"}))
    with pytest.raises(InvalidSetting, match=r"version '0\.0\.1'"):
        prepare([covers / "a.png"], tmp_path, SETTINGS)


def test_a_manifest_that_cannot_be_read_is_not_passed_over(covers: Path, tmp_path: Path) -> None:
    for text in ("{", "[]", "7"):
        (tmp_path / "run.json").write_text(text)
        with pytest.raises(InvalidSetting, match=r"run\.json is damaged"):
            prepare([covers / "a.png"], tmp_path, SETTINGS)


def test_two_covers_with_one_stego_are_turned_away(covers: Path, tmp_path: Path) -> None:
    images.write(covers / "a.bmp", np.zeros((1, 8, 8), np.uint8))
    with pytest.raises(InvalidSetting, match=r"a\.bmp and .*a\.png would have the same place"):
        prepare([covers], tmp_path / "out", SETTINGS)


@pytest.mark.parametrize(
    "name", ["../up.png", "/etc/up.png", "deep/../../up.png", "deep\\..\\..\\up.png", "C:\\up.png", "C:up.png"]
)
def test_no_archive_writes_outside_the_folder(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "covers.zip", "w") as archive:
        archive.writestr(name, images.encode(np.zeros((1, 8, 8), np.uint8)))
    with pytest.raises(InvalidSetting, match="written elsewhere"):
        prepare([tmp_path / "covers.zip"], tmp_path / "out", SETTINGS)


def test_stegos_are_not_written_among_the_covers(covers: Path) -> None:
    with pytest.raises(InvalidSetting, match="would be among the next images"):
        prepare([covers], covers / "stegos", SETTINGS)


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidSetting, match="no image was found"):
        prepare([tmp_path / "empty"], tmp_path / "out", SETTINGS)


def test_an_unknown_conversion_is_found_before_anything_is_written() -> None:
    with pytest.raises(InvalidSetting, match="sepia"):
        SimulationSettings("hill@0.4", convert=("sepia",))
