"""Parse JPEG: marked segments, then entropy-coded scans up to the end marker (ITU-T T.81). It is read, never written.

A JPEG has no checksum: damage inside a scan cannot be told from another image. All around it is checked.
"""

from __future__ import annotations

import re
import struct
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
    unsupported,
)
from ssgan.images.orientation import UPRIGHT

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_READ_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive, all Huffman-coded
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_NEEDED = (0xDB, 0xC4, 0xDD, 0xE0, 0xEE, _SCAN)  # tables, restarts, JFIF and Adobe (they define the colors)
# A progressive JPEG has about ten scans; each costs a pass over the whole image, and a hostile one has thousands.
_MAX_SCANS = 100
# Within a scan, FF 00 is a sample byte, FF D0 to FF D7 a restart, FF FF a filler: any other marker ends it.
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def walk(data: bytes) -> Header:
    """Return the Header of a JPEG file; the decoder gets it without comments and application data."""
    position, frame, scans = 2, b"", 0
    kept, metadata = [data[:2]], []
    notes: tuple[str, ...] = ()
    orientation = UPRIGHT
    while True:
        marker, position = _marker(data, position)
        if marker == _END:
            break
        (length,) = struct.unpack(">H", take(data, position, 2, "a segment"))
        if length < 2:
            raise damaged("a segment is shorter than its own length")
        body = take(data, position, length, "a segment")
        position += length
        if marker in _OTHER_FRAMES:
            raise unsupported(f"a JPEG of the uncommon kind SOF{marker - 0xC0}")
        if marker in _READ_FRAMES:
            if frame:
                raise damaged("it has two frame headers")
            frame = body
            _check_frame(frame)
        if marker == _SCAN:
            scans += 1
            if scans > _MAX_SCANS:
                raise unsupported(f"a JPEG of more than {_MAX_SCANS} scans")
            scan_end = _SCAN_END.search(data, position)
            if scan_end is None:
                raise truncated("a scan")
            body, position = body + data[position : scan_end.start()], scan_end.start()
        if marker in _NEEDED or marker in _READ_FRAMES:
            kept.append(bytes([0xFF, marker]) + body)
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
    return Header("JPEG", width, height, channels, pixels, conversions, notes, orientation)


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the next marker and the position after it; it may be preceded by fillers."""
    if take(data, position, 2, "a marker")[0] != 0xFF:
        raise damaged("a segment does not begin with a marker")
    while data[position : position + 1] == b"\xff":
        position += 1
    marker = take(data, position, 1, "a marker")[0]
    if marker in (0x00, 0x01, _START) or 0xD0 <= marker <= 0xD7:
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
