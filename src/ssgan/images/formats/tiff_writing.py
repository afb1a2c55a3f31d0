"""Write a TIFF as another one was written: byte order, tags, order of its parts, strips and their compression."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.images.encoded import Encoded
from ssgan.images.formats import deflating, tiff
from ssgan.images.header import Pixels

_TECHNICAL = tiff.PLAIN_TAGS | {297, 301, 318, 319, 34675}  # and number of the page, transfer, white, primaries, ICC profile
_METADATA = {269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723}  # names, dates, texts: kept on request
_NONE, _LZW, _DEFLATE, _PACKED = 1, 5, (8, 32946), 32773
_PREDICTED = (_LZW, *_DEFLATE)
_BY_LIBTIFF = {_LZW: "tiff_lzw", _PACKED: "packbits"}
_WHITE_IS_ZERO = 0

Compress = Callable[[NDArray[np.uint8]], bytes]  # of the rows uint8 (R, bytes) of a strip


@dataclass
class _Part:
    """A run of bytes of the file: its old position, and its new content."""

    start: int
    end: int
    content: bytes
    is_strip: bool = False
    place: int = 0


def encode_like(data: bytes, cover: Pixels, stego: Pixels, *, keep_metadata: bool = False) -> Encoded | None:
    """Return the TIFF of `stego`, written as the file `data` of `cover` was; None where its kind or size is another.

    Strips of 8-bit samples, pixel by pixel, are written, as they are or by LZW, Deflate or PackBits. Directories inside the
    directory (EXIF, GPS) are left out in any case.
    """
    page = tiff.first_page(data)
    samples = len(stego.samples) + (stego.alpha is not None)
    if (
        stego.samples.shape != cover.samples.shape
        or set(page.numbers(tiff.BITS)) != {8}
        or page.number(tiff.SAMPLES, 1) != samples
    ):
        return None
    if page.number(tiff.PLANAR, 1) != 1 or page.number(266, 1) != 1 or not page.numbers(tiff.STRIPS):
        return None
    starts, lengths = page.numbers(tiff.STRIPS), page.numbers(tiff.STRIP_BYTES)
    old, new = (_strips(pixels, page, len(starts)) for pixels in (cover, stego))
    if old is None or new is None:
        return None
    found = _compression(page, old, [data[at : at + length] for at, length in zip(starts, lengths, strict=True)])
    if found is None:
        return None
    compress, notes = found
    parts = [
        _Part(at, at + length, compress(rows), is_strip=True) for at, length, rows in zip(starts, lengths, new, strict=True)
    ]
    kept = _TECHNICAL | (_METADATA if keep_metadata else set())
    left_out = tuple(f"tag {tag}" for tag in page.entries if tag not in kept)
    content = _assembled(data, page, kept, parts)
    return None if content is None else Encoded(content, "near" if notes else "cover", notes, left_out)


def _strips(pixels: Pixels, page: tiff.Directory, count: int) -> list[NDArray[np.uint8]] | None:
    """Return the rows uint8 (R, bytes) of each strip, ready for compression; None if the number of strips differs."""
    planes = pixels.samples if pixels.alpha is None else np.concatenate([pixels.samples, pixels.alpha[None]])
    if page.number(tiff.PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        planes = np.concatenate([~planes[:1], planes[1:]])
    rows = np.array(planes.transpose(1, 2, 0), order="C")  # (H, W, samples), a copy
    if page.number(tiff.PREDICTOR, 1) == 2 and page.number(tiff.COMPRESSION, 1) in _PREDICTED:
        rows[:, 1:] -= rows[:, :-1].copy()
    step = min(page.number(tiff.ROWS_PER_STRIP, len(rows)), len(rows))
    strips = [rows[at : at + step].reshape(len(rows[at : at + step]), -1) for at in range(0, len(rows), max(step, 1))]
    return strips if len(strips) == count else None


def _compression(
    page: tiff.Directory, strips: Sequence[NDArray[np.uint8]], written: Sequence[bytes]
) -> tuple[Compress, tuple[str, ...]] | None:
    """Return the compression of the strips, and notes on it; None for a compression that is not written."""
    compression = page.number(tiff.COMPRESSION, 1)
    if compression == _NONE:
        compress: Compress = _as_they_are
    elif compression in _DEFLATE:
        try:
            found = deflating.found(written[0], zlib.decompress(written[0]))
        except zlib.error:
            return None
        compress = _deflated(found)
    elif compression in _BY_LIBTIFF:
        compress = _by_libtiff(_BY_LIBTIFF[compression])
    else:
        return None
    if compress(strips[0]) == written[0]:
        return compress, ()
    return compress, ("no setting gives the compressed bytes of the cover's first strip",)


def _as_they_are(rows: NDArray[np.uint8]) -> bytes:
    return rows.tobytes()


def _deflated(settings: deflating.Deflating) -> Compress:
    return lambda rows: settings.compressed(rows.tobytes())


def _by_libtiff(name: str) -> Compress:
    """Compress rows by libtiff: as a gray picture of one strip, whose bytes are taken out of its file."""

    def compress(rows: NDArray[np.uint8]) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(rows).save(stream, "TIFF", compression=name, strip_size=rows.size)
        page, content = tiff.first_page(stream.getvalue()), stream.getvalue()
        pairs = zip(page.numbers(tiff.STRIPS), page.numbers(tiff.STRIP_BYTES), strict=True)
        return b"".join(content[at : at + length] for at, length in pairs)

    return compress


def _assembled(data: bytes, page: tiff.Directory, kept: set[int], strips: list[_Part]) -> bytes | None:
    """Return the file with these strips and tags, its parts in the old order; None where a length outgrows its field."""
    order, tags = page.order, [tag for tag in page.entries if tag in kept]
    directory = _Part(page.start, page.start + 6 + 12 * len(page.entries), bytes(6 + 12 * len(tags)))
    far = {tag: _Part(page.places[tag], 0, page.entries[tag][2]) for tag in tags if len(page.entries[tag][2]) > 4}
    for part in far.values():
        part.end = part.start + len(part.content)
    position, before = 8, 8
    parts = sorted([directory, *far.values(), *strips], key=lambda part: part.start)
    for part in parts:
        had_gap = part.start > before
        position += position % 2 if (had_gap or not part.is_strip) and part.start % 2 == 0 else 0
        part.place, before = position, max(before, part.end)
        position += len(part.content)
    for tag, numbers in ((tiff.STRIPS, [p.place for p in strips]), (tiff.STRIP_BYTES, [len(p.content) for p in strips])):
        kind, count, _ = page.entries[tag]
        try:
            values = struct.pack(f"{order}{count}{tiff.INTEGERS[kind]}", *numbers)
        except struct.error:
            return None
        page.entries[tag] = (kind, count, values)
        if tag in far:
            far[tag].content = values
    table = [struct.pack(order + "H", len(tags))]
    for tag in tags:
        kind, count, values = page.entries[tag]
        near = struct.pack(order + "I", far[tag].place) if tag in far else values.ljust(4, b"\0")
        table.append(struct.pack(order + "HHI", tag, kind, count) + near)
    directory.content = b"".join([*table, bytes(4)])
    content = bytearray(data[:4] + struct.pack(order + "I", directory.place) + bytes(position - 8))
    for part in parts:
        content[part.place : part.place + len(part.content)] = part.content
    return bytes(content)
