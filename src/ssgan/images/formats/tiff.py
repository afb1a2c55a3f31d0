"""Parse TIFF: a directory of tags that locate the strips or tiles of samples (Adobe, TIFF revision 6.0).

The decoder gets the file with a directory rebuilt from the first page's tags that make pixels: no orientation (Pillow would
apply it), no EXIF, no further pages.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from ssgan.images.header import (
    Header,
    check_size,
    damaged,
    decode_with_pillow,
    metadata_note,
    take,
    trailing,
    truncated,
    unsupported,
)
from ssgan.images.orientation import known_orientation, turned_note

_WIDTH, _HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIPS, STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
_ORIENTATION, SAMPLES, PLANAR, _PALETTE, _EXTRA, _SAMPLE_FORMAT = 274, 277, 284, 320, 338, 339
ROWS_PER_STRIP, PREDICTOR = 278, 317
_SUB_DIRECTORIES = (330, 34665, 34853, 40965)  # further pages, EXIF, GPS, interoperability
# Tags that make pixels: the above, fill order, rows a strip, predictor, tile size, JPEG tables and chroma.
_KEPT = {_WIDTH, _HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, STRIP_BYTES, _TILES, _TILE_BYTES, SAMPLES, PLANAR}
_KEPT |= {_PALETTE, _EXTRA, _SAMPLE_FORMAT, 266, 278, 292, 293, 317, 322, 323, 347, 530, 531, 532}
PLAIN_TAGS = _KEPT | {_ORIENTATION, 254, 255, 282, 283, 296}  # and those that every writer adds: resolution, page kind
_SINGLE = (_WIDTH, _HEIGHT, COMPRESSION, PHOTOMETRIC, 266, SAMPLES, 278, PLANAR, 317, 322, 323)  # one value each
_UNIT_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I"}
_LOSSLESS, _FAX, _JPEG = (1, 5, 8, 32773, 32946), (2, 3, 4), (6, 7)
_GRAY, _RGB, _INDEXED, _CMYK, _YCBCR = (0, 1), 2, 3, 5, 6
_UNASSOCIATED = 2
_UNSIGNED = 1
_MAX_PAGES = 1000


@dataclass
class Directory:
    """One page's tags: raw entries (tag, type, count, bytes of the values), and where its parts end in the file."""

    order: str
    entries: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)  # where the values are
    start: int = 0
    doubled: list[int] = field(default_factory=list)
    next_page: int = 0
    end: int = 0

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return the values of an integer tag."""
        if tag not in self.entries:
            return default
        kind, count, values = self.entries[tag]
        if kind not in INTEGERS or count == 0:
            raise damaged(f"its tag {tag} holds no integers")
        if tag in _SINGLE and count != 1:
            raise damaged(f"its tag {tag} has {count} values")
        return struct.unpack(f"{self.order}{count}{INTEGERS[kind]}", values)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of an integer tag."""
        return self.numbers(tag, (default,))[0]


def walk(data: bytes) -> Header:
    """Return the Header of a TIFF file, judged by its first page."""
    order = "<" if data[:2] == b"II" else ">"
    pages, end = _pages(data, order)
    page = pages[0]
    width, height = page.number(_WIDTH, 0), page.number(_HEIGHT, 0)
    check_size(width, height)
    for tag in _SINGLE:
        page.numbers(tag)
    words = _conversions(page)
    _check_strips(data, page, width * height)
    extra, notes = trailing(data, end, padding=15)  # writers of several pages align each to 16 bytes
    unusual = [f"tag {tag}" for tag in page.entries if tag not in PLAIN_TAGS]
    orientation = page.number(_ORIENTATION, 1)
    notes += metadata_note(unusual) + turned_note(orientation)
    words += (("first-frame",) if len(pages) > 1 else ()) + extra
    channels = 1 if page.number(PHOTOMETRIC, 1) in _GRAY else 3
    pixels = partial(decode_with_pillow, _rebuilt(data, page), "TIFF", (width, height), channels)
    return Header("TIFF", width, height, channels, pixels, words, notes, known_orientation(orientation), end)


def first_page(data: bytes) -> Directory:
    """Return the tags of the first page. Raises RefusedImage."""
    return _pages(data, "<" if data[:2] == b"II" else ">")[0][0]


def _pages(data: bytes, order: str) -> tuple[list[Directory], int]:
    """Return the chain of pages, and the end of the last byte that any of them refers to."""
    (start,) = struct.unpack(order + "I", take(data, 4, 4, "the header"))
    pages: list[Directory] = []
    seen, end = set(), 8
    while start:
        if start in seen or len(pages) >= _MAX_PAGES:
            raise damaged("its pages run in a circle")
        seen.add(start)
        page = _directory(data, order, start)
        if page.doubled:
            raise damaged(f"it has the tag {page.doubled[0]} twice")  # readers differ in which of the two counts
        end = max(end, page.end, *_ends(data, page, order, depth=0))
        pages.append(page)
        start = page.next_page
    if not pages:
        raise damaged("it has no page")
    return pages, end


def _directory(data: bytes, order: str, start: int) -> Directory:
    """Return the directory at `start`, with its values fetched from their offsets."""
    (count,) = struct.unpack(order + "H", take(data, start, 2, "a directory"))
    table = take(data, start + 2, 12 * count + 4, "a directory")
    found = Directory(order, end=start + 2 + len(table), start=start)
    (found.next_page,) = struct.unpack(order + "I", table[-4:])
    seen: set[int] = set()
    for entry in range(0, 12 * count, 12):
        tag, kind, number, offset = struct.unpack(order + "HHII", table[entry : entry + 12])
        if tag in seen:
            found.doubled.append(tag)
        seen.add(tag)
        length = _UNIT_BYTES.get(kind, 0) * number
        if length <= 4:
            values = table[entry + 8 : entry + 8 + length]
        else:
            values = take(data, offset, length, "a tag")
            found.end = max(found.end, offset + length)
        if length:
            found.entries[tag], found.places[tag] = (kind, number, values), offset
    return found


def _ends(data: bytes, page: Directory, order: str, depth: int) -> Iterator[int]:
    """Return where the strips or tiles of a page end, and the offsets of its sub-directories."""
    for starts, lengths in ((STRIPS, STRIP_BYTES), (_TILES, _TILE_BYTES)):
        yield from (start + length for start, length in zip(page.numbers(starts), page.numbers(lengths), strict=False))
    for tag in _SUB_DIRECTORIES if depth < 3 else ():
        for start in page.numbers(tag):
            inner = _directory(data, order, start)
            yield inner.end
            yield from _ends(data, inner, order, depth + 1)


def _conversions(page: Directory) -> tuple[str, ...]:
    """Return the conversions that a page needs. Raises RefusedImage where none helps."""
    photometric, compression = page.number(PHOTOMETRIC, -1), page.number(COMPRESSION, 1)
    bits = set(page.numbers(BITS, (1,)))
    if set(page.numbers(_SAMPLE_FORMAT, (_UNSIGNED,))) != {_UNSIGNED}:
        raise unsupported("a TIFF of signed or floating-point samples")
    if len(bits) != 1 or not bits <= {1, 2, 4, 8, 16}:
        raise unsupported(f"a TIFF of {', '.join(map(str, sorted(bits)))} bits a sample")
    if photometric not in (*_GRAY, _RGB, _INDEXED, _CMYK) and not (photometric == _YCBCR and compression in _JPEG):
        raise unsupported({8: "a LAB TIFF", 9: "a LAB TIFF", 10: "a LAB TIFF"}.get(photometric, "a TIFF of unusual colors"))
    if compression not in _LOSSLESS + _FAX + _JPEG:
        raise unsupported(f"a TIFF of compression {compression}")
    if compression in _FAX and bits != {1}:
        raise damaged("fax compression is for black and white only")
    _check_channels(page, photometric)
    words = []
    if photometric == _INDEXED:
        words.append("palette")
    elif bits != {8}:
        words.append({1: "1-bit", 16: "16-bit"}.get(bits.pop(), "few-bits"))
    if photometric == _CMYK:
        words.append("cmyk")
    if compression in _JPEG:
        words.append("jpeg")
    return tuple(words)


def _check_channels(page: Directory, photometric: int) -> None:
    """Refuse other numbers of samples a pixel than the colors need, with at most one more, which must be plain alpha."""
    needed = 1 if photometric in (*_GRAY, _INDEXED) else 4 if photometric == _CMYK else 3
    extra = page.number(SAMPLES, 1) - needed
    if extra < 0:
        raise damaged(f"it has {needed + extra} samples a pixel where {needed} are needed")
    if extra and (extra > 1 or photometric not in (*_GRAY, _RGB) or page.numbers(_EXTRA) != (_UNASSOCIATED,)):
        raise unsupported("a TIFF with further channels than plain alpha")


def _check_strips(data: bytes, page: Directory, pixels: int) -> None:
    """Refuse strips or tiles outside the file, and uncompressed ones of another length than the samples."""
    starts = page.numbers(STRIPS) or page.numbers(_TILES)
    lengths = page.numbers(STRIP_BYTES) or page.numbers(_TILE_BYTES)
    if not starts or len(starts) != len(lengths):
        raise damaged("it does not say where its samples are")
    if any(start + length > len(data) for start, length in zip(starts, lengths, strict=True)):
        raise truncated("the samples")
    if page.number(COMPRESSION, 1) == 1 and sum(lengths) * 8 < pixels * page.number(SAMPLES, 1) * page.number(BITS, 1):
        raise truncated("the samples")


def _rebuilt(data: bytes, page: Directory) -> bytes:
    """Return the file with a new directory at its end, of the tags that make pixels."""
    kept = sorted(tag for tag in page.entries if tag in _KEPT)
    start = len(data) + len(data) % 2
    position = start + 2 + 12 * len(kept) + 4
    table, values = [struct.pack(page.order + "H", len(kept))], []
    for tag in kept:
        kind, count, value = page.entries[tag]
        if len(value) <= 4:
            field_bytes = value.ljust(4, b"\0")
        else:
            field_bytes = struct.pack(page.order + "I", position)
            values.append(value + b"\0" * (len(value) % 2))
            position += len(values[-1])
        table.append(struct.pack(page.order + "HHI", tag, kind, count) + field_bytes)
    head = data[:4] + struct.pack(page.order + "I", start) + data[8:] + b"\0" * (len(data) % 2)
    return b"".join([head, *table, b"\0\0\0\0", *values])
