"""Parse BMP: 54 bytes or more of header, then rows from the bottom up, each padded to four bytes (Microsoft,
BITMAPV5HEADER).
"""

from __future__ import annotations

import struct
from functools import partial

import numpy as np

from ssgan.images.encoded import Encoded
from ssgan.images.header import Header, Pixels, check_size, damaged, take, trailing, unsupported

_INFO_BYTES = (40, 52, 56, 64, 108, 124)
_PLAIN, _MASKS = 0, 3  # ways to store samples; 1, 2 are run lengths, 4, 5 a JPEG or PNG inside
_BGRA_MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
_GRAY_RAMP = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)


def walk(data: bytes) -> Header:
    """Return the Header of a BMP file: 24-bit color, 32-bit color with or without alpha, or 1 to 8 bits with a palette.

    A palette of 256 gray levels in order is BMP's form of gray, and counts as gray.
    """
    (start,) = struct.unpack("<I", take(data, 10, 4, "the header"))
    info = take(data, 14, 40, "the header")
    length, width, height, planes, depth, storage, _, _, _, colors, _ = struct.unpack("<IiiHHIIiiII", info)
    if length not in _INFO_BYTES or planes != 1:
        raise unsupported("a BMP of an unusual header") if length in (12, 16) else damaged("its header has no known length")
    check_size(width, abs(height))
    if depth not in (1, 4, 8, 24, 32) or storage not in (_PLAIN, _MASKS) or (storage == _MASKS and depth != 32):
        raise unsupported(f"a BMP of {depth} bits, stored in way {storage}")
    row_bytes = (width * depth + 31) // 32 * 4
    body = take(data, start, abs(height) * row_bytes, "the samples")
    end = start + len(body)
    conversions, notes = trailing(data, end, padding=3)
    rows = np.frombuffer(body, np.uint8).reshape(abs(height), row_bytes)
    rows = rows if height < 0 else rows[::-1]  # (H, bytes), top row first
    if depth <= 8:
        palette = _palette(data, 14 + length, start, colors or 2**depth)
        gray = depth == 8 and np.array_equal(palette, _GRAY_RAMP)
        pixels = partial(_indexed, rows, width, depth, None if gray else palette)
        words = () if gray else ("palette",)
        return Header("BMP", width, abs(height), 1 if gray else 3, pixels, words + conversions, notes, end=end)
    alpha = depth == 32 and _has_alpha(data, length, storage, start)
    if depth == 32 and not alpha:
        notes += ("the fourth byte of each pixel has no meaning and was left out",)
    pixels = partial(_color, rows, width, depth // 8, alpha)
    return Header("BMP", width, abs(height), 3, pixels, conversions, notes, end=end)


def encode_like(data: bytes, stego: Pixels) -> Encoded | None:
    """Return the file `data` with the samples of `stego` in place of its own; None where the sizes differ.

    Header, resolution, palette, order of rows, the bytes that pad a row and the fourth byte of a pixel are the cover's.
    """
    start, _, width, height = struct.unpack_from("<IIii", data, 10)
    (depth,) = struct.unpack_from("<H", data, 28)
    channels, pixel_bytes = len(stego.samples), depth // 8
    if stego.samples.shape[1:] != (abs(height), width) or stego.alpha is not None:
        return None
    row_bytes = (width * depth + 31) // 32 * 4
    content = bytearray(data)
    rows = np.frombuffer(content, np.uint8, abs(height) * row_bytes, start).reshape(abs(height), row_bytes)
    rows = rows if height < 0 else rows[::-1]
    pixels = rows[:, : width * pixel_bytes].reshape(abs(height), width, pixel_bytes)  # a view
    pixels[:, :, :channels] = stego.samples.transpose(1, 2, 0)[:, :, ::-1]
    return Encoded(bytes(content), "cover")


def _palette(data: bytes, position: int, start: int, colors: int) -> np.ndarray:
    """Return uint8 (colors, 3), red, green, blue, of the palette between header and samples."""
    if colors > 256 or position + 4 * colors > start:
        raise damaged("its palette does not fit between header and samples")
    entries = np.frombuffer(take(data, position, 4 * colors, "the palette"), np.uint8)
    return entries.reshape(colors, 4)[:, 2::-1]


def _has_alpha(data: bytes, length: int, storage: int, start: int) -> bool:
    """Return whether the masks of a 32-bit file name an alpha byte. Only the usual order of bytes is read."""
    if storage == _PLAIN:
        return False
    masks = struct.unpack("<4I", take(data, 54, 16, "the color masks"))
    if masks[:3] != _BGRA_MASKS[:3]:
        raise unsupported("a BMP with an unusual order of colors")
    # The fourth mask is there in headers of 56 bytes or more; in shorter ones other things follow the third.
    return length >= 56 and start >= 70 and masks[3] == _BGRA_MASKS[3]


def _indexed(rows: np.ndarray, width: int, depth: int, palette: np.ndarray | None) -> Pixels:
    """Return gray samples, or the palette's color samples."""
    indices = np.unpackbits(rows, axis=1)
    if depth < 8:
        indices = indices.reshape(len(rows), -1, depth) @ (1 << np.arange(depth)[::-1]).astype(np.uint8)
    else:
        indices = rows
    indices = indices[:, :width]
    if palette is None:
        return Pixels(indices[None].copy(), None)
    if indices.max() >= len(palette):
        raise damaged("a pixel points beyond the palette")
    return Pixels(np.ascontiguousarray(palette[indices].transpose(2, 0, 1)), None)


def _color(rows: np.ndarray, width: int, pixel_bytes: int, alpha: bool) -> Pixels:
    """Return blue, green, red, and the fourth byte where it is alpha."""
    pixels = rows[:, : width * pixel_bytes].reshape(len(rows), width, pixel_bytes)
    samples = np.ascontiguousarray(pixels[:, :, 2::-1].transpose(2, 0, 1))
    return Pixels(samples, pixels[:, :, 3].copy() if alpha else None)
