from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, MAX_FILE_BYTES, Picture, encode, read

RNG = np.random.default_rng(12)
GRAY = RNG.integers(0, 256, (1, 3, 5), dtype=np.uint8)
COLOR = RNG.integers(0, 256, (3, 3, 5), dtype=np.uint8)


def by_pillow(format_name: str, **settings: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(COLOR.transpose(1, 2, 0)).save(stream, format_name, **settings)
    return stream.getvalue()


LOSSLESS = {
    "PNG": encode(COLOR, "PNG"),
    "BMP": encode(COLOR, "BMP"),
    "PGM": encode(GRAY, "PGM"),
    "PPM": encode(COLOR, "PPM"),
    "TIFF": encode(COLOR, "TIFF"),
    "packed TIFF": by_pillow("TIFF", compression="tiff_lzw"),
    "WebP": by_pillow("WEBP", lossless=True),
}
SMALL = LOSSLESS | {"JPEG": by_pillow("JPEG"), "GIF": by_pillow("GIF")}


def judged(data: bytes) -> Picture | None:
    """The picture, or None where it is refused. Any other exception, and any warning, fails the test."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return read(data, convert=CONVERSIONS)
        except RefusedImage:
            return None
        finally:
            assert not caught, caught[0].message


@pytest.mark.parametrize("name", SMALL)
def test_a_file_cut_anywhere_is_refused_or_the_same(name: str) -> None:
    data = SMALL[name]
    whole = read(data, convert=CONVERSIONS)
    for length in range(len(data)):
        picture = judged(data[:length])
        assert picture is None or np.array_equal(picture.samples, whole.samples), length


@pytest.mark.parametrize("name", SMALL)
def test_a_flipped_bit_never_brings_down_the_reader(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = SMALL[name]
    verdicts = [judged(flipped(data, bit)) for bit in range(min(8 * len(data), 8000))]
    assert None in verdicts
    printed = capfd.readouterr()
    # libtiff writes its complaints about packed strips to stderr itself, where no caller can turn them off.
    assert printed.out == ""
    assert printed.err == "" or "TIFF" in name


def test_any_flipped_bit_of_a_png_is_noticed() -> None:
    data = SMALL["PNG"]
    whole = read(data)
    for bit in range(8 * len(data)):
        picture = judged(flipped(data, bit))
        assert picture is None or (np.array_equal(picture.samples, whole.samples) and picture.format == "PNG"), bit


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(name=st.sampled_from(sorted(SMALL)), place=st.floats(0, 1), junk=st.binary(max_size=40), gap=st.integers(0, 40))
def test_spliced_files_never_bring_down_the_reader(name: str, place: float, junk: bytes, gap: int) -> None:
    data = SMALL[name]
    start = int(place * len(data))
    judged(data[:start] + junk + data[start + gap :])


@given(junk=st.binary(max_size=200), start=st.sampled_from([b"", *(data[:12] for data in SMALL.values())]))
def test_junk_behind_a_signature_never_brings_down_the_reader(start: bytes, junk: bytes) -> None:
    judged(start + junk)


@pytest.mark.parametrize("name", SMALL)
def test_the_suffix_must_not_promise_another_format(name: str) -> None:
    data = SMALL[name]
    own = {"TIFF": ".tif", "packed TIFF": ".tif", "JPEG": ".jpg"}.get(name, "." + name.lower())
    assert read(data, convert=CONVERSIONS, name="Photo" + own.upper()).format in (name, "TIFF")
    for suffix in {".png", ".bmp", ".pgm", ".ppm", ".tif", ".webp", ".jpg", ".gif"} - {own}:
        with pytest.raises(RefusedImage, match="is called"):
            read(data, convert=CONVERSIONS, name="photo" + suffix)


OTHERS = {
    "nothing": (b"", "empty"),
    "one byte": (b"\x89", "no image"),
    "text": (b"Dear reader,\n", "no image"),
    "P and a digit in text": (b"P5, the fifth page", "no image"),
    "zip": (b"PK\x03\x04" + bytes(26), "zip"),
    "gzip": (b"\x1f\x8b\x08" + bytes(15), "gzip"),
    "PDF": (b"%PDF-1.7\n", "PDF"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(12), "HEIC"),
    "AVIF": (b"\0\0\0\x20ftypavif" + bytes(20), "AVIF"),
    "JPEG 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    "JPEG XL": (b"\xff\x0a" + bytes(9), "JPEG XL"),
    "Photoshop": (b"8BPS\0\x01", "Photoshop"),
    "OpenEXR": (b"v/1\x01\x02\0\0\0", "OpenEXR"),
    "icon": (b"\0\0\x01\0\x01\0", "icon"),
    "WAVE in RIFF": (b"RIFF\x24\0\0\0WAVEfmt ", "no image"),
    "PNG behind two bytes": (b"\r\n" + SMALL["PNG"], "no image"),
    "PNG sent as text": (SMALL["PNG"].replace(b"\r\n", b"\n"), "no image"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no image"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_image_is_refused_by_name(what: str) -> None:
    data, reason = OTHERS[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(RefusedImage, match="MiB"):
        read(SMALL["PNG"] + bytes(MAX_FILE_BYTES))
