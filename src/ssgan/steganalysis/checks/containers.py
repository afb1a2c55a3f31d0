"""Say what is certain of a file around its samples: bytes behind the end, texts, EXIF, and chunks that no usual program writes.

What clean files have, too, is no finding: the names of programs, color profiles, the previews that some cameras put behind the
end and announce in the file.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedImage
from ssgan.images.detect import format_of, inspect
from ssgan.images.formats import jpeg, png
from ssgan.images.header import open_with_pillow
from ssgan.steganalysis.checks.exif_facts import exif_facts
from ssgan.steganalysis.checks.facts import Fact, quoted
from ssgan.steganalysis.checks.known_files import what_begins

COMMENT, APPLICATION = 0xFE, range(0xE0, 0xF0)  # markers of a JPEG's comment and of its application segments
LONGEST_TEXT = 2**20  # bytes of a text chunk that are unpacked
_SURPLUS = 2**24  # bytes of surplus samples that are unpacked
# Keys of PNG texts whose purpose is plain: who, when, by which program.
_PLAIN_KEYS = re.compile(
    rb"(?:Software|Creation Time|Create-Time|Author|Copyright|Source|Title|Thumb::.*|date:.*|exif:.*|tiff:.*|png:.*|icc:.*|"
    rb"dcterms:.*|rdf:.*|XML:com\.adobe\.xmp|Raw profile type .*|signature|modify-date|create-date|pHYs.*|Disclaimer|"
    rb"Generator|Producer|Creator|Description|Warning|svg:.*|mxfile)$", re.IGNORECASE
)  # fmt: skip
# What programs write into comments by themselves.
_BY_PROGRAMS = re.compile(
    rb"\s*(?:CREATOR: gd-jpeg|Created (?:with|by) |File written by Adobe|LEAD Technologies|Lavc\d|Optimized by JPEGmini|"
    rb"Compressed by |Intel\(R\) JPEG|AppleMark|Handmade Software|ACD Systems|XV |PIC\0|Processed By |Edited (?:with|by|in) |"
    rb"Software: |USGS|GIF(?:BUILDER| )|Made with |Generated (?:with|by) |\xff)|\s*$", re.IGNORECASE
)  # fmt: skip
_F5 = b"JPEG Encoder Copyright 1998, James R. Weeks and BioElectroMech."
# Chunks of PNG: the specification's, its extensions', and those of Apple, Adobe, ImageMagick, Android and C2PA.
_KNOWN_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI mDCv cLLi tEXt zTXt iTXt bKGD hIST pHYs sPLT eXIf tIME "
    b"acTL fcTL fdAT oFFs pCAL sCAL gIFg gIFt gIFx sTER dSIG iDOT CgBI caNv orNT vpAg zxIf caBX mkBF mkBS mkBT mkTS prVW cpIp "
    b"cmOD cmPP npTc npLb npOl meTa".split()
)  # fmt: skip
_BEFORE_SAMPLES = frozenset(b"cHRM gAMA iCCP sBIT sRGB cICP bKGD hIST tRNS pHYs sPLT acTL".split())
_BEFORE_PALETTE = frozenset(b"cHRM gAMA iCCP sBIT sRGB cICP".split())
_KNOWN_WEBP = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "))
_WEBP_HEAD, _EXIF = 12, b"Exif\0\0"


def container_facts(data: bytes, samples: NDArray[np.uint8] | None) -> Iterator[Fact]:
    """Yield the facts around the samples of a file; a damaged one is looked at as far as it is whole."""
    kind = format_of(data)
    looks: dict[str, Callable[[bytes, NDArray[np.uint8] | None], Iterator[Fact]]] = {
        "PNG": _png, "JPEG": _jpeg, "GIF": _gif, "WebP": _webp
    }  # fmt: skip
    for look in [*([looks[kind]] if kind in looks else []), *([_behind] if kind else [])]:
        with suppress(RefusedImage, OSError, struct.error):  # damaged: what came before is kept
            yield from look(data, samples)


def _behind(data: bytes, _: NDArray[np.uint8] | None) -> Iterator[Fact]:
    """Yield the bytes behind the end: zeros are padding, and what the file announces is no finding."""
    end = inspect(data).end
    rest = data[end:]
    if not rest.strip(b"\x00"):
        return
    what, is_finding = what_begins(rest), True
    if what == "a JPEG" and b"MPF\0" in data[:end]:
        what, is_finding = "the previews that the file announces (MPF)", False
    elif b"ftyp" in rest[:16] and re.search(rb"MotionPhoto|MicroVideo", data[:end]):
        what, is_finding = "the motion photo that the file announces", False
    elif rest.endswith(b"SEFT"):
        what, is_finding = "the trailer of a Samsung camera", False
    begins = f", the beginning of {what}" if is_finding and what else f": {what}" if what else ""
    yield Fact(
        "trailing", f"{len(rest):,} bytes follow the end of the image, from byte {end:,} on{begins}.", end, rest, is_finding
    )


def _text(where: str, content: bytes, offset: int | None, *, is_finding: bool = True) -> Iterator[Fact]:
    if content.decode("utf-8", "replace").strip():
        what = what_begins(content, certain=True)
        said = f"the beginning of {what}" if what else quoted(content)
        yield Fact("text", f"{where}: {said}", offset, content, is_finding or bool(what))


def _comment(where: str, content: bytes, offset: int | None) -> Iterator[Fact]:
    if content.startswith(_F5):
        sentence = "The comment is that of the JPEG encoder by J. Weeks, which F5 and few other programs use."
        yield Fact("tool", sentence, offset, content)
    else:
        yield from _text(where, content, offset, is_finding=not _BY_PROGRAMS.match(content))


def _png(data: bytes, samples: NDArray[np.uint8] | None) -> Iterator[Fact]:
    position, names, kind, compressed = len(png.SIGNATURE), list[bytes](), None, []
    for name, body, whole in png.chunks_of(data):
        kind = png.kind_of(name, body) if kind is None else kind
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            key, _, rest = body.partition(b"\x00")
            is_plain = bool(_PLAIN_KEYS.match(key)) or bool(_BY_PROGRAMS.match(_unpacked(name, rest)))
            where = f"Text {key.decode('latin-1')!r} in the PNG"
            yield from _text(where, _unpacked(name, rest), position, is_finding=not is_plain)
        elif name == b"eXIf":
            yield from exif_facts(body, samples, position + 8)
        elif name not in _KNOWN_CHUNKS:
            what = what_begins(body)
            more = f", the beginning of {what}" if what else f": {quoted(body)}" if body.isascii() and body.strip() else ""
            yield Fact(
                "structure",
                f"A chunk {name.decode()} of {len(body):,} bytes, which no known program writes{more}.",
                position,
                body,
            )
        elif (late := b"IDAT" in names and name in _BEFORE_SAMPLES) or (b"PLTE" in names and name in _BEFORE_PALETTE):
            after = "samples" if late else "palette"
            yield Fact(
                "structure",
                f"The chunk {name.decode()} is behind the {after}, where the format does not allow it.",
                position,
                body,
            )
        if name == b"IDAT":
            compressed.append(body)
        names.append(name)
        position += len(whole)
    if kind is not None:
        yield from _surplus(compressed, kind)


def _surplus(compressed: list[bytes], kind: png.Kind) -> Iterator[Fact]:
    """Yield what the compressed stream holds behind the last sample."""
    inflater, expected = zlib.decompressobj(), png.raw_bytes(kind)
    try:
        found = inflater.decompress(b"".join(compressed), expected + _SURPLUS)
    except zlib.error:
        return
    rest = found[expected:]
    if rest:
        row = expected // kind.height
        rows = (
            f", enough for {len(rest) // row:,} more rows: the height may have been cut"
            if not kind.interlaced and len(rest) >= row
            else ""
        )
        yield Fact("structure", f"{len(rest):,} bytes follow the last sample in the compressed data{rows}.", None, rest)
    if inflater.unused_data.strip(b"\x00"):
        count = len(inflater.unused_data)
        yield Fact("structure", f"{count:,} bytes follow the compressed data within its chunks.", None, inflater.unused_data)


def _unpacked(name: bytes, rest: bytes) -> bytes:
    """Return the text of a chunk behind its key."""
    packed = name == b"zTXt"
    if name == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:].split(b"\x00", 2)[-1]
    elif packed:
        rest = rest[1:]
    if not packed:
        return rest
    try:
        return zlib.decompressobj().decompress(rest, LONGEST_TEXT)
    except zlib.error:
        return rest


def _jpeg(data: bytes, samples: NDArray[np.uint8] | None) -> Iterator[Fact]:
    for one in jpeg.segments(data):
        body = data[one.start + 2 : one.end]
        if one.marker == COMMENT:
            yield from _comment("Comment in the JPEG", body, one.start - 2)
        elif one.marker in APPLICATION and body.startswith(_EXIF):
            yield from exif_facts(body, samples, one.start + 2 + len(_EXIF))
        elif one.marker in APPLICATION and (what := what_begins(body, certain=True)):
            yield Fact("structure", f"In segment APP{one.marker - 0xE0} is the beginning of {what}.", one.start + 2, body)


def _gif(data: bytes, _: NDArray[np.uint8] | None) -> Iterator[Fact]:
    width, height = struct.unpack_from("<HH", data, 6)
    with open_with_pillow(io.BytesIO(data), "GIF", (width, height)) as picture:
        content: Any = picture.info.get("comment", b"")
    place = data.find(b"\x21\xfe")
    yield from _comment("Comment in the GIF", content, place if place >= 0 and content else None)


def _webp(data: bytes, samples: NDArray[np.uint8] | None) -> Iterator[Fact]:
    position, end = _WEBP_HEAD, 8 + int.from_bytes(data[4:8], "little")
    while position + 8 <= min(end, len(data)):
        name, length = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + length]
        if name == b"EXIF":
            yield from exif_facts(body, samples, position + 8 + len(_EXIF) * body.startswith(_EXIF))
        elif name not in _KNOWN_WEBP:
            what = what_begins(body)
            more = f", the beginning of {what}" if what else ""
            yield Fact(
                "structure",
                f"A chunk {name.decode('latin-1')!r} of {length:,} bytes, which the format does not have{more}.",
                position,
                body,
            )
        position += 8 + length + length % 2
