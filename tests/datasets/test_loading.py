from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from ssgan import images
from ssgan.datasets import GEOMETRIES, Geometry, Patches, Source, load, open_source
from ssgan.datasets.loading import named, rows
from ssgan.errors import InvalidSetting, RefusedImage

RNG = np.random.default_rng(22)
SAMPLES = {f"{number:03}.png": RNG.integers(0, 256, (3, 12, 10), dtype=np.uint8) for number in range(100)}


def zipped(path: Path, **others: bytes) -> Source:
    with zipfile.ZipFile(path / "a.zip", "w") as archive:
        for name, samples in SAMPLES.items():
            archive.writestr(name, images.encode(samples))
        for name, data in others.items():
            archive.writestr(name.replace("_", "."), data)
    return open_source(path / "a.zip")


@pytest.mark.parametrize("workers", [1, 2])
def test_all_pictures_come_in_order_however_many_work(workers: int, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    loaded = load(zipped(tmp_path), Geometry(), workers=workers, progress=lambda done, total: seen.append((done, total)))
    assert loaded.names == tuple(SAMPLES)
    assert loaded.images.dtype == torch.uint8
    assert np.array_equal(loaded.images.numpy(), np.stack(list(SAMPLES.values())))
    assert loaded.bad == []
    assert seen == [(done, 100) for done in range(1, 101)]


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_pictures_are_named_with_the_reason_and_the_rest_goes_on(workers: int, tmp_path: Path) -> None:
    cut, large = images.encode(SAMPLES["000.png"])[:-5], images.encode(np.zeros((3, 13, 10), np.uint8))
    source = zipped(tmp_path, a_png=cut, z_pgm=b"P5 10 12 65535\n" + bytes(240), b_png=large)
    loaded = load(source, Geometry(), workers=workers)
    assert len(loaded.names) == len(loaded.images) == 100
    assert [name for name, _ in loaded.bad] == ["a.png", "b.png", "z.pgm"]
    assert ["truncated" in loaded.bad[0][1], "where most are" in loaded.bad[1][1], "16-bit" in loaded.bad[2][1]] == [True] * 3
    with pytest.raises(RefusedImage, match="truncated"):
        load(source, Geometry(), workers=workers, on_bad="refuse")


def test_patches_carry_their_pictures_name_and_place(tmp_path: Path) -> None:
    loaded = load(zipped(tmp_path), Patches(5, gray=True))
    assert loaded.images.shape == (400, 1, 5, 5)
    assert loaded.names[:5] == ("000.png@0,0", "000.png@0,5", "000.png@5,0", "000.png@5,5", "001.png@0,0")


def test_a_source_without_a_usable_picture_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"nothing")
    with pytest.raises(RefusedImage, match=r"no usable image.*a\.png"):
        load(open_source(tmp_path / "a.zip"), Geometry())
    (tmp_path / "empty").mkdir()
    with pytest.raises(RefusedImage, match="no usable image"):
        load(open_source(tmp_path / "empty"), Geometry())


def test_settings_that_cannot_be_meant_are_named(tmp_path: Path) -> None:
    source = zipped(tmp_path)
    with pytest.raises(InvalidSetting, match="worker"):
        load(source, Geometry(), workers=0)
    with pytest.raises(InvalidSetting, match="on_bad"):
        load(source, Geometry(), on_bad="ignore")  # type: ignore[arg-type]
    with pytest.raises(InvalidSetting, match="conversion"):
        load(source, Geometry(), convert={"sepia"})


@dataclass(frozen=True)
class Deadly(Geometry):
    """Kills its process on one picture, as a decoder with a hole might."""

    def cut(self, samples: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        if samples[0, 0, 0] == 0 and not samples.any():
            os.kill(os.getpid(), 9)
        yield from super().cut(samples)


def test_a_decoder_that_dies_takes_one_picture_with_it(tmp_path: Path) -> None:
    deadly = images.encode(np.zeros((3, 12, 10), np.uint8))
    loaded = load(zipped(tmp_path, **{"050a_png": deadly}), Deadly(), workers=2)
    assert loaded.bad == [("050a.png", "The decoder died on it.")]
    assert np.array_equal(loaded.images.numpy(), np.stack(list(SAMPLES.values())))


def test_the_reference_faces_are_the_pixels_that_the_originals_give(shared: Path) -> None:
    """499 untouched 178x218 originals of CelebA against the 114x122 cuts (jpegtran, lossless) of the same numbers."""
    originals = load(open_source(shared / "data" / "faces64" / "raw"), GEOMETRIES["celeba64"], convert={"jpeg"})
    assert len(originals.names) == 499
    with open_source(shared / "data" / "faces64" / "celeba114.zip") as cuts:
        by_number = {PurePosixPath(name).name: name for name in cuts.names}
        for name, image in zip(originals.names, originals.images, strict=True):
            picture = cuts.picture(by_number[PurePosixPath(name).name], convert={"jpeg"})
            ((_, face),) = GEOMETRIES["celeba64"].cut(picture.samples)
            assert np.array_equal(face, image.numpy()), name


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("first", [(1, 12, 10), (3, 9, 10)])
def test_most_pictures_decide_and_not_the_first(first: tuple[int, int, int], workers: int, tmp_path: Path) -> None:
    source = zipped(tmp_path, **{"000_a_png": images.encode(np.zeros(first, np.uint8))})
    loaded = load(source, Geometry(), workers=workers)
    assert len(loaded.names) == 100
    assert [(name, named(first) in reason) for name, reason in loaded.bad] == [("000.a.png", True)]


def test_a_shape_that_is_asked_for_decides(tmp_path: Path) -> None:
    source = zipped(tmp_path, **{"zzz_png": images.encode(np.zeros((1, 7, 7), np.uint8))})
    bad: list[tuple[str, str]] = []
    assert [name for name, _ in rows(source, Geometry(), bad, shape=(1, 7, 7))] == ["zzz.png"]
    assert len(bad) == 100
    with pytest.raises(InvalidSetting, match="the images are 10 x 12, color; the settings ask for 8 x 8, gray"):
        list(rows(source, Geometry(), bad, shape=(1, 8, 8)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_that_lies_on_its_side_is_set_upright(orientation: int, tmp_path: Path) -> None:
    samples = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(samples).save(tmp_path / "a.png", exif=exif)
    with open_source(tmp_path) as source:
        there = next(iter(rows(source, Geometry(), [])))[1]
        assert np.array_equal(source.picture("a.png").samples, there)
    with Image.open(tmp_path / "a.png") as picture:
        seen = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(there, seen.transpose(2, 0, 1))
