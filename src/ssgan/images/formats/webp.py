"""Parse WebP: RIFF chunks around a VP8L (lossless) or VP8 (lossy) picture (RFC 9649)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial

from ssgan.images.header import (
    Header,
    check_size,
    damaged,
    decode_with_pillow,
    exif_orientation,
    metadata_note,
    take,
    trailing,
    truncated,
)

_ALPHA, _ANIMATED = 0x10, 0x02
_PICTURE = (b"VP8 ", b"VP8L")
_KEPT = (b"VP8X", b"ALPH", b"ANIM", b"ANMF", *_PICTURE)


def walk(data: bytes) -> Header:
    """Return the Header of a WebP file; the decoder gets it without profile, EXIF and XMP."""
    (length,) = struct.unpack("<I", take(data, 4, 4, "the header"))
    end = 8 + length + length % 2
    take(data, 0, 8 + length, "the chunks")
    chunks = list(_chunks(data[: 8 + length], 12))
    if not chunks or chunks[0][0] not in (b"VP8X", *_PICTURE):
        raise damaged("it does not begin with a picture")
    width, height = _size(*chunks[0])
    check_size(width, height)
    names = [name for name, _ in chunks]
    pictures = list(_pictures(chunks))
    if not pictures:
        raise damaged("it has no picture")
    for name in (b"VP8X", b"ALPH"):
        if names.count(name) > 1:
            raise damaged(f"it has two {name.decode()} chunks")
    if len(pictures) > 1 and b"ANMF" not in names:
        raise damaged("it has two pictures")
    for name, body in pictures:
        check_size(*_size(name, body))
    lossy = pictures[0][0] == b"VP8 "
    extra, notes = trailing(data, end)
    words = (("webp",) if lossy else ()) + (("first-frame",) if b"ANMF" in names else ())
    notes += metadata_note([name.decode("latin-1").strip() for name in names if name not in _KEPT])
    orientation, turned_notes = exif_orientation(b"".join([body for name, body in chunks if name == b"EXIF"][:1]))
    notes += turned_notes
    pixels = partial(decode_with_pillow, _rebuilt(chunks), "WEBP", (width, height), 3)
    return Header("WebP", width, height, 3, pixels, words + extra, notes, orientation)


def _chunks(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk; bodies are padded to an even length."""
    while position < len(data):
        name, length = struct.unpack("<4sI", take(data, position, 8, "a chunk"))
        yield name, take(data, position + 8, length, "a chunk")
        position += 8 + length + length % 2


def _pictures(chunks: list[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the coded pictures, also those inside animation frames (which have 16 bytes of their own first)."""
    for name, body in chunks:
        if name in _PICTURE:
            yield name, body
        elif name == b"ANMF":
            yield from ((inner, part) for inner, part in _chunks(body, 16) if inner in _PICTURE)


def _size(name: bytes, body: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a picture or of the extended header."""
    if len(body) < (5 if name == b"VP8L" else 10):
        raise truncated("the header")
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        if body[0] != 0x2F:
            raise damaged("its lossless picture lacks its signature")
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if body[3:6] != b"\x9d\x01\x2a":
        raise damaged("its lossy picture lacks its signature")
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _rebuilt(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return the file with only the chunks that make pixels."""
    parts = []
    for name, body in chunks:
        if name not in _KEPT:
            continue
        if name == b"VP8X":
            body = bytes([body[0] & (_ALPHA | _ANIMATED)]) + body[1:]
        parts.append(name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2))
    inner = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(inner)) + inner
