"""Parse JPEG: marked segments, then entropy-coded scans up to the end marker (ITU-T T.81). Its pixels are read, never written.

A JPEG has no checksum: damage inside a scan cannot be told from another image. All around it is checked.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

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
    unsupported,
)
from ssgan.images.orientation import UPRIGHT

START, END, SCAN = 0xD8, 0xD9, 0xDA
QUANTIZATION, HUFFMAN, RESTARTS = 0xDB, 0xC4, 0xDD
BASELINE, EXTENDED, PROGRESSIVE = FRAMES = (0xC0, 0xC1, 0xC2)  # all Huffman-coded
# Marker → what a frame of this kind is called.
_OTHER_FRAMES = (
    {0xC3: "lossless", 0xC7: "lossless and hierarchical", 0xCB: "lossless and arithmetic", 0xCF: "arithmetic and hierarchical"}
    | dict.fromkeys((0xC5, 0xC6), "hierarchical")
    | dict.fromkeys((0xC9, 0xCA), "arithmetic-coded")
    | dict.fromkeys((0xCD, 0xCE), "arithmetic and hierarchical")
)
_NEEDED = (QUANTIZATION, HUFFMAN, RESTARTS, 0xE0, 0xEE, SCAN)  # besides tables, JFIF and Adobe: they define the colors
# A progressive JPEG has about ten scans; each costs a pass over the whole image, and a hostile one has thousands.
_MAX_SCANS = 100
# Within a scan, FF 00 is a sample byte, FF D0 to FF D7 a restart, FF FF a filler: any other marker ends it.
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class Segment(NamedTuple):
    """One segment: its marker, and the positions of its length, of its end, and of the end of the scan that follows it.

    `end` is `scan_end` but for a scan. The end marker has no length: all three are the position after it.
    """

    marker: int
    start: int
    end: int
    scan_end: int


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG file, its end marker the last. Raises RefusedImage where it is damaged or ends before."""
    position, scans = 2, 0
    while True:
        marker, start = _marker(data, position)
        if marker == END:
            yield Segment(END, start, start, start)
            return
        (length,) = struct.unpack(">H", take(data, start, 2, "a segment"))
        if length < 2:
            raise damaged("a segment is shorter than its own length")
        take(data, start, length, "a segment")
        end = position = start + length
        if marker == SCAN:
            scans += 1
            if scans > _MAX_SCANS:
                raise unsupported(f"a JPEG of more than {_MAX_SCANS} scans")
            scan_end = _SCAN_END.search(data, position)
            if scan_end is None:
                raise truncated("a scan")
            position = scan_end.start()
        yield Segment(marker, start, end, position)


def check_frame(marker: int, body: bytes) -> bool:
    """Check a segment's body (its length first) if it is a frame header, and return if it is one.

    Raises RefusedImage for frames of an uncommon kind, of other than 8 bits, or of a wrong length.
    """
    if marker in _OTHER_FRAMES:
        kind = f"a JPEG of the uncommon kind SOF{marker - BASELINE} ({_OTHER_FRAMES[marker]})"
        raise unsupported(kind, hint="save it again as an ordinary JPEG, or as an 8-bit gray or RGB PNG")
    if marker in FRAMES:
        _check_frame(body)
    return marker in FRAMES


def walk(data: bytes) -> Header:
    """Return the Header of a JPEG file; the decoder gets it without comments and application data."""
    position, frame, scans = 2, b"", 0
    kept, metadata = [data[:2]], []
    notes: tuple[str, ...] = ()
    orientation = UPRIGHT
    for marker, start, end, position in segments(data):
        if marker == END:
            break
        body = data[start:end]
        if check_frame(marker, body):
            if frame:
                raise damaged("it has two frame headers")
            frame = body
        scans += marker == SCAN
        if marker in _NEEDED or marker in FRAMES:
            kept.append(bytes([0xFF, marker]) + data[start:position])
        else:
            metadata.append("comment" if marker == 0xFE else f"APP{marker - 0xE0}" if 0xE0 <= marker <= 0xEF else "other")
            if body[2:6] == b"Exif":
                orientation, turned_notes = exif_orientation(body[2:])
                notes += turned_notes
    if not frame or not scans:
        raise damaged("it has no image")
    extra, trailing_notes = trailing(data, position)
    height, width, components = struct.unpack(">HHB", frame[3:8])
    channels = 1 if components == 1 else 3
    conversions = ("jpeg", *(("cmyk",) if components == 4 else ()), *extra)
    pixels = partial(decode_with_pillow, b"".join([*kept, b"\xff\xd9"]), "JPEG", (width, height), channels)
    notes = trailing_notes + metadata_note(metadata) + notes
    return Header("JPEG", width, height, channels, pixels, conversions, notes, orientation, position)


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the next marker and the position after it; it may be preceded by fillers."""
    if take(data, position, 2, "a marker")[0] != 0xFF:
        raise damaged("a segment does not begin with a marker")
    while data[position : position + 1] == b"\xff":
        position += 1
    marker = take(data, position, 1, "a marker")[0]
    if marker in (0x00, 0x01, START) or 0xD0 <= marker <= 0xD7:
        raise damaged(f"the marker FF {marker:02X} is where a segment must begin")
    return marker, position + 1


def _check_frame(frame: bytes) -> None:
    """Check a frame header: length, precision, height, width, number of components, and three bytes for each of these."""
    if len(frame) < 8:
        raise truncated("the frame header")
    precision, height, width, components = struct.unpack(">BHHB", frame[2:8])
    check_size(width, height)
    if precision != 8 or components not in (1, 3, 4):
        raise unsupported(f"a JPEG of {precision} bits and {components} components")
    if len(frame) != 8 + 3 * components:
        raise damaged("its frame header has the wrong length")
