"""Read GIF by Pillow: always a palette, often several frames. It is read when both conversions are allowed."""

from __future__ import annotations

import io
import struct
from functools import partial

from ssgan.images.header import (
    Header,
    check_size,
    decode_with_pillow,
    metadata_note,
    open_with_pillow,
    take,
    trailing,
    truncated,
)

_END = b";"


def read_header(data: bytes) -> Header:
    """Return the Header of a GIF file, of which the first frame is decoded."""
    width, height = struct.unpack("<HH", take(data, 6, 4, "the header"))
    check_size(width, height)
    stream = _Measured(data)
    with open_with_pillow(stream, "GIF", (width, height)) as image:
        frames = int(getattr(image, "n_frames", 1))
        end = stream.furthest
        has_comment = "comment" in image.info
    if data[end - 1 : end] != _END:
        raise truncated("the frames")
    extra, notes = trailing(data, end)
    conversions = ("palette", *(("first-frame",) if frames > 1 else ()), *extra)
    notes += metadata_note(["comment"] if has_comment else [])
    pixels = partial(decode_with_pillow, data, "GIF", (width, height), 3)
    return Header("GIF", width, height, 3, pixels, conversions, notes, end=end)


class _Measured(io.BytesIO):
    """A file that notes how far it was read: Pillow counts frames up to the end mark and does not say where that is."""

    furthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.furthest = max(self.furthest, self.tell())
        return content
