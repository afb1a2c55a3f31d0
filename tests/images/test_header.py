from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import MAX_PIXELS, MAX_SIDE, encode, header
from ssgan.images.header import check_size, decode_with_pillow, exif_orientation, trailing


@pytest.mark.parametrize("size", [(1, 1), (MAX_SIDE, 3355), (8192, 8192)])
def test_sizes_up_to_the_limit_are_let_through(size: tuple[int, int]) -> None:
    assert size[0] * size[1] <= MAX_PIXELS
    check_size(*size)


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-1, 5), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (8192, 8193)])
def test_sizes_beyond_it_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(RefusedImage):
        check_size(*size)


def test_zero_padding_is_forgiven_up_to_the_formats_alignment() -> None:
    assert trailing(b"abc\0\0", 3, padding=2) == ((), ())
    assert trailing(b"abc\0\0", 3, padding=1)[0] == ("trailing",)
    assert trailing(b"abc\0\1", 3, padding=2)[0] == ("trailing",)
    assert trailing(b"abc", 3) == ((), ())


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_found_in_either_byte_order(order: str) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 274, 3, 1, 6, 0)
    assert exif_orientation(start + struct.pack(order + "IH", 8, 1) + entry) == (
        6,
        ("orientation 6 is asked for and was not applied",),
    )


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"nothing", b"II*\0\x08\0\0\0\0\0"])
def test_without_an_orientation_there_is_nothing_to_note(exif: bytes) -> None:
    assert exif_orientation(exif) == (1, ())


def test_a_decoder_that_finds_another_size_or_format_is_not_believed() -> None:
    data = encode(np.zeros((1, 4, 6), np.uint8), "PNG")
    assert decode_with_pillow(data, "PNG", (6, 4), 1).samples.shape == (1, 4, 6)
    with pytest.raises(RefusedImage, match="disagree"):
        decode_with_pillow(data, "PNG", (4, 6), 1)
    with warnings.catch_warnings(record=True) as caught, pytest.raises(RefusedImage):
        decode_with_pillow(data, "TIFF", (6, 4), 1)
    assert not caught


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_picture_decoded_in_strips_is_the_whole_picture(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, channels = np.random.default_rng(1), len(mode)
    pixels = rng.integers(0, 256, (23, 7, channels), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(stream, "PNG")
    monkeypatch.setattr(header, "_STRIP_PIXELS", 30)
    samples, alpha = decode_with_pillow(stream.getvalue(), "PNG", (7, 23), 1 if mode[0] == "L" else 3)
    found = samples if alpha is None else np.concatenate([samples, alpha[None]])
    assert np.array_equal(found.transpose(1, 2, 0), pixels)
