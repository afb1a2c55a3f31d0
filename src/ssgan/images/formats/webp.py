"""Read WebP by Pillow. Ahead of it, only the size is read, and whether the samples were compressed with loss (RFC 9649)."""

from __future__ import annotations

import io
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
    open_with_pillow,
    take,
    trailing,
)

_LOSSY = re.compile(rb"VP8 .{7}\x9d\x01\x2a", re.DOTALL)  # a lossy picture's name, length, frame tag and start code
_METADATA = {"icc_profile": "ICCP", "exif": "EXIF", "xmp": "XMP"}  # Pillow's names and the format's


def read_header(data: bytes) -> Header:
    """Return the Header of a WebP file, of which the first frame is decoded."""
    (length,) = struct.unpack("<I", take(data, 4, 4, "the header"))
    take(data, 0, 8 + length, "the chunks")
    width, height = _size(data)
    check_size(width, height)
    with open_with_pillow(io.BytesIO(data), "WEBP", (width, height)) as image:
        frames = int(getattr(image, "n_frames", 1))
        info = dict(image.info)
    end = 8 + length + length % 2
    extra, notes = trailing(data, end)
    conversions = (("webp",) if _LOSSY.search(data) else ()) + (("first-frame",) if frames > 1 else ())
    notes += metadata_note([name for key, name in _METADATA.items() if key in info])
    orientation, turned_notes = exif_orientation(info.get("exif", b""))
    notes += turned_notes
    pixels = partial(decode_with_pillow, data, "WEBP", (width, height), 3)
    return Header("WebP", width, height, 3, pixels, conversions + extra, notes, orientation, end)


def _size(data: bytes) -> tuple[int, int]:
    """Return width and height of the canvas: Pillow allocates it when it opens the file."""
    kind = data[12:16]
    head = take(data, 20, 5 if kind == b"VP8L" else 10, "the header")
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise damaged("it does not begin with a picture")
