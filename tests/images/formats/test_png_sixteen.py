from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images.formats.png_sixteen import png_low_bytes, unfiltered


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def written(pixels: np.ndarray, color: int, filters: np.ndarray) -> bytes:
    """A PNG of 16-bit samples (H, W, C), each row by its filter, by the loops of the specification."""
    height, width, channels = pixels.shape
    raw = pixels.astype(">u2").tobytes()
    stride, size, out = width * channels * 2, 2 * channels, bytearray()
    for y in range(height):
        out.append(int(filters[y]))
        for i in range(stride):
            x = raw[y * stride + i]
            a = raw[y * stride + i - size] if i >= size else 0
            b = raw[(y - 1) * stride + i] if y else 0
            c = raw[(y - 1) * stride + i - size] if y and i >= size else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            out.append((x - (0, a, b, (a + b) // 2, paeth)[filters[y]]) % 256)
    head = struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(out))) + chunk(b"IEND", b"")


@given(
    seed=st.integers(0, 2**32), height=st.integers(1, 12), width=st.integers(1, 12), color=st.sampled_from([0, 2, 4, 6]),
    is_smooth=st.booleans(),
)  # fmt: skip
def test_low_bytes_are_those_that_were_written(seed: int, height: int, width: int, color: int, is_smooth: bool) -> None:
    rng = np.random.default_rng(seed)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    pixels = rng.integers(0, 2**16, (height, width, channels))
    pixels = pixels.cumsum(axis=1) // 50 % 2**16 if is_smooth else pixels
    found = png_low_bytes(written(pixels, color, rng.integers(0, 5, height)))
    assert found is not None
    colors = channels - (color in (4, 6))
    assert np.array_equal(found, (pixels[..., :colors] & 255).transpose(2, 0, 1))


def test_a_file_by_another_program_and_files_that_have_none() -> None:
    gray = np.random.default_rng(1).integers(0, 2**16, (20, 30)).astype(np.uint16)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG")
    found = png_low_bytes(file.getvalue())
    assert found is not None
    assert np.array_equal(found[0], gray & 255)
    for other in (gray.astype(np.uint8), np.zeros((4, 4, 3), np.uint8)):
        file = io.BytesIO()
        Image.fromarray(other).save(file, "PNG")
        assert png_low_bytes(file.getvalue()) is None
    assert png_low_bytes(b"no picture") is None


def test_a_filter_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RefusedImage):
        unfiltered(np.array([5], np.uint8), np.zeros((1, 2, 2), np.uint8))
