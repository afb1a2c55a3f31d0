"""Parse GIF: always a palette, often several frames (CompuServe, GIF89a). It is read when both conversions are allowed."""

from __future__ import annotations

import struct
from functools import partial

from ssgan.images.header import Header, check_size, damaged, decode_with_pillow, metadata_note, take, trailing

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT = 0xF9, 0xFE


def walk(data: bytes) -> Header:
    """Return the Header of a GIF file. The decoder gets the first frame alone, without comments."""
    width, height, flags = struct.unpack("<HHB", take(data, 6, 5, "the header"))
    check_size(width, height)
    start = 13 + _table_bytes(flags)
    take(data, 0, start, "the palette")
    position, frames, comments = start, 0, False
    kept = [data[:start]]
    while (block := take(data, position, 1, "a block")[0]) != _END:
        if block == _EXTENSION:
            label = take(data, position + 1, 1, "an extension")[0]
            end = _after_sub_blocks(data, position + 2)
            comments |= label == _COMMENT
            needed = label == _CONTROL
        elif block == _FRAME:
            *_, flags = struct.unpack("<HHHHB", take(data, position + 1, 9, "a frame"))
            end = _after_sub_blocks(data, position + 10 + _table_bytes(flags) + 1)
            frames += 1
            needed = True
        else:
            raise damaged(f"a block is of the unknown kind {block:02X}")
        if needed and (frames == 0 or (frames == 1 and block == _FRAME)):
            kept.append(data[position:end])
        position = end
    if frames == 0:
        raise damaged("it has no frame")
    extra, notes = trailing(data, position + 1)
    conversions = ("palette", *(("first-frame",) if frames > 1 else ()), *extra)
    notes += metadata_note(["comment"] if comments else [])
    pixels = partial(decode_with_pillow, b"".join([*kept, b"\x3b"]), "GIF", (width, height), 3)
    return Header("GIF", width, height, 3, pixels, conversions, notes)


def _table_bytes(flags: int) -> int:
    """Return the length of the color table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, position: int) -> int:
    """Return the position after a run of sub-blocks, each with its length before it and an empty one at the end."""
    while length := take(data, position, 1, "a block")[0]:
        take(data, position, length + 1, "a block")
        position += length + 1
    return position + 1
