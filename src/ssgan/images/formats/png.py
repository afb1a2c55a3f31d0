"""Parse PNG: a signature, then chunks, each with a length, a name and a CRC (W3C Portable Network Graphics, third edition).

The decoder gets a file of the four chunks that make pixels; text, profiles and EXIF never reach it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ssgan.images.header import (
    Header,
    Pixels,
    check_size,
    damaged,
    decode_with_pillow,
    exif_orientation,
    metadata_note,
    take,
    trailing,
    truncated,
    unsupported,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # color type → bits a sample
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # color type → samples a pixel as stored
_PALETTE = 3
# Adam7: first column, first row, column step, row step of each pass.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_FRAMES = (b"acTL", b"fcTL", b"fdAT")
_INFLATE_STEP, _PIECE = 2**20, 2**16


class Kind(NamedTuple):
    """The fields of IHDR."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: int


def walk(data: bytes) -> Header:
    """Return the Header of a PNG file, every CRC checked and the compressed samples counted."""
    chunks: dict[bytes, list[bytes]] = {}
    kind, kept, end, previous = None, [SIGNATURE], len(SIGNATURE), b""
    view: Any = memoryview(data)  # so that no chunk of a large file is copied
    for name, body, whole in chunks_of(view):
        end += len(whole)
        if kind is None:
            kind = kind_of(name, body)
        elif name == b"IHDR" or (name in (b"PLTE", b"tRNS") and name in chunks):
            raise damaged(f"it has two {name.decode()} chunks")
        if name == b"IDAT" and previous != b"IDAT" and b"IDAT" in chunks:
            raise damaged("its IDAT chunks are not in one run")
        if name[:1].isupper() and name not in _KEPT:
            raise damaged(f"it has an unknown critical chunk {name.decode()}")
        if name in _KEPT:
            kept.append(whole)
        chunks.setdefault(name, []).append(body if name == b"IDAT" else bytes(body))
        previous = name
    if previous != b"IEND" or kind is None:
        raise truncated("its chunks")
    if b"IDAT" not in chunks:
        raise damaged("it has no samples")
    extra, notes = trailing(data, end)
    _check_length(chunks[b"IDAT"], kind)
    rebuilt = b"".join(kept)
    rebuilt = data if rebuilt == data else rebuilt  # one copy of a large file is enough
    return replace(_header(kind, chunks, rebuilt, _conversions(kind, chunks) + extra, notes), end=end)


def _header(
    kind: Kind, chunks: dict[bytes, list[bytes]], rebuilt: bytes, conversions: tuple[str, ...], notes: tuple[str, ...]
) -> Header:
    metadata = [name.decode() for name in chunks if name not in _KEPT + _FRAMES]
    orientation, turned_notes = exif_orientation(b"".join(chunks.get(b"eXIf", [])))
    notes += metadata_note(metadata) + turned_notes
    channels = 1 if kind.color in (0, 4) else 3
    decoded = partial(decode_with_pillow, rebuilt, "PNG", (kind.width, kind.height), channels)
    header = Header("PNG", kind.width, kind.height, channels, decoded, conversions, notes, orientation)
    if kind.color == _PALETTE and len(chunks.get(b"PLTE", [b""])[0]) % 3 + (b"PLTE" not in chunks):
        raise damaged("its palette is not a list of colors")
    if b"tRNS" in chunks and kind.color in (0, 2):
        return _with_transparent_color(header, chunks[b"tRNS"][0], kind, rebuilt)
    return header


def _with_transparent_color(header: Header, color: bytes, kind: Kind, rebuilt: bytes) -> Header:
    """Return alpha 0 where a gray or RGB pixel has the transparent color: two bytes a channel, the low one at 8 bits."""
    if kind.depth != 8:
        raise unsupported(f"a PNG of {kind.depth} bits with a transparent color")
    if len(color) != 2 * header.channels:
        raise damaged("its transparent color has the wrong length")
    chunk = struct.pack(">I", len(color)) + b"tRNS" + color
    opaque = rebuilt.replace(chunk + struct.pack(">I", zlib.crc32(chunk[4:])), b"", 1)
    decode = partial(decode_with_pillow, opaque, "PNG", (kind.width, kind.height), header.channels)

    def pixels() -> Pixels:
        samples, _ = decode()
        key = np.frombuffer(color[1::2], np.uint8)[:, None, None]
        return Pixels(samples, np.where((samples == key).all(axis=0), 0, 255).astype(np.uint8))

    return replace(header, pixels=pixels, notes=(*header.notes, "the transparent color became an alpha channel"))


def chunks_of(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, body and all bytes of each chunk up to IEND."""
    position, name = len(SIGNATURE), b""
    while name != b"IEND":
        head = take(data, position, 8, "a chunk")
        length, name = struct.unpack(">I4s", head)
        if not (name.isalpha() and name.isascii()):
            raise damaged(f"a chunk is named {name!r}")
        whole = take(data, position, length + 12, "a chunk")
        if zlib.crc32(whole[4:-4]) != struct.unpack(">I", whole[-4:])[0]:
            raise damaged(f"the CRC of its {name.decode()} chunk is wrong")
        yield name, whole[8:-4], whole
        position += length + 12


def kind_of(name: bytes, body: bytes) -> Kind:
    """Return the checked IHDR: it comes first and holds 13 bytes."""
    if name != b"IHDR" or len(body) != 13:
        raise damaged("it does not begin with an IHDR chunk")
    width, height, depth, color, compression, filters, interlaced = struct.unpack(">IIBBBBB", body)
    check_size(width, height)
    if depth not in _DEPTHS.get(color, ()) or compression or filters or interlaced > 1:
        raise damaged("its IHDR chunk names a kind that PNG does not have")
    return Kind(width, height, depth, color, interlaced)


def _conversions(kind: Kind, chunks: dict[bytes, list[bytes]]) -> tuple[str, ...]:
    words: list[str] = []
    if kind.color == _PALETTE:
        words.append("palette")
    elif kind.depth != 8:
        words.append({1: "1-bit", 16: "16-bit"}.get(kind.depth, "few-bits"))
    animation = b"".join(chunks.get(b"acTL", []))
    if b"fdAT" in chunks or (len(animation) >= 4 and int.from_bytes(animation[:4], "big") > 1):
        words.append("first-frame")
    return tuple(words)


def _check_length(parts: list[bytes], kind: Kind) -> None:
    """Refuse a compressed stream with fewer samples than announced, or with more, which may hide something."""
    inflater, found, pending = zlib.decompressobj(), 0, b""
    expected, left = raw_bytes(kind), _pieces(parts)
    try:
        while found <= expected and not inflater.eof and (pending := pending or next(left, b"")):
            found += len(inflater.decompress(pending, _INFLATE_STEP))
            pending = inflater.unconsumed_tail
        found += len(inflater.flush()) if not inflater.eof and found <= expected else 0
    except zlib.error as error:
        raise damaged("its compressed samples cannot be read") from error
    if found < expected or not (inflater.eof or found > expected):
        raise truncated("the samples")
    if found > expected or inflater.unused_data or pending or next(left, b""):
        raise damaged("it has compressed data after the last sample")


def _pieces(parts: list[bytes]) -> Iterator[bytes]:
    """Yield short pieces, since an inflater copies the rest of a piece each time."""
    return (part[start : start + _PIECE] for part in parts for start in range(0, len(part), _PIECE))


def raw_bytes(kind: Kind) -> int:
    """Return the length of the filtered rows: each has a byte for its filter; an interlaced image has seven smaller ones."""
    bits = kind.depth * SAMPLES[kind.color]
    total = 0
    for column, row, across, down in PASSES if kind.interlaced else ((0, 0, 1, 1),):
        columns, rows = -((column - kind.width) // across), -((row - kind.height) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
