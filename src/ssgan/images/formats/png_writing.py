"""Write a PNG as another one was written: chunks, color type, interlace, IDAT sizes, filters and compression.

The settings are found by encoding the other file's own samples until its own bytes come back.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from ssgan.images.encoded import Encoded
from ssgan.images.formats import deflating, png_filters
from ssgan.images.formats.deflating import Deflating
from ssgan.images.formats.png import PASSES, SAMPLES, SIGNATURE, Kind, chunks_of, kind_of
from ssgan.images.formats.png_filters import Bytes, Rule
from ssgan.images.header import Pixels
from ssgan.images.orientation import upright_exif

# Chunks on the meaning of colors or pixels, or on how the picture is to be placed: nothing of persons, places and times.
_TECHNICAL = (
    {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi", b"sTER"}
    | {b"acTL", b"fcTL", b"IHDR", b"IEND", b"tRNS"}
)  # fmt: skip
_PLACED = {b"oFFs", b"pCAL", b"sCAL", b"vpAg", b"caNv"}  # kept where the picture keeps its size
# What ImageMagick writes of the file it read, in each PNG: a time and no more. Its files without them would be conspicuous.
_DATE = re.compile(rb"date:[a-z]{1,20}\0\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?")
_METADATA = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}  # kept on request
_GRAY_ALPHA, _COLOR_ALPHA = 4, 6
_COLOR_TYPES = {1: (0, _GRAY_ALPHA), 3: (2, _COLOR_ALPHA)}  # by channels
_PILLOWS_CHUNKS = {b"IHDR", b"IDAT", b"IEND", b"pHYs", b"iCCP", b"eXIf", b"tRNS"}
_PILLOWS_MEMORY = 9
_LEVEL_7_TO_9 = 3
_LIMITS = (8192, 32768, 65536)  # IDAT sizes of libpng, ImageMagick, Pillow
_FLUSHED_END = 6  # bytes that follow a flush: an empty last block and the check


@dataclass(frozen=True)
class Style:
    """The way in which the samples of a PNG were compressed.

    rule      how filters are chosen; None where no rule gives the file's own, and its rows keep theirs
    filters   uint8 (R,) of each pass, as the file has them
    deflating settings of zlib
    sizes     of the IDAT chunks
    """

    rule: Rule | None
    filters: tuple[Bytes, ...]
    deflating: Deflating
    sizes: tuple[int, ...]


def encode_like(
    data: bytes, cover: Pixels, stego: Pixels, *, keep_metadata: bool = False, is_turned: bool = False
) -> Encoded | None:  # fmt: skip
    """Return the PNG of `stego`, written as the file `data` of `cover` was; None where its color type cannot hold the stego.

    `is_turned` says that the orientation of `data` was applied to the stego, not to `cover`: a kept eXIf then has none.
    """
    chunks = [(name, body) for name, body, _ in chunks_of(data)]
    kind = kind_of(*chunks[0])
    planes = _planes(kind, stego, dict(chunks).get(b"tRNS"))
    if planes is None:
        return None
    style = style_of(cover, chunks, kind)
    size, old = (planes.shape[1], planes.shape[0]), (kind.width, kind.height)
    pieces = _cut(_compressed(planes, kind, style), style)
    kept = _TECHNICAL | (_METADATA if keep_metadata else set()) | (_PLACED if size == old else set())
    has_dates = any(_is_date(name, body) for name, body in chunks)
    parts, left_out, previous = [SIGNATURE], [], b""
    for name, body in chunks:
        if name == b"IDAT":
            parts += [] if previous == name else [_chunk(name, piece) for piece in pieces]
        elif name in kept or _is_date(name, body) or (name == b"tIME" and has_dates):
            parts.append(_chunk(name, _adapted(name, body, size, old, is_turned=is_turned)))
        else:
            left_out.append(name.decode())
        previous = name
    notes = _notes(style)
    return Encoded(b"".join(parts), "near" if notes else "cover", notes, tuple(dict.fromkeys(left_out)))


def style_of(cover: Pixels, chunks: Sequence[tuple[bytes, bytes]], kind: Kind) -> Style:
    """Return the Style of a PNG of 8-bit samples with these chunks (name, body); of large pictures the first part decides."""
    parts = [body for name, body in chunks if name == b"IDAT"]
    stream = b"".join(parts)
    content = zlib.decompress(stream)
    planes = _planes(kind, cover, dict(chunks).get(b"tRNS"))
    assert planes is not None
    pixel_bytes = SAMPLES[kind.color]
    filters, firsts, costs, position, work = [], [], [], 0, 0
    for rows in _passes(planes, kind):
        filters.append(np.frombuffer(content, np.uint8, len(rows) * (1 + rows.shape[1]), position)[:: 1 + rows.shape[1]])
        position += len(rows) * (1 + rows.shape[1])
        if work < deflating.CONFIRMED_BYTES:
            part = rows[: 1 + (deflating.CONFIRMED_BYTES - work) // rows.shape[1]]
            work += part.size
            firsts.append(filters[-1][: len(part)])
            costs.append(np.concatenate([cost for _, _, cost in png_filters.blocks(part, pixel_bytes)], axis=2))
    # In a small or plain picture several settings give the same bytes: then those of the program that is likely.
    has_pillows_chunks = {name for name, _ in chunks} <= _PILLOWS_CHUNKS
    is_large_memory = has_pillows_chunks or stream[1] >> 6 == _LEVEL_7_TO_9
    found = deflating.found(stream, content, memories=(9, 8) if is_large_memory else (8, 9))
    rule = png_filters.fitting(firsts, costs, is_pillow_likely=has_pillows_chunks and found.memory == _PILLOWS_MEMORY)
    return Style(rule, tuple(filters), found, tuple(map(len, parts)))


def _is_date(name: bytes, body: bytes) -> bool:
    return name == b"tEXt" and _DATE.fullmatch(body) is not None


def _notes(style: Style) -> tuple[str, ...]:
    """Return notes on the differences from the cover's style."""
    notes: tuple[str, ...] = ()
    if style.rule is None:
        notes += ("the rule by which the cover's filters were chosen is unknown; each row keeps the cover's",)
    if not style.deflating.is_exact:
        notes += (f"no setting of zlib gives the cover's own bytes; level {style.deflating.level} was used",)
    return notes


def _planes(kind: Kind, pixels: Pixels, transparent: bytes | None) -> Bytes | None:
    """Return uint8 (H, W, samples a pixel) in the color type's form; None where it cannot hold these pixels."""
    samples, alpha = pixels
    has_alpha = kind.color in (_GRAY_ALPHA, _COLOR_ALPHA)
    if kind.depth != 8 or kind.color not in _COLOR_TYPES[len(samples)] or (alpha is None) == has_alpha:
        if alpha is None or has_alpha or transparent is None or kind.color not in _COLOR_TYPES[len(samples)]:
            return None
        key = np.frombuffer(transparent[1::2], np.uint8)[:, None, None]
        if not np.array_equal(np.where((samples == key).all(axis=0), 0, 255), alpha):
            return None
    planes = samples if not has_alpha or alpha is None else np.concatenate([samples, alpha[None]])
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _passes(planes: Bytes, kind: Kind) -> Iterator[Bytes]:
    """Yield the rows uint8 (R, bytes) of each pass that has pixels: one, or up to seven where the file is interlaced."""
    for column, row, across, down in PASSES if kind.interlaced else ((0, 0, 1, 1),):
        part = planes[row::down, column::across]
        if part.size:
            yield np.ascontiguousarray(part).reshape(len(part), -1)


def _compressed(planes: Bytes, kind: Kind, style: Style) -> bytes:
    parts, pixel_bytes = [], SAMPLES[kind.color]
    for number, rows in enumerate(_passes(planes, kind)):
        filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
        for part, ways, costs in png_filters.blocks(rows, pixel_bytes):
            if style.rule is not None:
                chosen = style.rule.choices(costs, at_top=part.start == 0)
            elif number < len(style.filters) and len(style.filters[number]) == len(rows):
                chosen = style.filters[number][part]
            else:  # the picture was turned: no row is the cover's
                chosen = png_filters.RULES[0].choices(costs, at_top=part.start == 0)
            filtered[part, 0] = chosen
            filtered[part, 1:] = ways[chosen, np.arange(len(chosen))]
        parts.append(filtered.tobytes())
    return style.deflating.compressed(b"".join(parts))


def _cut(stream: bytes, style: Style) -> list[bytes]:
    """Return the stream in pieces of the sizes that the cover's IDAT chunks have."""
    sizes, ending = style.sizes, []
    if style.deflating.flushes and len(sizes) > 1 and sizes[-1] == _FLUSHED_END:
        sizes, stream, ending = sizes[:-1], stream[:-_FLUSHED_END], [stream[-_FLUSHED_END:]]
    if len(sizes) == 1:  # a limit cannot be seen from one chunk, unless the stego's is longer
        size = next((limit for limit in _LIMITS if sizes[0] <= limit), max(sizes[0], len(stream)))
    elif len(set(sizes[:-1])) == 1:
        size = max(sizes[0], 1)
    else:
        ends = [*accumulate(sizes[:-1])]
        starts = [0, *ends]
        return [stream[start:end] for start, end in zip(starts, [*ends, len(stream)], strict=True)] + ending
    return [stream[start : start + size] for start in range(0, len(stream), size)] + ending


def _adapted(name: bytes, body: bytes, size: tuple[int, int], old: tuple[int, int], *, is_turned: bool) -> bytes:
    """Return a chunk's body for the size (width, height) in place of `old`, and without an orientation that was applied."""
    if name == b"IHDR":
        return struct.pack(">II", *size) + body[8:]
    if name == b"eXIf" and is_turned:
        return upright_exif(body)
    if size != old and name == b"fcTL":
        return body[:4] + struct.pack(">II", *size) + body[12:]
    if size != old and name == b"pHYs":
        return body[4:8] + body[:4] + body[8:]
    return body


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
