from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from ssgan import images
from ssgan.datasets import Geometry, Patches, Source, cached, groups, open_source
from ssgan.errors import RefusedImage, StorageFailed

RNG = np.random.default_rng(23)
SAMPLES = RNG.integers(0, 256, (20, 3, 9, 8), dtype=np.uint8)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for number, samples in enumerate(SAMPLES):
            archive.writestr(f"{number:02}.png", images.encode(samples))
        archive.writestr("99.png", b"nothing")
    (tmp_path / "index.csv").write_text("file,identity,partition\n00.png,7,0\n01.png,7,2\n")
    return open_source(tmp_path / "faces.zip")


def test_a_cache_gives_the_images_and_all_that_is_known_of_them(source: Source, tmp_path: Path) -> None:
    for _ in range(2):  # made, then opened again
        found = cached(source, Geometry(), tmp_path / "cache")
        assert np.array_equal(found.images.numpy(), SAMPLES)
        assert found.names == tuple(f"{number:02}.png" for number in range(20))
        assert found.identities == {"00.png": "7", "01.png": "7"}
        assert found.partitions == {"00.png": "train", "01.png": "test"}
        assert [name for name, _ in found.bad] == ["99.png"]


def test_the_second_time_nothing_is_decoded(source: Source, tmp_path: Path) -> None:
    cached(source, Geometry(), tmp_path / "cache")
    seen: list[int] = []
    cached(source, Geometry(), tmp_path / "cache", progress=lambda done, total: seen.append(done))
    assert seen == []


def test_the_file_is_one_that_numpy_reads(source: Source, tmp_path: Path) -> None:
    cached(source, Geometry(), tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob("*.npy")
    assert np.array_equal(np.load(file, allow_pickle=False), SAMPLES)


def test_writing_to_the_images_leaves_the_file_as_it_is(source: Source, tmp_path: Path) -> None:
    cached(source, Geometry(), tmp_path / "cache").images.zero_()
    assert np.array_equal(cached(source, Geometry(), tmp_path / "cache").images.numpy(), SAMPLES)


def test_another_geometry_or_source_is_another_cache(source: Source, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert cached(source, Geometry(gray=True), folder).images.shape == (20, 1, 9, 8)
    assert cached(source, Geometry(crop=4), folder).images.shape == (20, 3, 4, 4)
    assert cached(source, Patches(4), folder).images.shape == (80, 3, 4, 4)
    os.utime(source.path, ns=(1, 1))
    cached(open_source(source.path), Geometry(crop=4), folder)
    assert len(list(folder.glob("*.npy"))) == len(list(folder.glob("*.json"))) == 4


def test_patches_stay_with_their_person(source: Source, tmp_path: Path) -> None:
    found = cached(source, Patches(4), tmp_path / "cache")
    together = groups(found.names, found.identities)
    assert together["00.png@0,0"] == together["01.png@4,4"]
    assert together["02.png@0,0"] == together["02.png@4,4"] != together["03.png@0,0"]


@pytest.mark.parametrize("damage", ["no manifest", "manifest cut", "images cut", "manifest of another"])
def test_a_damaged_cache_is_made_again(damage: str, source: Source, tmp_path: Path) -> None:
    cached(source, Geometry(), tmp_path / "cache")
    (file,), (manifest,) = (list((tmp_path / "cache").glob(f"*.{kind}")) for kind in ("npy", "json"))
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "manifest cut":
        manifest.write_bytes(manifest.read_bytes()[:-9])
    elif damage == "images cut":
        os.truncate(file, 1000)
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"request": {}}))
    assert np.array_equal(cached(source, Geometry(), tmp_path / "cache").images.numpy(), SAMPLES)


def test_an_interrupted_build_leaves_nothing_and_is_begun_again(source: Source, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(source, Geometry(), tmp_path / "cache", progress=interrupt)
    assert not list((tmp_path / "cache").iterdir())
    assert np.array_equal(cached(source, Geometry(), tmp_path / "cache").images.numpy(), SAMPLES)


def test_bad_pictures_are_refused_also_from_a_cache_that_skipped_them(source: Source, tmp_path: Path) -> None:
    cached(source, Geometry(), tmp_path / "cache")
    with pytest.raises(RefusedImage, match=r"99\.png"):
        cached(source, Geometry(), tmp_path / "cache", on_bad="refuse")


def test_a_folder_that_cannot_be_made_is_named(source: Source, tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be created"):
        cached(source, Geometry(), tmp_path / "faces.zip" / "cache")


def test_the_images_are_torchs_own_kind(source: Source, tmp_path: Path) -> None:
    found = cached(source, Geometry(), tmp_path / "cache").images
    assert found.dtype == torch.uint8
    assert found.is_contiguous()
