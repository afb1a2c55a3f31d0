from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.datasets import Source, open_source
from ssgan.datasets.sources import digest_of, refuse_among
from ssgan.errors import InvalidSetting, RefusedImage

RNG = np.random.default_rng(21)
SAMPLES = {f"faces/{name}": RNG.integers(0, 256, (3, 6, 5), dtype=np.uint8) for name in ("b.png", "a.png", "c.png")}
FILES = {name: images.encode(samples) for name, samples in SAMPLES.items()}
OTHERS = {
    "faces/notes.txt": b"not an image",
    ".hidden.png": b"",
    "__MACOSX/faces/a.png": b"a resource fork",
    "faces/._a.png": b"a resource fork",
}
KINDS = ["folder", "zip", "tar", "tar.gz", "tar.xz"]


def store(kind: str, files: dict[str, bytes], folder: Path) -> Path:
    """The files as a folder or an archive of that kind."""
    path = folder / ("pictures" if kind == "folder" else f"pictures.{kind}")
    if kind == "folder":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        mode = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind]
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            for name, data in files.items():
                info = tarfile.TarInfo("./" + name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_source_gives_the_same_pictures(kind: str, tmp_path: Path) -> None:
    with open_source(store(kind, FILES | OTHERS, tmp_path)) as source:
        assert set(source.names) == set(SAMPLES)
        assert len(source) == 3
        for name, samples in SAMPLES.items():
            assert np.array_equal(source.picture(name).samples, samples)
            assert source.data(name) == FILES[name]


@pytest.mark.parametrize(("kind", "order"), [("folder", "abc"), ("zip", "abc"), ("tar", "bac"), ("tar.gz", "bac")])
def test_names_are_sorted_but_a_tars_as_stored(kind: str, order: str, tmp_path: Path) -> None:
    source = open_source(store(kind, FILES, tmp_path))
    assert source.names == tuple(f"faces/{letter}.png" for letter in order)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_not_there_is_no_damage(kind: str, tmp_path: Path) -> None:
    source = open_source(store(kind, FILES, tmp_path))
    with pytest.raises((KeyError, RefusedImage)):
        source.data("faces/d.png")


@pytest.mark.parametrize("kind", KINDS)
def test_the_stamp_changes_with_the_pictures(kind: str, tmp_path: Path) -> None:
    path = store(kind, FILES, tmp_path)
    first = open_source(path).stamp()
    assert open_source(path).stamp() == first
    store(kind, FILES | {"faces/d.png": FILES["faces/a.png"]}, tmp_path)
    assert open_source(path).stamp() != first


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_a_damaged_archive_is_refused_whole_or_by_member(kind: str, tmp_path: Path) -> None:
    path = store(kind, FILES, tmp_path)
    data = path.read_bytes()
    for cut in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:cut])
        try:
            with open_source(path) as source:
                for name in source.names:
                    assert np.array_equal(source.picture(name).samples, SAMPLES[name])
        except RefusedImage:
            continue


def test_a_member_with_a_wrong_checksum_is_refused_alone(tmp_path: Path) -> None:
    path = store("zip", FILES, tmp_path)
    data = bytearray(path.read_bytes())
    data[45] ^= 255  # within the first member
    path.write_bytes(data)
    source = open_source(path)
    with pytest.raises(RefusedImage, match=r"b\.png"):
        source.data("faces/b.png")
    assert source.data("faces/a.png") == FILES["faces/a.png"]


def test_members_that_would_climb_out_are_only_names(tmp_path: Path) -> None:
    path = store("zip", {"../../out.png": FILES["faces/a.png"], "/etc/b.png": FILES["faces/b.png"]}, tmp_path)
    source = open_source(path)
    assert source.names == ("../../out.png", "/etc/b.png")
    assert source.picture("../../out.png").samples.shape == (3, 6, 5)
    assert list(tmp_path.iterdir()) == [path]


def test_links_in_an_archive_or_folder_are_not_followed(tmp_path: Path) -> None:
    path = store("tar", FILES, tmp_path)
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert "link.png" not in open_source(path).names
    folder = store("folder", FILES, tmp_path)
    (folder / "loop").symlink_to(folder)
    (folder / "link.png").symlink_to(folder / "faces" / "a.png")
    source = open_source(folder)
    assert source.names == (*sorted(FILES), "link.png")
    with pytest.raises(RefusedImage, match="symbolic link"):
        source.picture("link.png")


def test_an_archive_bomb_is_read_no_further_than_an_image_goes(tmp_path: Path) -> None:
    path = store("zip", {"bomb.png": bytes(images.MAX_FILE_BYTES + 10)}, tmp_path)
    with pytest.raises(RefusedImage, match="larger than"):
        open_source(path).picture("bomb.png")


def test_conversions_are_asked_for_by_name(tmp_path: Path) -> None:
    source = open_source(store("zip", {"a.pgm": b"P5 1 1 65535\n\x12\x34"}, tmp_path))
    with pytest.raises(RefusedImage, match=r"a\.pgm"):
        source.picture("a.pgm")
    assert source.picture("a.pgm", convert={"16-bit"}).samples.tolist() == [[[0x12]]]


@pytest.mark.parametrize(("name", "reason"), [("none", "there is no"), ("a.rar", "neither"), ("photo.png", "neither")])
def test_what_is_no_source_is_a_mistake(name: str, reason: str, tmp_path: Path) -> None:
    if name != "none":
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InvalidSetting, match=reason):
        open_source(tmp_path / name)


def celeba(kind: str, folder: Path) -> Source:
    files = {f"celeba/img_align_celeba/00000{number}.png": FILES["faces/a.png"] for number in (1, 2)}
    lists = {
        "celeba/identity_CelebA.txt": b"000001.png 77\n000002.png 78\n",
        "celeba/list_eval_partition.txt": b"000001.png 0\n000002.png 1\n",
    }
    path = store(kind, files | lists, folder)
    return open_source(path / "celeba" if kind == "folder" else path)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_celebas_own_layout_tells_persons_and_parts(kind: str, tmp_path: Path) -> None:
    source = celeba(kind, tmp_path)
    first, second = sorted(source.names)
    assert (source.identity(first), source.identity(second)) == ("77", "78")
    assert (source.partition(first), source.partition(second)) == ("train", "validate")
    assert source.fold(first) is None


def test_the_folder_of_celebas_images_finds_the_lists_beside_it(tmp_path: Path) -> None:
    celeba("folder", tmp_path)
    source = open_source(tmp_path / "pictures" / "celeba" / "img_align_celeba")
    assert source.identity("000002.png") == "78"


def test_an_index_beside_an_archive_tells_persons_and_folds(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,identity,partition,fold\nfaces/a.png,12,2,5\n")
    source = open_source(store("zip", FILES, tmp_path))
    assert (source.identity("faces/a.png"), source.partition("faces/a.png"), source.fold("faces/a.png")) == ("12", "test", 5)
    assert source.identity("faces/b.png") is None


def test_the_reference_faces_come_with_persons_parts_and_folds(shared: Path) -> None:
    """The counts are those of the data's own README: 14,859 faces of 2,980 people in ten folds."""
    with open_source(shared / "data" / "faces64" / "celeba114.zip") as source:
        assert len(source) == 14_859
        assert len({source.identity(name) for name in source.names} - {None}) == 2_980
        assert {source.partition(name) for name in source.names} == {"train", "validate", "test"}
        assert {source.fold(name) for name in source.names} == set(range(10))


def test_a_digest_is_of_names_and_bytes_and_not_of_the_place(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "below").mkdir(parents=True)
    for name in ("2.png", "below/1.png", "notes.txt"):
        (folder / name).write_bytes(name.encode())
    first = digest_of(folder)
    moved = folder.rename(tmp_path / "b")
    for kind in ("zip", "tar"):
        assert digest_of(Path(shutil.make_archive(str(tmp_path / "packed"), kind, moved))) == first
    (moved / "notes.txt").write_bytes(b"others")
    assert digest_of(moved) == first
    (moved / "2.png").write_bytes(b"2.pnG")
    assert digest_of(moved) != first
    (moved / "2.png").write_bytes(b"2.png")
    (moved / "below" / "1.png").rename(moved / "1.png")
    assert digest_of(moved) != first


def test_output_among_the_input_is_refused_by_one_check(tmp_path: Path) -> None:
    (tmp_path / "data" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for out in ("data", "data/below/new", "link", "link/x"):
        with pytest.raises(InvalidSetting, match="would be among the next images"):
            refuse_among([tmp_path / "other", tmp_path / "data"], tmp_path / out)
    refuse_among([tmp_path / "data"], tmp_path / "database")
    refuse_among([tmp_path / "data" / "below"], tmp_path / "data")
