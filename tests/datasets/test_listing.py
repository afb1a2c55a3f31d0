from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.datasets.listing import Item, Shelf, listed, stamp
from ssgan.errors import InvalidSetting, RefusedImage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them below, and a zip with the same."""
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("a.png", "below/b.png"):
            path = tmp_path / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            images.write(path, rng.integers(0, 256, (1, 8, 8), dtype=np.uint8))
            archive.write(path, name)
    return tmp_path


def test_pictures_come_in_the_order_in_which_they_were_named(folder: Path) -> None:
    alone, pictures, archive = folder / "pictures" / "below" / "b.png", folder / "pictures", folder / "both.zip"
    found = listed([alone, archive, pictures])
    assert found == [
        Item(alone.parent, "b.png"),
        *(Item(source, name) for source in (archive, pictures) for name in ("a.png", "below/b.png")),
    ]
    assert str(found[1]) == str(archive / "a.png")
    assert listed([alone, archive, pictures], limit=2) == found[:2]


def test_every_picture_is_read_from_where_it_is(folder: Path) -> None:
    with Shelf() as shelf:
        for item in listed([folder / "both.zip", folder / "pictures", folder / "pictures" / "a.png"]):
            assert shelf.data(item) == (folder / "pictures" / item.name).read_bytes()
        (folder / "pictures" / "a.png").unlink()
        with pytest.raises(RefusedImage):
            shelf.data(Item(folder / "pictures", "a.png"))


def test_the_stamp_is_another_when_a_picture_is(folder: Path) -> None:
    sources = [folder / "both.zip", folder / "pictures", folder / "pictures" / "a.png"]
    before = [stamp([source]) for source in sources]
    assert before == [stamp([source]) for source in sources]
    for path in (folder / "both.zip", folder / "pictures" / "a.png"):
        status = path.stat()
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    assert all(old != new for old, new in zip(before, [stamp([source]) for source in sources], strict=True))


def test_nothing_to_read_is_said(folder: Path) -> None:
    (folder / "empty").mkdir()
    for missing in (folder / "empty", folder / "nowhere", folder / "nowhere.png"):
        with pytest.raises(InvalidSetting):
            listed([missing])
