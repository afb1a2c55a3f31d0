from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, read

RNG = np.random.default_rng(10)
COLOR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0"


def webp(pixels: np.ndarray, **settings: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", **settings)
    return stream.getvalue()


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    inner = b"WEBP" + b"".join(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for name, body in chunks)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner


@given(height=st.integers(1, 9), width=st.integers(1, 9), channels=st.sampled_from([3, 4]), seed=st.integers(0, 99))
def test_lossless_samples_and_alpha_come_out_as_they_were_put_in(height: int, width: int, channels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    picture = read(webp(pixels, lossless=True, exact=True))
    assert np.array_equal(picture.samples, pixels[:, :, :3].transpose(2, 0, 1))
    assert (picture.alpha is None) == (channels == 3)
    assert picture.alpha is None or np.array_equal(picture.alpha, pixels[:, :, 3])


def test_color_under_alpha_zero_is_kept() -> None:
    pixels = np.dstack([COLOR, np.zeros((5, 7), np.uint8)])
    assert np.array_equal(read(webp(pixels, lossless=True, exact=True)).samples, COLOR.transpose(2, 0, 1))


@pytest.mark.parametrize("pixels", [COLOR, np.dstack([COLOR, COLOR[:, :, 0]])], ids=["color", "color and alpha"])
def test_lossy_is_a_conversion(pixels: np.ndarray) -> None:
    data = webp(pixels, quality=80)
    with pytest.raises(RefusedImage) as refusal:
        read(data)
    assert "'webp'" in refusal.value.hint
    assert read(data, convert={"webp"}).samples.shape == (3, 5, 7)


def test_metadata_is_named_and_left_out() -> None:
    picture = read(webp(COLOR, lossless=True, exif=EXIF, icc_profile=b"profile", xmp=b"<x/>"))
    assert np.array_equal(picture.samples, COLOR.transpose(2, 0, 1))
    assert picture.notes == ("the file has metadata: ICCP, EXIF, XMP", "orientation 3 is asked for and was not applied")


def test_only_the_first_frame_of_an_animation_is_taken() -> None:
    data = webp(COLOR, lossless=True, save_all=True, append_images=[Image.fromarray(255 - COLOR)])
    with pytest.raises(RefusedImage, match="first frame"):
        read(data)
    assert np.array_equal(read(data, convert={"first-frame"}).samples, COLOR.transpose(2, 0, 1))


PLAIN = webp(COLOR, lossless=True)
PICTURE = PLAIN[20 : 20 + struct.unpack("<I", PLAIN[16:20])[0]]
LOSSY = webp(COLOR, quality=80)
EXTENDED = bytes([0x10, 0, 0, 0]) + (6).to_bytes(3, "little") + (4).to_bytes(3, "little")
HUGE = bytes([0x10, 0, 0, 0]) + (16383).to_bytes(3, "little") + (16383).to_bytes(3, "little")
HOSTILE = {
    "header only": (PLAIN[:12], "truncated"),
    "last byte missing": (PLAIN[:-2], "truncated"),
    "length too large": (PLAIN[:4] + b"\xff\xff\xff\x7f" + PLAIN[8:], "truncated"),
    "no chunk": (riff(), "truncated"),
    "first chunk unknown": (riff((b"EVIL", b"abcd"), (b"VP8L", PICTURE)), "begin with a picture"),
    "picture of three bytes": (riff((b"VP8L", b"\x2f\0\0")), "truncated"),
    "lossless signature wrong": (riff((b"VP8L", b"\x30" + PICTURE[1:])), "decoder stopped"),
    "lossy signature wrong": (LOSSY.replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"), "decoder stopped"),
    "extended header alone": (riff((b"VP8X", EXTENDED)), "decoder stopped"),
    "two pictures": (riff((b"VP8X", EXTENDED), (b"VP8L", PICTURE), (b"VP8L", PICTURE)), "decoder stopped"),
    "canvas of 256 Mpixel": (riff((b"VP8X", HUGE), (b"VP8L", PICTURE)), "Mpixel"),
    "canvas and picture disagree": (riff((b"VP8X", EXTENDED[:-3] + b"\x09\0\0"), (b"VP8L", PICTURE)), "damaged"),
    "picture of nothing": (riff((b"VP8L", PICTURE[:5])), "damaged"),
}


@pytest.mark.parametrize("settings", [{}, {"exif": EXIF}, {"save_all": True, "append_images": [Image.fromarray(255 - COLOR)]}])
@pytest.mark.parametrize("lossless", [False, True])
def test_loss_is_seen_in_every_layout(lossless: bool, settings: dict[str, object]) -> None:
    picture = read(webp(COLOR, lossless=lossless, **settings), convert=CONVERSIONS)
    assert ("webp" in picture.converted) == (not lossless)


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)


def test_bytes_behind_the_last_chunk_are_a_finding() -> None:
    with pytest.raises(RefusedImage, match="after the end"):
        read(PLAIN + b"x")
