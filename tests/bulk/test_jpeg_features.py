"""Features of JPEG files: of luma, each by its own table, from folders and archives; what is no JPEG is named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan.bulk.image_features import ExtractionSettings
from ssgan.cli.app import run
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting
from ssgan.images import read_coefficients
from ssgan.images.coefficients import planes
from ssgan.steganalysis.features import dctr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Gray and color JPEGs of two qualities and of an odd size, a PNG, and a JPEG without a whole block."""
    made, rng = tmp_path / "jpegs", np.random.default_rng(1)
    made.mkdir()
    for name, shape, quality in [("a", (40, 37), 75), ("b", (40, 37, 3), 90), ("c", (40, 37), 75), ("d", (24, 64, 3), 30)]:
        Image.fromarray(rng.integers(90, 140, shape, dtype=np.uint8)).save(made / f"{name}.jpg", quality=quality)
    Image.fromarray(np.zeros((7, 20), np.uint8)).save(made / "small.jpg")
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(made / "z.png")
    return made


def test_each_file_has_the_features_of_its_luma_by_its_own_table(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "jpegs.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for file in folder.iterdir():
            opened.write(file, file.name)
    wanted = []
    for name in "abcd":
        luma = read_coefficients(folder / f"{name}.jpg").components[0]
        wanted.append(dctr.features(planes(luma.carriers)[None, None], luma.table)[0])
    for source in (folder, archive):
        assert (
            run(["features", str(source), "--set", "dctr", "-o", str(tmp_path / "f.npz"), "--dtype", "float64", "--force"]) == 9
        )
        with np.load(tmp_path / "f.npz") as table:
            assert list(table["names"]) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
            np.testing.assert_array_equal(table["features"], wanted)
            assert list(table["feature_names"]) == dctr.feature_names()
        failed = [json.loads(line) for line in (tmp_path / "f.npz.failures.jsonl").read_text().splitlines()]
        assert {Path(row["name"]).name: row["error"] for row in failed}.keys() == {"small.jpg", "z.png"}
        assert all(row["hint"] for row in failed)


@pytest.mark.parametrize(
    "changed", [{"geometry": Geometry(size=64)}, {"geometry": Geometry(gray=True)}, {"convert": ("jpeg",)}]
)
def test_what_would_convert_a_jpeg_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting, match="DCTR looks at JPEG files") as refused:
        ExtractionSettings("dctr", **changed)  # type: ignore[arg-type]
    assert "--size" in refused.value.hint


def test_the_list_says_which_features_look_at_jpegs(capsys: pytest.CaptureFixture[str]) -> None:
    for catalog in ("features", "detectors"):
        assert run(["list", catalog, "--json"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {row["images"] for row in rows if row["title"].startswith("DCTR")} == {"JPEG"}
        assert all(row["images"] != "JPEG" for row in rows if row["title"].startswith("SRM"))


def test_pixels_of_a_detector_of_jpegs_are_refused(tmp_path: Path) -> None:
    from ssgan.steganalysis.feature_detector import FeatureDetector, FeatureSettings
    from tests.steganalysis.test_feature_detector import pairs

    with pytest.raises(InvalidSetting, match="DCTR looks at JPEG files"):
        FeatureDetector(FeatureSettings("dctr")).fit(pairs(4), pairs(4))
