"""Read the low bytes of a 16-bit PNG, which the decoder leaves out: a message hidden in last bits is there.

The filters are undone for all rows at once, along diagonals: a pixel needs its left, upper and upper left neighbors (W3C
Portable Network Graphics, third edition, section 9).
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from ssgan.images.formats import png
from ssgan.images.formats.png_filters import FILTERS
from ssgan.images.header import damaged

_GRAY, _COLOR = (0, 4), (2, 6)  # color types, without and with alpha


def png_low_bytes(data: bytes) -> NDArray[np.uint8] | None:
    """Return the low bytes uint8 (C, H, W), C = 1 or 3, of a 16-bit PNG, alpha left out.

    None for any other file, and where it is interlaced. Raises RefusedImage for a damaged file.
    """
    if not data.startswith(png.SIGNATURE):
        return None
    kind, compressed = None, []
    for name, body, _ in png.chunks_of(data):
        kind = png.kind_of(name, body) if kind is None else kind
        if name == b"IDAT":
            compressed.append(body)
    if kind is None or kind.depth != 16 or kind.interlaced or kind.color not in (*_GRAY, *_COLOR):
        return None
    try:
        raw = zlib.decompress(b"".join(compressed))
    except zlib.error as error:
        raise damaged("its compressed samples cannot be read") from error
    pixel_bytes = 2 * png.SAMPLES[kind.color]
    rows = np.frombuffer(raw, np.uint8)
    if rows.size != kind.height * (1 + kind.width * pixel_bytes):
        raise damaged("it has not as many samples as it announces")
    rows = rows.reshape(kind.height, -1)
    pixels = unfiltered(rows[:, 0], rows[:, 1:].reshape(kind.height, kind.width, pixel_bytes))
    channels = 1 if kind.color in _GRAY else 3
    return np.ascontiguousarray(pixels[..., 1 : 2 * channels : 2].transpose(2, 0, 1))


def unfiltered(filters: NDArray[np.uint8], filtered: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (H, W, B): the bytes of each pixel, from filtered ones and the filter (H,) of each row.

    Raises RefusedImage for a filter that PNG does not have.
    """
    height, width, size = filtered.shape
    if (filters >= FILTERS).any():
        raise damaged("a row has a filter that PNG does not have")
    pixels = np.zeros((height + 1, width + 1, size), np.int16)  # a row and a column of zeros before the first
    for diagonal in range(height + width - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        left, above, corner = pixels[rows + 1, columns], pixels[rows, columns + 1], pixels[rows, columns]
        to_left, to_above, to_corner = np.abs(above - corner), np.abs(left - corner), np.abs(left + above - 2 * corner)
        nearest = np.where(to_above <= to_corner, above, corner)
        paeth = np.where((to_left <= to_above) & (to_left <= to_corner), left, nearest)
        guesses = np.stack([np.zeros_like(left), left, above, (left + above) >> 1, paeth])
        guess = guesses[filters[rows], np.arange(len(rows))]
        pixels[rows + 1, columns + 1] = (filtered[rows, columns] + guess) & 255
    return pixels[1:, 1:].astype(np.uint8)
