"""Every picture that was named is met once, wherever it lies, and its bytes are found again in any order."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssgan import images
from ssgan.datasets import entries as listing
from ssgan.datasets import open_source
from ssgan.datasets.entries import Entry, Reader, entries, path_of, place_of, sources_of
from ssgan.datasets.path_tables import name_of
from ssgan.errors import InvalidSetting, RefusedImage

NAMES = ["a.png", "b/c.png", "b/d.pgm", "e.png"]


def content(name: str) -> bytes:
    """A picture of its own."""
    return images.encode(np.full((1, 8, 8), sum(name.encode()) % 256, np.uint8))


def as_tar(path: Path, names: list[str], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name in [*names, "notes.txt"]:
            member = tarfile.TarInfo(name)
            member.size = len(content(name))
            archive.addfile(member, io.BytesIO(content(name)))
    return path


def kept(kind: str, folder: Path) -> Path:
    """NAMES in a source of that kind."""
    folder.mkdir()
    if kind == "folder":
        for name in [*NAMES, ".hidden/x.png", "notes.txt"]:
            (folder / name).parent.mkdir(exist_ok=True, parents=True)
            (folder / name).write_bytes(content(name))
        return folder
    if kind == "zip":
        with zipfile.ZipFile(folder / "all.zip", "w") as archive:
            for name in NAMES:
                archive.writestr(name, content(name))
        return folder / "all.zip"
    if kind == "shards":
        as_tar(folder / "000000.tar", NAMES[:3])
        as_tar(folder / "000001.tar", NAMES[3:])
        (folder / "run.json").write_text("{}")
        return folder
    return as_tar(folder / f"all.{kind}", NAMES, "w:gz" if kind == "tar.gz" else "w")


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "shards"])
def test_all_sources_give_the_same_pictures(kind: str, tmp_path: Path) -> None:
    source = kept(kind, tmp_path / "source")
    sources = sources_of([source])
    found = list(entries(sources))
    assert [entry.name for entry in found] == NAMES
    reader = Reader(sources)
    assert [reader.data(entry) for entry in reversed(found)] == [content(name) for name in reversed(NAMES)]
    with open_source(source) as opened:
        assert opened.names == tuple(NAMES)
        assert [opened.data(name) for name in NAMES] == [content(name) for name in NAMES]
        stamp = opened.stamp()
    with open_source(source) as opened:
        assert opened.stamp() == stamp


@given(names=st.sets(st.text("abc/", min_size=1, max_size=12), min_size=1, max_size=40), held=st.integers(1, 10))
@settings(max_examples=50)
def test_names_sorted_by_way_of_the_disk_are_sorted(names: set[str], held: int) -> None:
    before, listing._HELD = listing._HELD, held
    try:
        assert list(listing._sorted(iter(names))) == sorted(names)
    finally:
        listing._HELD = before


def test_a_table_of_paths_names_files_anywhere(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for name in ("here/a.png", "there/b.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(content(name))
    table = tmp_path / "here" / "list.parquet"
    parquet.write_table(pa.table({"label": [1, 2], "file": ["a.png", str(tmp_path / "there" / "b.png")]}), table)
    found = list(entries([table]))
    assert found[0].name == "a.png"
    assert found[1].name == str(tmp_path / "there" / "b.png").lstrip("/")
    assert [Reader([table]).data(entry) for entry in found] == [content("here/a.png"), content("there/b.png")]
    parquet.write_table(pa.table({"label": [1]}), table)
    with pytest.raises(InvalidSetting, match="no column"):
        list(entries([table]))
    table.write_bytes(b"PAR1")
    with pytest.raises(RefusedImage, match="cannot be read as a table"):
        list(entries([table]))


def test_a_name_never_leads_out_of_the_folder() -> None:
    assert name_of("/data/x/a.png", Path("/data/x")) == "a.png"
    assert name_of("/other/a.png", Path("/data/x")) == "other/a.png"
    assert place_of("a/b.jpg", ".png") == "a/b.png"
    for name in ("../a.png", "a/../../b.png", "/a.png", "C:\\a.png", "a\\..\\..\\b.png"):
        with pytest.raises(InvalidSetting, match="elsewhere"):
            place_of(name, ".png")


def test_what_is_not_there_or_damaged_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no folder, archive or image"):
        sources_of([tmp_path / "nothing"])
    path = as_tar(tmp_path / "cut.tar", NAMES)
    found = list(entries([path]))
    with path.open("r+b") as file:
        file.truncate(found[-1].offset + 3)
    with pytest.raises(RefusedImage, match="ends within"):
        Reader([path]).data(found[-1])
    (tmp_path / "no.tar").write_bytes(b"x" * 2000)
    with pytest.raises(RefusedImage, match="no archive"):
        list(entries([tmp_path / "no.tar"]))


def test_shards_that_hold_one_name_twice_are_refused_as_a_source(tmp_path: Path) -> None:
    for number in range(2):
        as_tar(tmp_path / f"{number}.tar", ["a.png"])
    with open_source(tmp_path) as source, pytest.raises(InvalidSetting, match="both hold a.png"):
        _ = source.names


def test_a_folder_with_images_or_folders_is_one_of_images(tmp_path: Path) -> None:
    as_tar(tmp_path / "x.tar", NAMES)
    assert sources_of([tmp_path]) == (tmp_path / "x.tar",)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.png").write_bytes(content("a"))
    assert sources_of([tmp_path]) == (tmp_path,)
    assert [entry.name for entry in entries([tmp_path])] == ["b/a.png"]


def test_archives_that_were_long_unused_are_closed(tmp_path: Path) -> None:
    paths = [as_tar(tmp_path / f"{k}.tar", ["a.png"]) for k in range(listing._OPEN + 5)]
    reader, opened = Reader(paths), Path("/proc/self/fd")
    before = len(list(opened.iterdir())) if opened.exists() else 0
    for entry in list(entries(paths)):
        assert reader.data(Entry(*entry)) == content("a.png")
    if before:
        assert len(list(opened.iterdir())) <= before + listing._OPEN


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "shards", "parquet"])
def test_what_is_one_source_to_a_job_is_one_to_a_training(kind: str, tmp_path: Path) -> None:
    """Every kind that `entries` lists, `open_source` opens, with the same names and bytes."""
    if kind == "parquet":
        pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        source = kept("folder", tmp_path / "pictures") / "list.parquet"
        parquet.write_table(pa.table({"path": NAMES}), source)
    else:
        source = kept(kind, tmp_path / "pictures")
    sources = sources_of([source])
    with open_source(source) as opened:
        assert {entry.name: Reader(sources).data(entry) for entry in entries(sources)} == {
            name: opened.data(name) for name in opened.names
        }
        before = opened.stamp()
    if kind == "parquet":
        (source.parent / NAMES[0]).write_bytes(content("other"))
        assert open_source(source).stamp() != before
        parquet.write_table(pa.table({"path": ["/x/a.png", "x/a.png"]}), source)
        with pytest.raises(InvalidSetting, match="two pictures"):
            open_source(source)


def test_a_picture_is_called_by_its_path_wherever_it_is(tmp_path: Path) -> None:
    archive, folder = kept("zip", tmp_path / "z"), kept("folder", tmp_path / "f")
    sources = (archive, folder, folder / "a.png")
    found = [str(path_of(sources[entry.source], entry).relative_to(tmp_path)) for entry in entries(sources)]
    assert found == [*(f"z/all.zip/{name}" for name in NAMES), *(f"f/{name}" for name in NAMES), "f/a.png"]
