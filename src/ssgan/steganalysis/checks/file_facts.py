"""Say what is certain of an image file: bytes behind its end, texts in it, a name of another type, readable last bits.

No statistics are needed for any of these. Last bits are read in a list of usual orders (`ORDERS`): the lowest bit of every
sample by rows or by columns, the channels interleaved as RGB or BGR or each alone, with the first bit as the highest or the
lowest of a byte. There a text or the beginning of a known kind of file, perhaps behind a length of four bytes, is no chance.
"""

from __future__ import annotations

import io
import string
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ssgan.errors import RefusedImage
from ssgan.images.detect import READ_SUFFIXES, format_of, inspect
from ssgan.images.formats import jpeg, png

COMMENT = 0xFE  # the marker of a JPEG's comment
SHOWN = 60  # characters of a text that a sentence repeats
LONGEST_TEXT = 2**20  # bytes of a text chunk that are unpacked
FEWEST_LETTERS = 24  # printable in a row where a text begins: chance gives so many once in 10^10
FEWEST_KINDS = 8  # different ones among them: flat areas give one letter over and over
PREFIXES = (0, 4)  # bytes that may stand before a text or a file: none, or a length
# Beginning → what begins so.
MAGIC = {
    b"PK\x03\x04": "a ZIP archive", b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive",
    b"\x1f\x8b\x08": "a gzip archive", b"BZh": "a bzip2 archive", b"\xfd7zXZ\x00": "an xz archive",
    b"\x89PNG\r\n\x1a\n": "a PNG", b"\xff\xd8\xff": "a JPEG", b"GIF8": "a GIF", b"RIFF": "a RIFF file", b"%PDF": "a PDF",
    b"ID3": "an MP3", b"OggS": "an Ogg file", b"SQLite format 3": "a database (SQLite)", b"\x7fELF": "a program (ELF)",
    b"OPENSTEGO": "OpenStego's header",
}  # fmt: skip
FEWEST_MAGIC = 4  # bytes of a beginning that count in last bits: shorter ones come by chance
_PRINTABLE = np.zeros(256, bool)
_PRINTABLE[np.frombuffer(string.printable.encode(), np.uint8)] = True
_PRINTABLE[[0x0B, 0x0C]] = False
# Order in words → channels, "rows" or "columns", and which bit of a byte comes first.
ORDERS = {
    f"{channels}, by {lines}, {bit} bit first": (channels, lines, bit)
    for channels, lines, bit in product(("RGB", "BGR", "R", "G", "B"), ("rows", "columns"), ("highest", "lowest"))
}


@dataclass(frozen=True)
class Fact:
    """One certain fact: its kind, a sentence, where in the file it begins, and the bytes in question (empty: none).

    kind   "type", "trailing", "text" or "last bits"
    offset in bytes; None where it is not one place of the file
    """

    kind: str
    sentence: str
    offset: int | None = None
    content: bytes = b""


def file_facts(data: bytes, name: str, samples: NDArray[np.uint8] | None = None) -> list[Fact]:
    """Return what is certain of a file, by its bytes, its name, and its samples uint8 (C, H, W) where it could be read.

    A damaged file is looked at as far as it is whole.
    """
    found = list(type_facts(data, name))
    kind = format_of(data)
    texts = {"PNG": _png, "JPEG": _jpeg, "GIF": _gif}
    for look in [*([texts[kind]] if kind in texts else []), *([_behind] if kind else [])]:
        with suppress(RefusedImage, OSError):  # damaged: what came before stands
            for fact in look(data):
                found.append(fact)
    if samples is not None and kind != "JPEG":
        found += _last_bits(samples)
    return found


def type_facts(data: bytes, name: str) -> Iterator[Fact]:
    """Yield the fact that a file has the name of another type, if it has."""
    suffix, kind = PurePath(name).suffix.lower(), format_of(data)
    called = READ_SUFFIXES.get(suffix)
    if kind and called and kind not in called and not (kind == "netpbm" and {"PGM", "PPM", "PBM"} & set(called)):
        yield Fact("type", f"The file is called {suffix} and is a {kind} file.", 0)


def _behind(data: bytes) -> Iterator[Fact]:
    end = inspect(data).end
    rest = data[end:]
    if rest.strip(b"\x00"):
        what = next((f", the beginning of {what}" for magic, what in MAGIC.items() if rest.startswith(magic)), "")
        yield Fact("trailing", f"{len(rest):,} bytes follow the end of the image, from byte {end:,} on{what}.", end, rest)


def _text(where: str, content: bytes, offset: int | None) -> Iterator[Fact]:
    words = content.decode("utf-8", "replace").strip()
    shown = "".join(one if one.isprintable() else " " for one in words[: SHOWN + 1])
    if words:
        yield Fact("text", f'{where}: "{shown[:SHOWN]}{"..." if len(shown) > SHOWN else ""}"', offset, content)


def _png(data: bytes) -> Iterator[Fact]:
    position = len(png.SIGNATURE)
    for name, body, whole in png.chunks_of(data):
        if name in (b"tEXt", b"zTXt", b"iTXt"):
            key, _, rest = body.partition(b"\x00")
            yield from _text(f"Text {key.decode('latin-1')!r} in the PNG", _unpacked(name, rest), position)
        position += len(whole)


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


def _jpeg(data: bytes) -> Iterator[Fact]:
    for one in jpeg.segments(data):
        if one.marker == COMMENT:
            yield from _text("Comment in the JPEG", data[one.start + 2 : one.end], one.start - 2)


def _gif(data: bytes) -> Iterator[Fact]:
    with Image.open(io.BytesIO(data), formats=["GIF"]) as picture:
        yield from _text("Comment in the GIF", picture.info.get("comment", b""), None)


def _last_bits(samples: NDArray[np.uint8]) -> Iterator[Fact]:
    """Look at the beginning of the last bits in each of ORDERS."""
    said: set[bytes] = set()
    for order, (channels, lines, first) in ORDERS.items():
        bits = _bits(samples, channels, lines)
        if bits is None:
            continue
        head = np.packbits(bits[: 8 * (FEWEST_LETTERS + max(PREFIXES))], bitorder="big" if first == "highest" else "little")
        prefix = next((one for one in PREFIXES if _recognized(head[one:])), None)
        if prefix is None:
            continue
        what = _recognized(head[prefix:])
        content = np.packbits(bits, bitorder="big" if first == "highest" else "little").tobytes()[prefix:]
        if content[:FEWEST_LETTERS] in said:
            continue
        said.add(content[:FEWEST_LETTERS])
        if what == "a text":
            content = content[: _length_of_text(content)]
            shown = content[:SHOWN].decode("ascii", "replace").strip()
            what = f'a text, "{shown}..."' if len(content) > SHOWN else f'a text, "{shown}"'
        yield Fact("last bits", f"Last bits ({order}{', behind 4 bytes' * (prefix > 0)}) hold {what}.", None, content)


def _bits(samples: NDArray[np.uint8], channels: str, lines: str) -> NDArray[np.uint8] | None:
    """Return the last bits in an order, flat; None where these samples have no such channels, or where it is that of RGB."""
    if len(samples) == 1:
        if channels != "RGB":
            return None
        chosen = samples
    else:
        chosen = samples[["RGB".index(one) for one in channels]]
    planes = chosen if lines == "rows" else chosen.transpose(0, 2, 1)
    return np.asarray(planes.transpose(1, 2, 0).reshape(-1) & 1)


def _recognized(head: NDArray[np.uint8]) -> str:
    """Return what the first bytes are the beginning of; "" for nothing."""
    start = head.tobytes()
    for magic, what in MAGIC.items():
        if len(magic) >= FEWEST_MAGIC and start.startswith(magic):
            return what
    letters = head[:FEWEST_LETTERS]
    if len(letters) < FEWEST_LETTERS or not _PRINTABLE[letters].all():
        return ""
    return "a text" if len(np.unique(letters)) >= FEWEST_KINDS else ""


def _length_of_text(content: bytes) -> int:
    """Return how many bytes from the beginning are printable, UTF-8 included."""
    values = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(~_PRINTABLE[values] & (values < 0x80))
    return int(ends[0]) if len(ends) else len(values)
