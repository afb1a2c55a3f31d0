from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images import CONVERSIONS, read

RNG = np.random.default_rng(8)
COLOR = Image.fromarray(RNG.integers(0, 256, (16, 24, 3), dtype=np.uint8))
ORIENTED = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0"


def jpeg(image: Image.Image = COLOR, **settings: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **settings)
    return stream.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


PLAIN = jpeg()
FRAME = PLAIN.index(b"\xff\xc0")
SCAN = PLAIN.index(b"\xff\xda")


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_samples_are_the_decoders(mode: str, progressive: bool) -> None:
    data = jpeg(COLOR.convert(mode), progressive=progressive)
    with pytest.raises(RefusedImage) as refusal:
        read(data)
    assert "'jpeg'" in refusal.value.hint
    expected = np.asarray(Image.open(io.BytesIO(data))).reshape(16, 24, -1).transpose(2, 0, 1)
    assert np.array_equal(read(data, convert={"jpeg"}).samples, expected)


def test_cmyk_is_a_conversion_of_its_own() -> None:
    data = jpeg(COLOR.convert("CMYK"))
    with pytest.raises(RefusedImage, match="CMYK"):
        read(data, convert={"jpeg"})
    assert read(data, convert={"jpeg", "cmyk"}).samples.shape == (3, 16, 24)


def test_orientation_is_noted_and_not_applied() -> None:
    picture = read(jpeg(exif=ORIENTED, comment=b"hello"), convert={"jpeg"})
    assert picture.samples.shape == (3, 16, 24)
    assert "orientation 8 is asked for and was not applied" in picture.notes
    assert "the file has metadata: APP1, comment" in picture.notes


def test_damaged_exif_is_noted() -> None:
    assert "EXIF data is damaged" in read(jpeg(exif=ORIENTED[:20]), convert={"jpeg"}).notes


def test_a_second_picture_behind_the_first_is_a_finding() -> None:
    with pytest.raises(RefusedImage, match="after the end"):
        read(PLAIN + PLAIN, convert={"jpeg"})
    picture = read(PLAIN + PLAIN, convert={"jpeg", "trailing"})
    assert picture.notes[0] == f"{len(PLAIN)} bytes follow the end of the image"


def test_restarts_and_fillers_are_no_end_of_a_scan() -> None:
    data = jpeg(restart_marker_blocks=1)
    filled = data[:2] + b"\xff\xff" + data[2:]
    assert np.array_equal(read(filled, convert={"jpeg"}).samples, read(PLAIN, convert={"jpeg"}).samples)


def reframed(precision: int = 8, height: int = 16, width: int = 24, marker: int = 0xC0) -> bytes:
    changed = bytes([0xFF, marker]) + PLAIN[FRAME + 2 : FRAME + 4] + struct.pack(">BHH", precision, height, width)
    return PLAIN[:FRAME] + changed + PLAIN[FRAME + len(changed) :]


HOSTILE = {
    "signature only": (b"\xff\xd8\xff", "truncated"),
    "no image": (b"\xff\xd8\xff\xd9", "no image"),
    "no scan": (PLAIN[: PLAIN.index(b"\xff\xda")] + b"\xff\xd9", "no image"),
    "end marker missing": (PLAIN[:-2], "truncated"),
    "cut in a table": (PLAIN[:100], "truncated"),
    "a segment shorter than its length": (b"\xff\xd8\xff\xe0\0\x01" + PLAIN[2:], "shorter"),
    "garbage between segments": (PLAIN[:FRAME] + b"garbage" + PLAIN[FRAME:], "marker"),
    "two frames": (PLAIN[:FRAME] + PLAIN[FRAME : FRAME + 19] + PLAIN[FRAME:], "two frame"),
    "12 bits": (reframed(precision=12), "12 bits"),
    "no height": (reframed(height=0), "no pixels"),
    "a side too long": (reframed(width=65535), "side"),
    "100 Mpixel": (reframed(height=10000, width=10000), "Mpixel"),
    "lossless JPEG": (reframed(marker=0xC3), "SOF3"),
    "arithmetic coding": (reframed(marker=0xC9), "SOF9"),
    "frame header too short": (PLAIN[:FRAME] + segment(0xC0, b"\x08") + PLAIN[FRAME:], "truncated"),
    "frame header too long": (
        PLAIN[:FRAME] + segment(0xC0, PLAIN[FRAME + 4 : FRAME + 19] + b"x") + PLAIN[FRAME + 19 :],
        "length",
    ),
    "a thousand scans": (PLAIN[:SCAN] + PLAIN[SCAN:-2] * 1000 + b"\xff\xd9", "100 scans"),
    "no tables": (PLAIN[:2] + PLAIN[FRAME:], "damaged"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_with_the_reason(what: str) -> None:
    data, reason = HOSTILE[what]
    with pytest.raises(RefusedImage, match=reason):
        read(data, convert=CONVERSIONS)
