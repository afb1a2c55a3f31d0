from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, encode, read

RNG = np.random.default_rng(6)
RAMP = np.arange(256, dtype=np.uint8)[:, None].repeat(4, axis=1) * np.array([1, 1, 1, 0], dtype=np.uint8)
BGRA_MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(
    rows: list[bytes],
    width: int,
    depth: int,
    *,
    palette: np.ndarray | None = None,
    masks: tuple[int, ...] = (),
    top_down: bool = False,
) -> bytes:
    """A BMP of unpadded rows, top row first; a palette is (n, 4) blue, green, red, 0."""
    info_bytes = 56 if masks else 40
    table = b"" if palette is None else palette.tobytes()
    start = 14 + info_bytes + len(table)
    body = b"".join(row + bytes(-len(row) % 4) for row in (rows if top_down else rows[::-1]))
    height = -len(rows) if top_down else len(rows)
    colors = 0 if palette is None else len(palette)
    info = struct.pack("<IiiHHIIiiII", info_bytes, width, height, 1, depth, 3 if masks else 0, len(body), 0, 0, colors, 0)
    return (
        b"BM"
        + struct.pack("<IHHI", start + len(body), 0, 0, start)
        + info
        + struct.pack(f"<{len(masks)}I", *masks)
        + table
        + body
    )


@given(height=st.integers(1, 6), width=st.integers(1, 9), top_down=st.booleans(), seed=st.integers(0, 99))
def test_color_is_read_from_either_end(height: int, width: int, top_down: bool, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    data = bmp([row[:, ::-1].tobytes() for row in pixels], width, 24, top_down=top_down)
    assert np.array_equal(read(data).samples, pixels.transpose(2, 0, 1))


def test_a_palette_of_all_grays_in_order_is_gray() -> None:
    pixels = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
    picture = read(bmp([row.tobytes() for row in pixels], 7, 8, palette=RAMP))
    assert np.array_equal(picture.samples, pixels[None])
    assert not picture.converted


@pytest.mark.parametrize("depth", [1, 4, 8])
def test_any_other_palette_is_a_conversion(depth: int) -> None:
    palette = RNG.integers(0, 256, (2**depth, 4), dtype=np.uint8)
    indices = RNG.integers(0, 2**depth, (5, 7))
    bits = ((indices[..., None] >> np.arange(depth)[::-1]) & 1).reshape(5, -1).astype(np.uint8)
    data = bmp([np.packbits(row).tobytes() for row in bits], 7, depth, palette=palette)
    with pytest.raises(RefusedImage, match="palette"):
        read(data)
    picture = read(data, convert={"palette"})
    assert np.array_equal(picture.samples, palette[indices][:, :, 2::-1].transpose(2, 0, 1))


def test_the_fourth_byte_is_alpha_only_where_a_mask_says_so() -> None:
    pixels = RNG.integers(0, 256, (5, 7, 4), dtype=np.uint8)
    rows = [row[:, [2, 1, 0, 3]].tobytes() for row in pixels]
    with_alpha, without = read(bmp(rows, 7, 32, masks=BGRA_MASKS)), read(bmp(rows, 7, 32))
    assert with_alpha.alpha is not None
    assert np.array_equal(with_alpha.alpha, pixels[:, :, 3])
    assert without.alpha is None
    assert any("fourth byte" in note for note in without.notes)
    for picture in (with_alpha, without):
        assert np.array_equal(picture.samples, pixels[:, :, :3].transpose(2, 0, 1))


def test_padding_at_the_end_is_no_finding_but_other_bytes_are() -> None:
    data = encode(RNG.integers(0, 256, (3, 4, 4), dtype=np.uint8), "BMP")
    assert not read(data + b"\0\0").notes
    for extra in (b"\0\x01", bytes(4)):
        with pytest.raises(RefusedImage, match="after the end"):
            read(data + extra)


def patched(data: bytes, position: int, code: str, value: int) -> bytes:
    patch = struct.pack("<" + code, value)
    return data[:position] + patch + data[position + len(patch) :]


PLAIN = bmp([bytes(range(21))] * 5, 7, 24)
INDEXED = bmp([bytes(range(7))] * 5, 7, 8, palette=RAMP[::-1].copy())
HOSTILE = {
    "header only": (PLAIN[:20], "truncated"),
    "samples cut": (PLAIN[:-1], "truncated"),
    "zero width": (patched(PLAIN, 18, "i", 0), "no pixels"),
    "negative width": (patched(PLAIN, 18, "i", -7), "no pixels"),
    "least height": (patched(PLAIN, 22, "i", -(2**31)), "side"),
    "80 Mpixel": (patched(patched(PLAIN, 18, "i", 16000), 22, "i", 5300), "Mpixel"),
    "OS/2 header": (patched(PLAIN, 14, "I", 12), "unusual header"),
    "header of no length": (patched(PLAIN, 14, "I", 41), "no known length"),
    "two planes": (patched(PLAIN, 26, "H", 2), "damaged"),
    "16 bits a pixel": (patched(PLAIN, 28, "H", 16), "16 bits"),
    "run lengths": (patched(INDEXED, 30, "I", 1), "stored in way 1"),
    "JPEG inside": (patched(PLAIN, 30, "I", 4), "stored in way 4"),
    "unusual masks": (bmp([bytes(28)] * 5, 7, 32, masks=(255, 0xFF00, 0xFF0000, 0)), "order of colors"),
    "samples beyond the file": (patched(PLAIN, 10, "I", 2**31), "truncated"),
    "palette of 2^31 colors": (patched(INDEXED, 46, "I", 2**31), "palette"),
    "palette over the samples": (patched(INDEXED, 10, "I", 100), "palette"),
    "index beyond the palette": (patched(INDEXED, 46, "I", 3), "beyond the palette"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)
