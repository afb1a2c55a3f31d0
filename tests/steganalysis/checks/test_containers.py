from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan import images
from ssgan.steganalysis.checks.facts import Fact
from ssgan.steganalysis.checks.file_facts import file_facts

TEXT = b"Meet me at nine under the old bridge, and bring the map with you. "


def scene(seed: int = 1, height: int = 96, width: int = 128) -> np.ndarray:
    """Smooth shapes, another picture for each seed: uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def saved(samples: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, kind, **options)
    return file.getvalue()


def facts(data: bytes, name: str = "a.png") -> list[Fact]:
    picture = images.read(data, convert=images.CONVERSIONS)
    return file_facts(data, name, picture.samples, are_own=not picture.converted)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(data: bytes, name: bytes, body: bytes, *, before: bytes = b"IEND") -> bytes:
    place = data.index(before) - 4
    return data[:place] + chunk(name, body) + data[place:]


def test_chunks_that_no_program_writes_and_chunks_at_odd_places() -> None:
    data = saved(scene(), "PNG")
    (fact,) = facts(with_chunk(data, b"stEg", b"PK\x03\x04....", before=b"IDAT"))
    assert (fact.kind, fact.is_finding, fact.offset) == ("structure", True, data.index(b"IDAT") - 4)
    assert "stEg" in fact.sentence
    assert "a ZIP archive" in fact.sentence
    (fact,) = facts(with_chunk(data, b"gAMA", struct.pack(">I", 45455)))
    assert "behind the samples" in fact.sentence
    palette = Image.fromarray(scene()).quantize(32)
    file = io.BytesIO()
    palette.save(file, "PNG")
    (fact,) = facts(with_chunk(file.getvalue(), b"gAMA", struct.pack(">I", 45455), before=b"IDAT"))
    assert "behind the palette" in fact.sentence
    for clean in (
        data,
        file.getvalue(),
        with_chunk(data, b"pHYs", bytes(9), before=b"IDAT"),
        with_chunk(data, b"tIME", bytes(7)),
    ):
        assert facts(clean) == []


def test_surplus_of_compressed_samples() -> None:
    data = saved(scene(), "PNG")
    short = bytearray(data)
    short[20:24] = struct.pack(">I", 90)  # the height
    short[29:33] = struct.pack(">I", zlib.crc32(short[12:29]))
    (fact,) = file_facts(bytes(short), "a.png")
    assert "enough for 6 more rows" in fact.sentence
    assert len(fact.content) == 6 * (1 + 3 * 128)
    place = data.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", data, place)
    longer = data[:place] + chunk(b"IDAT", data[place + 8 : place + 8 + length] + b"secret") + data[place + 12 + length :]
    (fact,) = file_facts(longer, "a.png")
    assert fact.content == b"secret"


def exif_of(thumbnail: bytes, comment: str = "") -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + comment.encode()
    head = exif.tobytes() if comment else b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    if not thumbnail:
        return head
    body = b"II*\0" + struct.pack("<IHI", 8, 0, 14) + struct.pack("<H", 2)  # IFD0 without entries, then IFD1
    start = 14 + 2 + 24 + 4
    body += struct.pack("<HHII", 0x0201, 4, 1, start) + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail)) + bytes(4)
    return b"Exif\0\0" + body + thumbnail


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_the_thumbnail_is_compared_with_the_picture(kind: str) -> None:
    def small(seed: int, **changes: int) -> bytes:
        picture = Image.fromarray(scene(seed)).resize((64, 48)).rotate(changes.get("turned", 0), expand=True)
        page = Image.new("RGB", (picture.width, picture.height + changes.get("bars", 0)))
        page.paste(picture, (0, changes.get("bars", 0) // 2))
        file = io.BytesIO()
        page.save(file, "JPEG")
        return file.getvalue()

    name = f"a.{kind.lower()}"
    for same in (small(1), small(1, bars=16), small(1, turned=90)):
        assert facts(saved(scene(1), kind, exif=exif_of(same)), name) == []
    data = saved(scene(1), kind, exif=exif_of(small(2)))
    (fact,) = facts(data, name)
    assert fact.kind == "thumbnail"
    assert fact.content == small(2)
    assert fact.offset == data.index(small(2))


def test_texts_in_exif_and_comments() -> None:
    (fact,) = facts(saved(scene(), "JPEG", exif=exif_of(b"", "flag{exif}")), "a.jpg")
    assert (fact.content, fact.is_finding) == (b"flag{exif}", True)
    assert facts(saved(scene(), "JPEG", exif=exif_of(b"", "     ")), "a.jpg") == []
    assert facts(saved(scene(), "JPEG", exif=exif_of(b"", "OLYMPUS DIGITAL CAMERA")), "a.jpg") == []
    (fact,) = facts(saved(scene(), "JPEG", comment=b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90"), "a.jpg")
    assert not fact.is_finding
    (fact,) = facts(
        saved(scene(), "JPEG", comment=b"JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech.  "), "a.jpg"
    )
    assert (fact.kind, fact.is_finding) == ("tool", True)
    assert "F5" in fact.sentence


def test_what_cameras_announce_is_no_finding() -> None:
    data = saved(scene(), "JPEG")
    marker = b"\xff\xe2" + struct.pack(">H", 6) + b"MPF\0"
    (fact,) = facts(data[:2] + marker + data[2:] + data, "a.jpg")
    assert not fact.is_finding
    (fact,) = facts(data + data, "a.jpg")
    assert fact.is_finding
    (fact,) = facts(data + b"something" + b"SEFT", "a.jpg")
    assert not fact.is_finding


def test_chunks_of_webp() -> None:
    data = saved(scene(), "WebP")
    body = data[12:] + b"hide" + struct.pack("<I", 4) + b"PK\x03\x04"
    (fact,) = facts(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body, "a.webp")
    assert "'hide'" in fact.sentence
    assert "a ZIP archive" in fact.sentence
    assert facts(data, "a.webp") == []


def palette_file(indices: np.ndarray, colors: np.ndarray, kind: str) -> bytes:
    picture = Image.fromarray(indices, "P")
    picture.putpalette(colors.tobytes())
    file = io.BytesIO()
    picture.save(file, kind, **({"optimize": False} if kind == "GIF" else {}))
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palettes(kind: str) -> None:
    rng = np.random.default_rng(5)
    colors = rng.integers(0, 256, (256, 3), dtype=np.uint8)
    indices = rng.integers(0, 256, (40, 48), dtype=np.uint8)
    name = f"a.{kind.lower()}"
    assert facts(palette_file(indices, colors, kind), name) == []
    doubled = np.repeat(colors[:128], 2, axis=0)
    (fact,) = facts(palette_file(indices, doubled, kind), name)
    assert "128 colors are in the palette twice or more" in fact.sentence
    bits = np.unpackbits(np.frombuffer(TEXT, np.uint8))
    carrying = indices.copy().reshape(-1)
    carrying[: len(bits)] = carrying[: len(bits)] & 254 | bits
    (fact,) = facts(palette_file(carrying.reshape(indices.shape), colors, kind), name)
    assert "palette indices" in fact.sentence
    assert fact.content.startswith(TEXT.strip())
    told = colors.copy()
    told.reshape(-1)[: len(TEXT)] = np.frombuffer(TEXT, np.uint8)
    (fact,) = facts(palette_file(indices, told, kind), name)
    assert "colors of the palette are a text" in fact.sentence


def test_a_file_of_another_kind_with_the_name_of_a_picture(tmp_path: Path) -> None:
    (fact,) = file_facts(b"PK\x03\x04 and so on", "holiday.png")
    assert fact.sentence == "The file is called .png and is a ZIP archive."
    assert file_facts(b"PK\x03\x04 and so on", "holiday.zip") == []
