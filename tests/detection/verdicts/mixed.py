"""Build 64 mixed files: clean ones of many kinds, broken ones, and ones with something certain in them, each named after it."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from ssgan.images.coefficient_files import encode_coefficients, read_coefficients
from ssgan.images.formats.jpeg_structure import ZIGZAG
from ssgan.steganalysis.checks.tool_traces import JavaRandom
from tests.detection.verdicts import clean

TEXT = b"Meet me at nine under the old bridge, and bring the map with you. " * 4
COUNT = 64


class MixedFile(NamedTuple):
    """A file: its name, its bytes, and what a row on it must say; "" for a clean one, "broken" for one that cannot be read."""

    name: str
    content: bytes
    expected: str


def photograph(number: int, side: int = 256) -> np.ndarray:
    """uint8 (side, side, 3): one of some photographs and places in them."""
    whole = clean.photograph(("coffee", "astronaut", "chelsea", "motorcycle_left")[number % 4]).transpose(1, 2, 0)
    top = (number * 37) % max(1, whole.shape[0] - side)
    left = (number * 53) % max(1, whole.shape[1] - side)
    return np.ascontiguousarray(whole[top : top + side, left : left + side])


def saved(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, kind, **options)
    return file.getvalue()


@cache
def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("note.txt", "hello, there is a note in here")
    return file.getvalue()


def bits_of(content: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(content, np.uint8))


def with_bits(
    picture: np.ndarray, bits: np.ndarray, *, channels: str = "RGB", by_columns: bool = False, plane: int = 0
) -> np.ndarray:
    """The picture (H, W, C) with bits in a plane of its samples, in an order."""
    turned = picture.transpose(1, 0, 2) if by_columns else picture
    chosen = [0] if picture.shape[2] == 1 else ["RGB".index(one) for one in channels]
    flat = turned[..., chosen].reshape(-1).copy()
    flat[: len(bits)] = flat[: len(bits)] & ~np.uint8(1 << plane) | bits.astype(np.uint8) << plane
    result = turned.copy()
    result[..., chosen] = flat.reshape(*turned.shape[:2], len(chosen))
    return np.ascontiguousarray(result.transpose(1, 0, 2) if by_columns else result)


def mixed_files() -> list[MixedFile]:
    """All of them, in the order of their names."""
    found = [*_clean(), *_around(), *_in_samples(), *_broken()]
    assert len(found) == len({one.name for one in found}) == COUNT
    return sorted(found)


def _clean() -> list[MixedFile]:
    gray = [np.asarray(Image.fromarray(photograph(i)).convert("L")) for i in range(3)]
    made = [(f"clean-{i}.png", saved(photograph(i), "PNG")) for i in range(5)]
    made += [(f"clean-gray-{i}.png", saved(one, "PNG")) for i, one in enumerate(gray)]
    made += [(f"clean-{quality}.jpg", saved(photograph(quality), "JPEG", quality=quality)) for quality in (60, 75, 85, 90, 95)]
    made += [("clean-progressive.jpg", saved(photograph(3), "JPEG", progressive=True)), ("clean-cmyk.jpg", _cmyk())]
    made += [(f"clean-{i}.gif", saved(Image.fromarray(photograph(i)).quantize(64 << i), "GIF")) for i in range(2)]
    made += [
        ("clean-lossy.webp", saved(photograph(6), "WebP")),
        ("clean-lossless.webp", saved(photograph(7), "WebP", lossless=True)),
    ]
    made += [
        ("clean.bmp", saved(photograph(8), "BMP")),
        ("clean.tif", saved(photograph(9), "TIFF")),
        ("clean.ppm", saved(photograph(10), "PPM")),
    ]
    made += [(f"clean-16-{i}.png", saved(Image.fromarray(gray[i].astype(np.uint16) * 257 + i), "PNG")) for i in range(2)]
    made += [(f"clean-palette-{i}.png", saved(Image.fromarray(photograph(i)).quantize(32 << i), "PNG")) for i in range(2)]
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "GIMP 2.10")
    made += [
        ("clean-software.png", saved(photograph(11), "PNG", pnginfo=info)),
        ("clean-white.png", saved(np.full((64, 64, 3), 255, np.uint8), "PNG")),
    ]
    return [MixedFile(name, content, "") for name, content in made]


def _cmyk() -> bytes:
    return saved(Image.fromarray(photograph(5)).convert("CMYK"), "JPEG")


def _around() -> list[MixedFile]:
    """What is around the samples."""
    made = [MixedFile(f"zip-behind.{kind.lower()}", saved(photograph(i), kind) + archive(), "a ZIP archive")
            for i, kind in enumerate(("PNG", "JPEG", "GIF", "WebP", "BMP"))]  # fmt: skip
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "secret: under the bridge")
    png = saved(photograph(1), "PNG")
    made += [
        MixedFile("renamed-jpeg.png", saved(photograph(2), "JPEG"), "is a JPEG file"),
        MixedFile("renamed-png.jpg", saved(photograph(3), "PNG"), "is a PNG file"),
        MixedFile("renamed-zip.png", archive(), "is a ZIP archive"),
        MixedFile("text-chunk.png", saved(photograph(1), "PNG", pnginfo=info), "secret: under the bridge"),
        MixedFile("comment.jpg", saved(photograph(2), "JPEG", comment=b"flag{comment}"), "flag{comment}"),
        MixedFile("comment.gif", saved(photograph(3), "GIF", comment=b"flag{gif}"), "flag{gif}"),
        MixedFile(
            "f5-comment.jpg",
            saved(photograph(4), "JPEG", comment=b"JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech.  "),
            "F5",
        ),
        MixedFile("thumbnail.jpg", saved(photograph(0), "JPEG", exif=_exif(photograph(1))), "shows another picture"),
        MixedFile("chunk.png", _with_chunk(png, b"stEg", archive()), "A chunk stEg"),
        MixedFile("cut-height.png", _cut(png, 200), "the height may have been cut"),
        MixedFile("doubled.png", _doubled(), "in the palette twice"),
    ]
    return made


def _in_samples() -> list[MixedFile]:
    """What is in last bits."""
    text, behind = bits_of(TEXT), struct.pack(">I", len(TEXT)) + TEXT
    gray = np.asarray(Image.fromarray(photograph(7)).convert("L"))[..., None]
    said = "Meet me at nine"
    stepic = np.array([bit for i, byte in enumerate(TEXT) for bit in (*bits_of(bytes([byte])), i == len(TEXT) - 1)], np.uint8)
    header = b"OPENSTEGO\x01" + (90).to_bytes(4, "little") + bytes([1, 5, 1, 0]) + b"a.txt"
    counted = struct.pack(">H", len(TEXT)) + TEXT
    indices = np.asarray(Image.fromarray(photograph(2)).quantize(256))
    palette = Image.fromarray(photograph(2)).quantize(256)
    palette.putdata(with_bits(indices[..., None], text)[..., 0].ravel().tolist())
    return [
        MixedFile("text-rows.png", saved(with_bits(photograph(0), text), "PNG"), said),
        MixedFile("text-columns.png", saved(with_bits(photograph(1), text, by_columns=True), "PNG"), said),
        MixedFile("text-bgr.bmp", saved(with_bits(photograph(2), text, channels="BGR"), "BMP"), said),
        MixedFile("text-blue.tif", saved(with_bits(photograph(3), text, channels="B"), "TIFF"), said),
        MixedFile("text-plane-1.png", saved(with_bits(photograph(4), text, plane=1), "PNG"), said),
        MixedFile("text-gray.png", saved(with_bits(gray, text)[..., 0], "PNG"), said),
        MixedFile("text-length.png", saved(with_bits(photograph(5), bits_of(behind)), "PNG"), said),
        MixedFile("text-webp.webp", saved(with_bits(photograph(6), text), "WebP", lossless=True), said),
        MixedFile("zip-rows.png", saved(with_bits(photograph(7), bits_of(archive())), "PNG"), "A ZIP archive in last bits"),
        MixedFile("openstego.png", saved(with_bits(photograph(8), bits_of(header)), "PNG"), "OpenStego's header"),
        MixedFile("openstego-scattered.png", saved(_scattered(photograph(9), header), "PNG"), "OpenStego's header"),
        MixedFile("stepic.png", saved(with_bits(photograph(10), stepic), "PNG"), "stepic"),
        MixedFile("stegano.png", saved(with_bits(photograph(11), bits_of(b"264:" + TEXT)), "PNG"), "stegano"),
        MixedFile("lsbsteg.png", saved(with_bits(photograph(12), bits_of(counted), channels="BGR"), "PNG"), "LSBSteg"),
        MixedFile("jsteg.jpg", _jsteg(photograph(13)), "jsteg"),
        MixedFile("palette-indices.png", saved(palette, "PNG", optimize=False), "palette indices"),
    ]  # fmt: skip


def _broken() -> list[MixedFile]:
    made = {
        "cut.png": saved(photograph(0), "PNG")[:4000],
        "cut.jpg": saved(photograph(1), "JPEG")[:2000],
        "empty.png": b"",
        "noise.jpg": bytes(range(256)),
    }
    return [MixedFile(f"broken-{name}", content, "broken") for name, content in made.items()]


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _with_chunk(data: bytes, name: bytes, body: bytes) -> bytes:
    place = data.index(b"IDAT") - 4
    return data[:place] + _chunk(name, body) + data[place:]


def _cut(data: bytes, height: int) -> bytes:
    head = data[16:20] + struct.pack(">I", height) + data[24:29]
    return data[:8] + _chunk(b"IHDR", head) + data[33:]


def _exif(picture: np.ndarray) -> bytes:
    thumbnail = saved(Image.fromarray(picture).resize((64, 64)), "JPEG")
    body = b"II*\0" + struct.pack("<IHIH", 8, 0, 14, 2)
    body += struct.pack("<HHII", 0x0201, 4, 1, 44) + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail)) + bytes(4)
    return b"Exif\0\0" + body + thumbnail


def _doubled() -> bytes:
    picture = Image.fromarray(photograph(3)).quantize(64)
    colors = np.array(picture.getpalette(), np.uint8).reshape(-1, 3)[:64]
    bits = np.random.default_rng(1).integers(0, 2, np.asarray(picture).shape)
    doubled = Image.fromarray((2 * np.asarray(picture) + bits).astype(np.uint8), "P")
    doubled.putpalette(np.repeat(colors, 2, axis=0).tobytes())
    return saved(doubled, "PNG")


def _scattered(picture: np.ndarray, content: bytes) -> np.ndarray:
    written, random, used = picture.copy(), JavaRandom(98234782), set[tuple[int, ...]]()
    height, width, _ = picture.shape
    for bit in bits_of(content):
        while (place := tuple(random.below(bound) for bound in (width, height, 3, 1))) in used:
            pass
        used.add(place)
        x, y, channel, _ = place
        written[y, x, 2 - channel] = written[y, x, 2 - channel] & 254 | bit
    return written


def _jsteg(picture: np.ndarray) -> bytes:
    cover = read_coefficients(saved(picture, "JPEG", quality=90, subsampling=0))
    blocks = [component.blocks.copy() for component in cover.components]
    flat = blocks[0].reshape(-1, 64)
    bits = iter(bits_of(TEXT))
    for block in flat:
        for place in ZIGZAG[1:]:
            if block[place] not in (0, 1) and (bit := next(bits, None)) is not None:
                block[place] = block[place] & ~1 | int(bit)
    return encode_coefficients(cover.with_blocks([flat.reshape(blocks[0].shape), *blocks[1:]]))
