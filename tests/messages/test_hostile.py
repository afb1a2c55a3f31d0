"""Odd, damaged and hostile files as covers and as stegos: each is refused as an image, or works as it should; nothing else."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.errors import NothingFound, RefusedImage
from ssgan.messages.files import hide_file, reveal_files
from ssgan.messages.keys import KeyFile

KEY = KeyFile(bytes(range(32)))
RNG = np.random.default_rng(14)
GRAY = RNG.integers(0, 256, (1, 24, 24), dtype=np.uint8)
COLOR = RNG.integers(0, 256, (3, 24, 24), dtype=np.uint8)
SOFT = RNG.choice(np.array([0, 128, 255, 255, 255], dtype=np.uint8), (24, 24))


def saved(name: str, mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(COLOR.transpose(1, 2, 0))).convert(mode)
    picture.save(stream, format=name, **options)
    return stream.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, depth: int, color: int, rows: bytes, *more: bytes, interlace: int = 0) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def after_head(data: bytes, more: bytes) -> bytes:
    """A PNG with a chunk more behind its head."""
    return data[:33] + more + data[33:]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def frames(name: str) -> bytes:
    stream = io.BytesIO()
    pictures = [Image.fromarray(np.full((24, 24), level, dtype=np.uint8)) for level in (10, 200)]
    pictures[0].save(stream, format=name, save_all=True, append_images=pictures[1:])
    return stream.getvalue()


PNG, GRAY_PNG = images.encode(COLOR, "PNG"), images.encode(GRAY, "PNG")
BMP, PPM, TIFF = (images.encode(COLOR, name) for name in ("BMP", "PPM", "TIFF"))
ROWS = b"".join(b"\0" + row.tobytes() for row in GRAY[0])
EXIF = Image.Exif()
EXIF[274] = 6

WORKS: dict[str, bytes] = {
    "color.png": PNG,
    "gray.png": GRAY_PNG,
    "alpha.png": images.encode(COLOR, "PNG", alpha=SOFT),
    "gray-alpha.png": images.encode(GRAY, "PNG", alpha=np.full((24, 24), 255, dtype=np.uint8)),
    "optimized.png": saved("PNG", optimize=True),
    "comment.png": png(24, 24, 8, 0, ROWS, chunk(b"tEXt", b"Comment\0words")),
    "rotated.png": saved("PNG", exif=EXIF),
    "profile.png": saved("PNG", icc_profile=b"not a profile, but nobody asks"),
    "density.png": saved("PNG", dpi=(300, 300)),
    "color.bmp": BMP,
    "gray.bmp": images.encode(GRAY, "BMP"),
    "gray.pgm": images.encode(GRAY, "PGM"),
    "color.ppm": PPM,
    "comments.pgm": b"P5 # a comment\n24 # another\n24\n255\n" + GRAY.tobytes(),
    "plain.pgm": b"P2\n24 24\n255\n" + " ".join(map(str, GRAY.reshape(-1).tolist())).encode() + b"\n",
    "color.tif": TIFF,
    "alpha.tiff": images.encode(COLOR, "TIFF", alpha=SOFT),
    "packed.tif": saved("TIFF", compression="tiff_lzw"),
    "black.png": images.encode(np.zeros_like(COLOR), "PNG"),
    "white.png": images.encode(np.full_like(COLOR, 255), "PNG"),
}
FOLLOWED = ("trailing.png", "polyglot.png")  # no covers; but a stego may come with bytes that somebody added
REFUSED: dict[str, bytes] = {
    "empty.png": b"",
    "one-byte.png": b"\x89",
    "signature-alone.png": PNG[:8],
    "truncated.png": PNG[: len(PNG) // 2],
    "no-end.png": PNG[:-12],
    "trailing.png": PNG + b"and more",
    "polyglot.png": PNG + b"PK\x05\x06" + bytes(18),
    "bad-crc.png": flipped(PNG, 30),
    "bad-data.png": flipped(PNG, 60),
    "no-pixels.png": png(0, 0, 8, 0, b""),
    "too-wide.png": png(20_001, 1, 8, 0, bytes(20_002)),
    "too-many-pixels.png": png(19_000, 19_000, 8, 2, b""),
    "announces-more-than-there-is.png": png(24, 240, 8, 0, ROWS),
    "holds-more-than-announced.png": png(24, 12, 8, 0, ROWS),
    "bomb.png": png(8, 8, 8, 0, bytes(1 << 22)),
    "sixteen-bits.png": png(24, 24, 16, 2, bytes(24 * (24 * 6 + 1))),
    "one-bit.png": saved("PNG", "1"),
    "palette.png": saved("PNG", "P"),
    "unknown-color-type.png": png(24, 24, 8, 5, ROWS),
    "animated.png": frames("PNG"),
    "unknown-critical-chunk.png": after_head(PNG, chunk(b"ABCD", b"?")),
    "jpeg-called.png": saved("JPEG"),
    "photograph.jpg": saved("JPEG"),
    "cmyk.jpg": saved("JPEG", "CMYK"),
    "cut.jpg": saved("JPEG")[:-20],
    "palette.gif": saved("GIF", "P"),
    "animated.gif": frames("GIF"),
    "lossy.webp": saved("WEBP", quality=50),
    "cut.webp": saved("WEBP", lossless=True)[:-9],
    "cut.bmp": BMP[:-9],
    "bad-offset.bmp": BMP[:10] + b"\xff\xff\xff\x7f" + BMP[14:],
    "palette.bmp": saved("BMP", "P"),
    "cut.ppm": PPM[:-9],
    "sixteen-bits.pgm": b"P5 24 24 65535\n" + bytes(24 * 24 * 2),
    "few-levels.pgm": b"P5 24 24 15\n" + bytes(24 * 24),
    "one-bit.pbm": b"P4 24 24\n" + bytes(3 * 24),
    "values-beyond.pgm": b"P2 1 1 255 256\n",
    "no-numbers.ppm": b"P6 many many 255\n",
    "pam.ppm": b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\0",
    "cut.tif": TIFF[: len(TIFF) // 2],
    "pages.tif": frames("TIFF"),
    "jpeg-inside.tif": saved("TIFF", compression="jpeg"),
    "cmyk.tif": saved("TIFF", "CMYK"),
    "floats.tif": saved("TIFF", "F"),
    "loops.tif": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "big.tif": b"II+\0\x08\0\0\0" + bytes(16),
    "words.png": b"this is a text, whatever its name says",
    "page.png": b"%PDF-1.7 nothing",
    "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "film.png": b"\0\0\0\x18ftypheic" + bytes(16),
}


def test_there_are_more_kinds_than_forty_five() -> None:
    assert len(REFUSED) >= 45
    assert len(WORKS) >= 20


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_cover_is_refused_as_an_image(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(REFUSED[name])
    with pytest.raises(RefusedImage) as refusal:
        hide_file(tmp_path / name, b"message", KEY, tmp_path / "stego.png", allow_flat=True)
    assert name in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    # A JPEG carries messages in its coefficients, but never those of a PNG.
    with pytest.raises(NothingFound if name in (*FOLLOWED, "photograph.jpg") else RefusedImage):
        reveal_files([tmp_path / name], KEY)


@pytest.mark.parametrize("name", WORKS)
def test_what_is_a_cover_works_and_holds_nothing_before(name: str, tmp_path: Path) -> None:
    cover, stego = tmp_path / name, tmp_path / "stego.png"
    cover.write_bytes(WORKS[name])
    with pytest.raises(NothingFound):
        reveal_files([cover], KEY)
    hide_file(cover, b"message", KEY, stego, allow_flat=True)
    assert cover.read_bytes() == WORKS[name]
    assert reveal_files([stego], KEY) == b"message"
    before, after = images.read(cover), images.read(stego)
    assert (before.alpha is None) == (after.alpha is None)
    if before.alpha is not None and after.alpha is not None:
        assert np.array_equal(before.alpha, after.alpha)
        assert np.array_equal(before.samples[:, before.alpha != 255], after.samples[:, before.alpha != 255])


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, lambda path: path.symlink_to(path.parent / "whole.png"), os.mkfifo, lambda path: None],
    ids=["a folder", "a symbolic link", "a FIFO", "nothing"],
)
def test_what_is_no_regular_file_is_refused(make: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "whole.png").write_bytes(PNG)
    make(tmp_path / "cover.png")
    with pytest.raises(RefusedImage):
        hide_file(tmp_path / "cover.png", b"message", KEY, tmp_path / "stego.png")
    with pytest.raises(RefusedImage):
        reveal_files([tmp_path / "cover.png"], KEY)


@pytest.mark.parametrize("name", ["stego.png", "stego.bmp", "stego.ppm", "stego.tif"])
def test_a_stego_damaged_anywhere_is_refused_or_holds_nothing(name: str, tmp_path: Path) -> None:
    """Cut at 40 places, and a bit flipped at 120: the message (where nothing that counts was hit), or one of two errors."""
    (tmp_path / "cover.png").write_bytes(PNG)
    hide_file(tmp_path / "cover.png", b"message", KEY, tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    cuts = [whole[:at] for at in np.linspace(0, len(whole) - 1, 40).astype(int)]
    flips = [flipped(whole, int(at)) for at in RNG.integers(0, len(whole), 120)]
    outcomes = []
    for data in cuts + flips:
        (tmp_path / name).write_bytes(data)
        try:
            assert reveal_files([tmp_path / name], KEY) == b"message"
            outcomes.append("message")
        except (RefusedImage, NothingFound) as error:
            outcomes.append(type(error).__name__)
    assert "RefusedImage" in outcomes[:40]
    assert "message" not in outcomes[:40]
