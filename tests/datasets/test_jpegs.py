from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.datasets import Geometry, Patches, open_source
from ssgan.datasets.jpegs import compressed, jpeg_covers
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.images.coefficient_files import read_coefficients
from ssgan.images.coefficients import planes
from tests.jpegs import texture, write_jpegs, write_pictures


@pytest.mark.parametrize("color", [False, True])
def test_luma_is_read_as_it_is_in_the_file(color: bool, tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=3, color=color)
    bad: list[tuple[str, str]] = []
    found = list(jpeg_covers(open_source(folder), Geometry(), bad))
    assert [cover.name for cover in found] == ["000.jpg", "001.jpg", "002.jpg"]
    assert not bad
    for cover in found:
        luma = read_coefficients((folder / cover.name).read_bytes()).components[0]
        assert np.array_equal(cover.coefficients[0], planes(luma.blocks))
        assert np.array_equal(cover.table, luma.table)


def test_archives_hold_jpegs_too(tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=2)
    with zipfile.ZipFile(tmp_path / "jpegs.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    packed, loose = (
        [cover.coefficients for cover in jpeg_covers(open_source(path), Geometry(), [])]
        for path in (tmp_path / "jpegs.zip", folder)
    )
    assert np.array_equal(packed, loose)


def test_jpegs_of_another_table_or_size_are_left_out_and_named(tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=3)
    Image.fromarray(texture(32, 32, 9)[0]).save(folder / "coarse.jpg", quality=50)
    Image.fromarray(texture(48, 32, 9)[0]).save(folder / "tall.jpg", quality=75)
    Image.fromarray(np.full((32, 32), 77, np.uint8)).save(folder / "flat.jpg", quality=75)
    images.write(folder / "pixels.png", texture(32, 32, 9), durable=False)
    (folder / "broken.jpg").write_bytes((folder / "000.jpg").read_bytes()[:-40])
    bad: list[tuple[str, str]] = []
    assert len(list(jpeg_covers(open_source(folder), Geometry(), bad))) == 3
    reasons = dict(bad)
    assert reasons["coarse.jpg"] == "it has quality 50, where most have quality 75"
    assert reasons["tall.jpg"] == "its whole blocks are 32 x 48, where most are 32 x 32"
    assert reasons["flat.jpg"].startswith("it is too flat: 0 AC coefficients")
    assert "no JPEG" in reasons["pixels.png"]
    assert set(reasons) == {"coarse.jpg", "tall.jpg", "flat.jpg", "pixels.png", "broken.jpg"}


def test_blocks_that_show_only_a_part_are_left_out(tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=1, side=37)
    (cover,) = jpeg_covers(open_source(folder), Geometry(), [])
    assert cover.coefficients.shape == (1, 32, 32)
    luma = read_coefficients((folder / "000.jpg").read_bytes()).components[0]
    assert np.array_equal(cover.coefficients[0], planes(luma.blocks)[:32, :32])


def test_tiles_are_whole_blocks(tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=1, side=64)
    found = list(jpeg_covers(open_source(folder), Patches(32), []))
    assert [cover.name for cover in found] == [f"000.jpg@{top},{left}" for top in (0, 32) for left in (0, 32)]
    (whole,) = jpeg_covers(open_source(folder), Geometry(), [])
    assert np.array_equal(found[3].coefficients, whole.coefficients[:, 32:, 32:])


@pytest.mark.parametrize("geometry", [Geometry(crop=16), Geometry(size=16), Patches(12), Patches(16, stride=4)])
def test_no_block_is_cut_or_resampled(geometry: Geometry | Patches, tmp_path: Path) -> None:
    folder = write_jpegs(tmp_path / "jpegs", count=1)
    with pytest.raises(InvalidSetting):
        next(jpeg_covers(open_source(folder), geometry, []))


def test_pixels_without_a_quality_are_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", count=2)
    with pytest.raises(RefusedImage, match="no usable JPEG") as refused:
        list(jpeg_covers(open_source(folder), Geometry(), []))
    assert "--jpeg 75" in str(refused.value.hint)


def test_pictures_are_compressed_as_libjpeg_does_up_to_rounding() -> None:
    picture = texture(45, 40, 3)
    (cover,) = compressed([("a", picture)], 75, [])
    file = io.BytesIO()
    Image.fromarray(picture[0]).save(file, "JPEG", quality=75)
    witness = read_coefficients(file.getvalue()).components[0]
    assert np.array_equal(cover.table, witness.table)
    assert cover.coefficients.shape == (1, 40, 40)
    difference = np.abs(cover.coefficients[0].astype(int) - planes(witness.carriers))
    assert difference.max() <= 1
    assert difference.mean() < 0.01


def test_pictures_that_are_flat_or_smaller_than_a_block_are_left_out() -> None:
    bad: list[tuple[str, str]] = []
    flat, small = np.full((1, 16, 16), 9, np.uint8), texture(7, 20, 1)
    assert [one.name for one in compressed([("flat", flat), ("small", small), ("good", texture(16, 16, 1))], 75, bad)] == [
        "good"
    ]
    assert [name for name, _ in bad] == ["flat", "small"]
