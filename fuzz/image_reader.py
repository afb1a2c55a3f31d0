"""Any bytes to the image reader: they are refused as `RefusedImage`, or they are an image that comes back as it was written.

The first byte says which conversions are allowed, the others are the file.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from ssgan import images
from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS

_WORDS = sorted(CONVERSIONS)


def check(data: bytes) -> None:
    """Raises where the reader breaks its promise."""
    if not data:
        return
    convert = _WORDS if data[0] & 1 else []
    try:
        picture = images.read(data[1:], convert=convert)
    except RefusedImage as refusal:
        assert str(refusal)
        return
    samples, alpha = picture.samples, picture.alpha
    assert samples.dtype == np.uint8, "not 8 bits a sample"
    assert samples.ndim == 3, "not (C, H, W)"
    assert samples.shape[0] in (1, 3), "neither gray nor color"
    assert samples.size > 0, "no pixels"
    assert alpha is None or (alpha.dtype == np.uint8 and alpha.shape == samples.shape[1:]), "alpha of another kind"
    assert convert or not picture.converted, "converted without leave"
    if samples.size < 1 << 16:
        again = images.read(images.encode(samples, "PNG", alpha=alpha))
        assert np.array_equal(again.samples, samples), "written and read again, it is another"
        assert alpha is None or np.array_equal(again.alpha, alpha), "written and read again, its alpha is another"  # type: ignore[arg-type]


def seeds() -> list[bytes]:
    """Whole small files of the formats that are written, and some headers by hand, with and without conversions."""
    rng = np.random.default_rng(1)
    color = rng.integers(0, 256, (3, 5, 7), dtype=np.uint8)
    files = [
        images.encode(color[:c], name) for c, name in ((1, "PNG"), (3, "PNG"), (3, "BMP"), (1, "PGM"), (3, "PPM"), (3, "TIFF"))
    ]
    files += [images.encode(color, name, alpha=color[0]) for name in ("PNG", "TIFF")]
    files += [
        b"P1 3 2\n101 010",
        b"P2 # words\n2 2 255 0 1 2 3",
        b"P5 1 1 65535\n\0\0",
        b"GIF89a" + bytes(20),
        b"RIFF\x04\0\0\0WEBP",
    ]
    files += [_deep_png(), b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + b"\xff\xd9"]
    return [head + file for file in files for head in (b"\0", b"\1")]


def _deep_png() -> bytes:
    """16 bits a sample, which Pillow would not tell."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(2 * 13))) + chunk(b"IEND", b"")
