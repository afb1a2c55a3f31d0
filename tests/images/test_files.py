from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan import images
from ssgan.errors import InvalidSetting, RefusedImage, StorageFailed

RNG = np.random.default_rng(13)
COLOR = RNG.integers(0, 256, (3, 5, 7), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (5, 7), dtype=np.uint8)


@given(
    suffix=st.sampled_from(sorted(images.WRITTEN)),
    channels=st.sampled_from([1, 3]),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    seed=st.integers(0, 999),
)
def test_every_image_comes_back_from_every_format(suffix: str, channels: int, height: int, width: int, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(0, 256, (channels, height, width), dtype=np.uint8)
    name = images.WRITTEN[suffix]
    if name == {1: "PPM", 3: "PGM"}[channels]:
        name = {1: "PGM", 3: "PPM"}[channels]
    picture = images.read(images.encode(samples, name))
    assert np.array_equal(picture.samples, samples)
    assert (picture.format, picture.alpha, picture.notes, picture.converted) == (name, None, (), frozenset())


@pytest.mark.parametrize("name", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_alpha_comes_back_bit_by_bit(name: str, channels: int) -> None:
    picture = images.read(images.encode(COLOR[:channels], name, alpha=ALPHA))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, ALPHA)
    assert np.array_equal(picture.samples, COLOR[:channels])


def test_the_same_pixels_give_the_same_bytes_without_metadata() -> None:
    first, second = (images.encode(samples, "PNG") for samples in (COLOR, np.asfortranarray(COLOR)))
    assert first == second
    names = [first[at - 4 : at].isalpha() and first[at - 4 : at] for at in range(len(first))]
    assert {name for name in names if name in (b"IHDR", b"IDAT", b"IEND", b"tEXt", b"tIME", b"pHYs", b"gAMA")} == {
        b"IHDR",
        b"IDAT",
        b"IEND",
    }


@pytest.mark.parametrize("suffix", sorted(images.WRITTEN))
def test_a_file_is_written_whole_and_alone(suffix: str, tmp_path: Path) -> None:
    samples = COLOR[: 1 if suffix == ".pgm" else 3]
    images.write(tmp_path / f"a{suffix}", samples)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]
    assert np.array_equal(images.read(tmp_path / f"a{suffix}").samples, samples)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.webp", "a.heic", "a.avif"])
def test_lossy_formats_are_not_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="would be lost") as refusal:
        images.write(tmp_path / name, COLOR)
    assert ".png" in refusal.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gif", "a.png.bak"])
def test_unknown_suffixes_are_not_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="names no format"):
        images.write(tmp_path / name, COLOR)


@pytest.mark.parametrize(
    "samples",
    [
        COLOR.astype(np.float32),
        COLOR[None],
        COLOR[:2],
        np.zeros((1, 0, 5), np.uint8),
        COLOR.astype(np.int16) + 256,
    ],
    ids=["floats", "four axes", "two channels", "no pixels", "16 bits"],
)
def test_only_8_bit_gray_or_color_is_written(samples: np.ndarray) -> None:
    with pytest.raises(InvalidSetting, match="uint8"):
        images.encode(samples)


def test_alpha_must_fit_the_samples_and_the_format() -> None:
    with pytest.raises(InvalidSetting, match="alpha is"):
        images.encode(COLOR, alpha=ALPHA[:3])
    with pytest.raises(InvalidSetting, match="no alpha"):
        images.encode(COLOR, "BMP", alpha=ALPHA)


def test_an_existing_file_is_left_as_it_is_unless_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(StorageFailed, match="exists already"):
        images.write(path, COLOR)
    assert path.read_bytes() == b"mine"
    images.write(path, COLOR, overwrite=True)
    assert np.array_equal(images.read(path).samples, COLOR)


def test_an_unknown_conversion_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(InvalidSetting, match="no conversion .sepia"):
        images.read(images.encode(COLOR), convert={"sepia"})


def test_a_stream_is_read_like_a_file() -> None:
    assert np.array_equal(images.read(io.BytesIO(images.encode(COLOR))).samples, COLOR)


def test_a_refusal_names_the_file_and_keeps_its_hint(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(images.encode(COLOR)[:-3])
    with pytest.raises(RefusedImage, match=r"a\.png: the file is truncated") as refusal:
        images.read(path)
    assert refusal.value.hint


def test_all_needed_conversions_are_named_at_once() -> None:
    with pytest.raises(RefusedImage) as refusal:
        images.read(b"P5 1 1 65535\n\0\0trailing")
    assert "16-bit" in refusal.value.hint
    assert "trailing" in refusal.value.hint


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "whole.png").write_bytes(images.encode(COLOR))
    (tmp_path / "link.png").symlink_to(tmp_path / "whole.png")
    os.mkfifo(tmp_path / "pipe.png")
    for path, reason in (
        (tmp_path / "link.png", "symbolic link"),
        (tmp_path / "pipe.png", "not a regular file"),
        (tmp_path, "directory|not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path / "none.png", "No such file"),
        (tmp_path / "whole.png" / "below.png", "Not a directory"),
        (Path("nul\0.png"), "null"),
        (tmp_path / ("x" * 300 + ".png"), "too long"),
    ):
        with pytest.raises(RefusedImage, match=reason):
            images.read(path)


def test_an_endless_file_is_refused_by_its_length(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(images.MAX_FILE_BYTES + 1)
    with pytest.raises(RefusedImage, match="128 are read"):
        images.read(tmp_path / "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(images.encode(COLOR))
    path.chmod(0)
    with pytest.raises(RefusedImage, match="Permission"):
        images.read(path)


def test_real_photographs_are_read_and_written_back(shared: Path, tmp_path: Path) -> None:
    """The 76 never-compressed photographs of the reference data, TIFF, PGM and PNG, decode without any conversion."""
    found = sorted(path for path in (shared / "data" / "natural").rglob("*") if path.suffix in (".png", ".pgm", ".tif"))
    assert len(found) == 76
    for path in found:
        picture = images.read(path)
        assert picture.alpha is None
        assert min(picture.samples.shape[1:]) >= 256
    images.write(tmp_path / "last.png", picture.samples)
    assert np.array_equal(images.read(tmp_path / "last.png").samples, picture.samples)
