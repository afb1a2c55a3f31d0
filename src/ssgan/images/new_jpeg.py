"""Compress a picture to a new JPEG by the standard tables, and keep what rounding took: the sender's side information.

The file is laid out as libjpeg writes it: JFIF 1.01, the quantization tables of ITU-T T.81, Annex K, scaled by a quality as
libjpeg scales them, its standard Huffman tables, and chromas of half the height and width. Colors and cosines are computed
unrounded in double precision, which is how the rounding errors are known.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import InvalidSetting
from ssgan.images import cosines
from ssgan.images.arrays import ImageLike, Layout, samples_of
from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.coefficients import SIDE, Coefficients, Component, as_blocks
from ssgan.images.formats.jpeg_huffman import STANDARD
from ssgan.images.formats.jpeg_structure import ZIGZAG, parse

LUMA_STEPS = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip
CHROMA_STEPS = np.full((SIDE, SIDE), 99)
CHROMA_STEPS[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
# Red, green, blue to Y, Cb, Cr: JFIF 1.02, after ITU-R BT.601.
TO_YCC = np.array([
    [0.299, 0.587, 0.114], [-0.299 / 1.772, -0.587 / 1.772, 0.886 / 1.772], [0.701 / 1.402, -0.587 / 1.402, -0.114 / 1.402],
])  # fmt: skip

MOST_STEP = 255  # of a quantization table of 8 bits


@dataclass(frozen=True, eq=False)
class NewJpeg:
    """A JPEG that was just made, and what rounding took from each of its coefficients.

    errors: float64 (R, C, 8, 8) a component: the coefficient before rounding minus that after it, -1/2...1/2.
    """

    cover: Coefficients
    errors: tuple[NDArray[np.float64], ...]


def new_jpeg(image: ImageLike, quality: int, *, layout: Layout | None = None) -> NewJpeg:
    """Return an image, as `as_image` takes it, as a JPEG of a libjpeg quality 1...100. Raises InvalidSetting for others."""
    check_quality(quality)
    samples = samples_of(image, layout=layout)  # (C, H, W)
    channels, height, width = samples.shape
    factor = 2 if channels == 3 else 1
    tables = [steps(LUMA_STEPS, quality), *([steps(CHROMA_STEPS, quality)] * (channels - 1))]
    unit = SIDE * factor
    around = ((0, 0), (0, -height % unit), (0, -width % unit))
    whole = np.pad(samples.astype(np.float64), around, mode="edge")
    planes = [whole[0]] if channels == 1 else _ycc(whole)
    unrounded = [cosines.from_samples(plane, table) for plane, table in zip(planes, tables, strict=True)]
    blocks = [np.rint(part).astype(np.int16) for part in unrounded]
    sizes = [(height, width), *([(-(-height // factor), -(-width // factor))] * (channels - 1))]
    components = tuple(
        Component(part, table, (factor, factor) if k == 0 else (1, 1), (h // SIDE, w // SIDE), (h, w))
        for k, (part, table, (h, w)) in enumerate(zip(blocks, tables, sizes, strict=True))
    )
    cover = read_coefficients(encode_coefficients(_framed(height, width, components)))
    return NewJpeg(cover, tuple(_errors(part, own) for part, own in zip(unrounded, cover.components, strict=True)))


def gray_jpeg(plane: NDArray[np.int16], table: NDArray[np.uint16]) -> Coefficients:
    """Return quantized coefficients (8 R, 8 C), blocks side by side as a plane, as the gray JPEG that they make.

    Raises InvalidSetting for a table that a baseline file cannot hold: a step of more than 255.
    """
    if table.max() > MOST_STEP:
        raise InvalidSetting(
            f"the quantization table has a step of {table.max()}; a baseline JPEG holds 1...{MOST_STEP}",
            hint="take JPEGs with tables of 8 bits",
        )
    blocks = np.ascontiguousarray(as_blocks(plane))
    rows, columns = blocks.shape[:2]
    size = SIDE * rows, SIDE * columns
    return _framed(*size, (Component(blocks, table, (1, 1), (rows, columns), size),))


def check_quality(quality: int) -> None:
    """Raise InvalidSetting for a quality that is not 1...100."""
    if not 1 <= quality <= 100:
        raise InvalidSetting(f"the quality is {quality}; it must be 1 to 100", hint="give what web pictures have, such as 90")


def steps(base: NDArray[Any], quality: int) -> NDArray[np.uint16]:
    """Return the quantization table uint16 (8, 8) that libjpeg makes of a table of Annex K for a quality 1...100."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.asarray(((base * percent + 50) // 100).clip(1, 255), np.uint16)


def _framed(height: int, width: int, components: tuple[Component, ...]) -> Coefficients:
    """Return components with the frame of a file, whose scan is written when it is encoded."""
    frame = _file(height, width, components)
    return Coefficients(height, width, components, False, frame, replace(parse(frame), is_canonical=True))


def _ycc(colors: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return luma, and the chromas as means of 2 x 2 samples, from colors (3, H, W) of even height and width."""
    luma, blue, red = np.tensordot(TO_YCC, colors, axes=1)
    halves = [chroma.reshape(chroma.shape[0] // 2, 2, -1, 2).mean((1, 3)) + cosines.CENTER for chroma in (blue, red)]
    return [luma, *halves]


def _errors(unrounded: NDArray[np.float64], component: Component) -> NDArray[np.float64]:
    """Return what rounding took; blocks beyond a gray picture are not coded."""
    rows, columns = component.blocks.shape[:2]
    return np.asarray(unrounded[:rows, :columns] - component.blocks)


def _file(height: int, width: int, components: tuple[Component, ...]) -> bytes:
    """Return the segments of a file with these components, whose scan is empty."""
    tables = [component.table for component in components[:2]]
    parts = [b"\xff\xd8", _segment(0xE0, b"JFIF\x00\x01\x01\x00" + struct.pack(">HHBB", 1, 1, 0, 0))]
    for number, table in enumerate(tables):
        parts.append(_segment(0xDB, bytes([number]) + table.reshape(-1)[ZIGZAG].astype(np.uint8).tobytes()))
    frame = struct.pack(">BHHB", 8, height, width, len(components))
    for k, component in enumerate(components):
        horizontal, vertical = component.sampling
        frame += bytes([k + 1, horizontal << 4 | vertical, min(k, 1)])
    parts.append(_segment(0xC0, frame))
    for place in range(len(tables)):
        for kind in (0, 1):
            codes = STANDARD[2 * kind + place]
            parts.append(_segment(0xC4, bytes([kind << 4 | place]) + codes.counts + codes.symbols))
    scan = bytes([len(components)]) + b"".join(bytes([k + 1, min(k, 1) * 0x11]) for k in range(len(components)))
    return b"".join([*parts, _segment(0xDA, scan + b"\x00\x3f\x00"), b"\xff\xd9"])


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
