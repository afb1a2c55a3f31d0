from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, read

RNG = np.random.default_rng(5)
GRAY = RNG.integers(0, 256, (5, 7, 1), dtype=np.uint8)
COLOR = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(name: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def header(width: int, height: int, depth: int = 8, color: int = 0, *rest: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, *(rest or (0, 0, 0))))


def raw_rows(pixels: np.ndarray, depth: int) -> bytes:
    """Unfiltered rows, packed when a sample has fewer than 8 bits: our own second implementation of what PNG stores."""
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in pixels]
    elif depth == 8:
        rows = [row.astype(np.uint8).tobytes() for row in pixels]
    else:
        bits = ((pixels.reshape(len(pixels), -1)[..., None] >> np.arange(depth)[::-1]) & 1).reshape(len(pixels), -1)
        rows = [np.packbits(row.astype(np.uint8)).tobytes() for row in bits]
    return b"".join(b"\0" + row for row in rows)


def png(
    pixels: np.ndarray, *, depth: int = 8, color: int = 0, before: bytes = b"", after: bytes = b"", idat: bytes = b""
) -> bytes:
    """A PNG of pixels (H, W, channels), with chunks of our choice before and after the samples."""
    body = idat or chunk(b"IDAT", zlib.compress(raw_rows(pixels, depth)))
    height, width, _ = pixels.shape
    return SIGNATURE + header(width, height, depth, color) + before + body + after + chunk(b"IEND")


def planes(pixels: np.ndarray) -> np.ndarray:
    return pixels.transpose(2, 0, 1)


@given(
    pixels=st.tuples(
        st.sampled_from([(0, 8), (2, 8), (4, 8), (6, 8)]), st.integers(1, 9), st.integers(1, 9), st.integers(0, 99)
    )
)
def test_samples_and_alpha_come_out_as_they_were_put_in(pixels: tuple[tuple[int, int], int, int, int]) -> None:
    (color, depth), height, width, seed = pixels
    values = np.random.default_rng(seed).integers(0, 256, (height, width, CHANNELS[color]))
    picture = read(png(values, depth=depth, color=color))
    samples = values[:, :, : 1 if color in (0, 4) else 3]
    assert np.array_equal(picture.samples, planes(samples))
    assert picture.samples.dtype == np.uint8
    assert (picture.alpha is None) == (color in (0, 2))
    assert picture.alpha is None or np.array_equal(picture.alpha, values[:, :, -1])


def test_color_under_alpha_zero_is_kept() -> None:
    values = np.dstack([COLOR, np.zeros((5, 7), np.uint8)])
    assert np.array_equal(read(png(values, color=6)).samples, planes(COLOR))


def test_an_interlaced_image_is_the_same_image() -> None:
    values = RNG.integers(0, 256, (11, 13))
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    raw = b"".join(raw_rows(values[row::down, column::across, None], 8) for column, row, across, down in passes)
    data = SIGNATURE + header(13, 11, 8, 0, 0, 0, 1) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND")
    assert np.array_equal(read(data).samples[0], values)


def test_the_low_byte_of_16_bit_samples_is_dropped_only_when_asked() -> None:
    for color, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        values = RNG.integers(0, 65536, (5, 7, channels))
        data = png(values, depth=16, color=color)
        with pytest.raises(RefusedImage) as refusal:
            read(data)
        assert "'16-bit'" in refusal.value.hint
        picture = read(data, convert={"16-bit"})
        assert np.array_equal(picture.samples, planes(values[:, :, : channels - (color > 3)] >> 8))
        assert picture.converted == {"16-bit"}


def test_few_bits_are_spread_over_the_whole_range() -> None:
    for depth, word in ((1, "1-bit"), (2, "few-bits"), (4, "few-bits")):
        values = RNG.integers(0, 2**depth, (5, 7, 1))
        picture = read(png(values, depth=depth), convert={word})
        assert np.array_equal(picture.samples[0], values[:, :, 0] * 255 // (2**depth - 1))


def test_a_palette_becomes_colors_and_its_transparency_alpha() -> None:
    palette, indices = RNG.integers(0, 256, (16, 3), dtype=np.uint8), RNG.integers(0, 16, (5, 7, 1))
    before = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", bytes(range(16)))
    data = png(indices, depth=4, color=3, before=before)
    picture = read(data, convert={"palette"})
    assert np.array_equal(picture.samples, palette[indices[:, :, 0]].transpose(2, 0, 1))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, indices[:, :, 0])


@pytest.mark.parametrize(("pixels", "color"), [(GRAY, 0), (COLOR, 2)])
def test_the_transparent_color_becomes_alpha_zero(pixels: np.ndarray, color: int) -> None:
    key = b"".join(b"\0" + bytes([value]) for value in pixels[2, 3])
    picture = read(png(pixels, color=color, before=chunk(b"tRNS", key)))
    expected = np.where((pixels == pixels[2, 3]).all(axis=2), 0, 255)
    assert np.array_equal(picture.samples, planes(pixels))
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha, expected)


def test_metadata_is_named_and_left_out() -> None:
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    bomb = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(2**22)))
    picture = read(png(GRAY, before=chunk(b"eXIf", exif) + bomb, after=chunk(b"tEXt", b"a\0b")))
    assert np.array_equal(picture.samples, planes(GRAY))
    assert picture.notes == ("the file has metadata: eXIf, zTXt, tEXt", "orientation 6 is asked for and was not applied")


def test_a_profile_that_is_no_profile_does_no_harm() -> None:
    assert read(png(GRAY, before=chunk(b"iCCP", b"x\0\0garbage"))).samples.shape == (1, 5, 7)


def test_only_the_first_frame_of_an_animation_is_taken() -> None:
    stream, frames = io.BytesIO(), [Image.fromarray(COLOR), Image.fromarray(255 - COLOR)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(RefusedImage, match="first frame"):
        read(stream.getvalue())
    assert np.array_equal(read(stream.getvalue(), convert={"first-frame"}).samples, planes(COLOR))


def test_bytes_after_the_end_are_a_finding() -> None:
    data = png(GRAY) + b"PK\x03\x04 a zip archive behind the picture"
    with pytest.raises(RefusedImage, match="after the end"):
        read(data)
    picture = read(data, convert={"trailing"})
    assert picture.notes == ("37 bytes follow the end of the image",)
    assert np.array_equal(picture.samples, planes(GRAY))


@dataclass(frozen=True)
class Hostile:
    what: str
    data: bytes
    reason: str


RAW = raw_rows(GRAY, 8)
HOSTILE = [
    Hostile("no IHDR", SIGNATURE + chunk(b"IDAT", zlib.compress(RAW)) + chunk(b"IEND"), "IHDR"),
    Hostile("short IHDR", SIGNATURE + chunk(b"IHDR", bytes(5)) + chunk(b"IEND"), "IHDR"),
    Hostile("signature only", SIGNATURE, "truncated"),
    Hostile("IHDR twice", png(GRAY, before=header(7, 5)), "two IHDR"),
    Hostile("no samples", SIGNATURE + header(7, 5) + chunk(b"IEND"), "no samples"),
    Hostile("zero width", SIGNATURE + header(0, 5) + chunk(b"IDAT", b"") + chunk(b"IEND"), "no pixels"),
    Hostile("144 Mpixel bomb", SIGNATURE + header(12000, 12000) + chunk(b"IDAT", b"") + chunk(b"IEND"), "Mpixel"),
    Hostile("a side of 2^32 - 1", SIGNATURE + header(2**32 - 1, 1) + chunk(b"IDAT", b"") + chunk(b"IEND"), "side"),
    Hostile("a side of 20,001", SIGNATURE + header(20001, 1) + chunk(b"IDAT", b"") + chunk(b"IEND"), "side"),
    Hostile("impossible depth", SIGNATURE + header(7, 5, 16, 3) + chunk(b"IDAT", b"") + chunk(b"IEND"), "kind"),
    Hostile("unknown interlace", SIGNATURE + header(7, 5, 8, 0, 0, 0, 2) + chunk(b"IDAT", b"") + chunk(b"IEND"), "kind"),
    Hostile("wrong CRC", png(GRAY)[:-20] + b"\0" + png(GRAY)[-19:], "CRC"),
    Hostile("wrong CRC in text", png(GRAY, after=chunk(b"tEXt", b"a\0b")[:-1] + b"!"), "CRC"),
    Hostile("length beyond the file", SIGNATURE + header(7, 5) + b"\xff\xff\xff\xffIDAT", "truncated"),
    Hostile("no IEND", png(GRAY)[:-12], "truncated"),
    Hostile("name with a zero", png(GRAY, before=chunk(b"a\0bc")), "named"),
    Hostile("unknown critical chunk", png(GRAY, before=chunk(b"EVIL")), "critical"),
    Hostile("IDAT in two runs", png(GRAY, after=chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", b"x")), "one run"),
    Hostile("too few rows", png(GRAY, idat=chunk(b"IDAT", zlib.compress(RAW[:-8]))), "truncated"),
    Hostile("compressed data cut", png(GRAY, idat=chunk(b"IDAT", zlib.compress(RAW)[:-7])), "truncated"),
    Hostile("rows too many", png(GRAY, idat=chunk(b"IDAT", zlib.compress(RAW + RAW))), "after the last sample"),
    Hostile("data behind the stream", png(GRAY, idat=chunk(b"IDAT", zlib.compress(RAW) + b"hidden")), "after the last sample"),
    Hostile("decompression bomb", png(GRAY, idat=chunk(b"IDAT", zlib.compress(bytes(2**26)))), "after the last sample"),
    Hostile("samples not compressed", png(GRAY, idat=chunk(b"IDAT", RAW)), "cannot be read"),
    Hostile("unknown filter", png(GRAY, idat=chunk(b"IDAT", zlib.compress(b"\x09" + RAW[1:]))), "damaged"),
    Hostile("no palette", png(GRAY, color=3), "palette"),
    Hostile("palette of 4 bytes", png(GRAY, color=3, before=chunk(b"PLTE", b"abcd")), "palette"),
    Hostile("palette twice", png(GRAY, color=3, before=chunk(b"PLTE", b"abc") * 2), "two PLTE"),
    Hostile("transparent color too long", png(GRAY, before=chunk(b"tRNS", bytes(6))), "transparent"),
    Hostile("transparent 16-bit color", png(GRAY, depth=16, before=chunk(b"tRNS", bytes(2))), "transparent"),
]


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.what)
def test_a_hostile_file_is_refused_with_the_reason(kind: Hostile) -> None:
    with pytest.raises(RefusedImage, match=kind.reason):
        read(kind.data, convert=CONVERSIONS)
