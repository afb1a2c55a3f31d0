from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, read

RNG = np.random.default_rng(9)
PALETTE = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
INDICES = RNG.integers(0, 256, (2, 5, 7), dtype=np.uint8)


def gif(frames: int, **settings: object) -> bytes:
    images = [Image.fromarray(indices) for indices in INDICES[:frames]]
    for image in images:
        image.putpalette(PALETTE.tobytes())
    stream = io.BytesIO()
    images[0].save(stream, "GIF", save_all=True, append_images=images[1:], optimize=False, **settings)
    return stream.getvalue()


ONE, TWO = gif(1), gif(2)


def test_a_still_image_is_colors_of_a_palette() -> None:
    with pytest.raises(RefusedImage, match="palette"):
        read(ONE)
    assert np.array_equal(read(ONE, convert={"palette"}).samples, PALETTE[INDICES[0]].transpose(2, 0, 1))


def test_of_an_animation_the_first_frame_is_taken() -> None:
    with pytest.raises(RefusedImage, match="first frame"):
        read(TWO, convert={"palette"})
    assert np.array_equal(read(TWO, convert={"palette", "first-frame"}).samples, PALETTE[INDICES[0]].transpose(2, 0, 1))


def test_a_gray_gif_has_three_equal_channels() -> None:
    stream = io.BytesIO()
    Image.fromarray(INDICES[0]).save(stream, "GIF", optimize=False)
    assert np.array_equal(read(stream.getvalue(), convert={"palette"}).samples, INDICES[0][None].repeat(3, axis=0))


def test_a_transparent_entry_becomes_alpha_zero() -> None:
    picture = read(gif(1, transparency=int(INDICES[0, 2, 3])), convert={"palette"})
    assert picture.alpha is not None
    assert np.array_equal(picture.alpha == 0, INDICES[0] == INDICES[0, 2, 3])


def test_a_comment_is_noted() -> None:
    assert read(gif(1, comment=b"hello"), convert={"palette"}).notes == ("the file has metadata: comment",)


HOSTILE = {
    "header cut": (ONE[:9], "truncated"),
    "palette cut": (ONE[:100], "damaged"),
    "zero size": (ONE[:6] + bytes(4) + ONE[10:], "no pixels"),
    "a side too long": (ONE[:6] + b"\xff\xff" + ONE[8:], "side"),
    "no frame": (ONE[:781] + b";", "no image"),
    "no end": (ONE[:-1], "truncated"),
    "samples cut": (ONE[:-9] + b"\0;", "damaged"),
    "frame beyond the size": (ONE[:6] + b"\x06" + ONE[7:], "disagree"),
    "frame without samples": (ONE[:781] + b"," + bytes(8) + b"\0\x08\0;", "damaged"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)


def test_a_frame_of_a_hundred_million_pixels_is_refused_without_a_warning() -> None:
    bomb = ONE[:786] + struct.pack("<HH", 20_000, 5_000) + ONE[790:]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RefusedImage, match="stopped"):
            read(bomb, convert=CONVERSIONS)
    assert not caught


def test_a_zip_behind_the_end_is_a_finding() -> None:
    with pytest.raises(RefusedImage, match="after the end"):
        read(ONE + b"PK\x03\x04", convert={"palette"})
