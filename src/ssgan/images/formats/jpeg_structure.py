"""Parse what a JPEG file says around its scans: the frame, the tables, and which scan codes what (ITU-T T.81).

The order of work: `parse` gives the Structure, `jpeg_scans.py` reads and writes the scans by it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.images.formats.jpeg import (
    BASELINE,
    HUFFMAN,
    PROGRESSIVE,
    QUANTIZATION,
    RESTARTS,
    SCAN,
    Segment,
    check_frame,
    segments,
)
from ssgan.images.header import damaged, truncated, unsupported

# Place in a scan → place in a block, 8 k + l: from the lowest frequencies to the highest, in zigzag.
ZIGZAG = np.array(sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8))), np.uint8)
NO_TABLE = -1
_MOST_UNIT_BLOCKS = 10  # of an interleaved scan
_MOST_SHIFT = 13  # of successive approximation
_MULTI_PICTURE, _JUMBF = (0xE2, b"MPF\0"), (0xEB, b"JP")
_LINES = 0xDC  # a segment that gives the height after the first scan


class HuffmanTable(NamedTuple):
    """How many codes there are of 1...16 bits (16 bytes), and their symbols, from the shortest code to the longest."""

    counts: bytes
    symbols: bytes


class TableSegment(NamedTuple):
    """A segment that defines tables: its first byte, the byte after it, and (class and place in one byte, table) of each."""

    start: int
    end: int
    tables: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class FrameComponent:
    """A component as the frame describes it.

    identifier  by which the scans call it
    sampling    (horizontal, vertical) factors
    size        (height, width) in its own samples
    blocks      (rows, columns) of blocks that cover the size
    coded       (rows, columns) of blocks that are coded: all units of the scans in which it is interleaved with others
    table       uint16 (8, 8): quantization steps, [vertical, horizontal frequency]
    selector    which of the four quantization tables it takes
    """

    identifier: int
    sampling: tuple[int, int]
    size: tuple[int, int]
    blocks: tuple[int, int]
    coded: tuple[int, int]
    table: NDArray[np.uint16] | None
    selector: int


@dataclass(frozen=True)
class Scan:
    """A scan: what it codes, by which tables, and the positions of its entropy-coded bytes.

    components  numbers of the frame's components
    dc, ac      for each of them, the number of its Huffman table among the Structure's, or NO_TABLE where it needs none
    first, last the band of zigzag places, 0...63
    high, low   bits below which an earlier scan, and this one, leave the values out (0, 0 if all at once)
    restart     units between two restart markers, 0 if there are none
    units       (rows, columns) of units: blocks of a single component, or groups of blocks of several
    start, end  the entropy-coded bytes in the file, without fillers at their end
    """

    components: tuple[int, ...]
    dc: tuple[int, ...]
    ac: tuple[int, ...]
    first: int
    last: int
    high: int
    low: int
    restart: int
    units: tuple[int, int]
    start: int
    end: int


@dataclass(frozen=True)
class Structure:
    """All that a file says around its scans.

    `is_canonical` says that the scans, read once, are known to be written again byte for byte by the same tables.
    `obstacles` are the reasons why nothing is written in place of this file.
    """

    height: int
    width: int
    progressive: bool
    components: tuple[FrameComponent, ...]
    scans: tuple[Scan, ...]
    tables: tuple[HuffmanTable, ...]
    table_segments: tuple[TableSegment, ...]
    obstacles: tuple[str, ...] = ()
    is_canonical: bool = False


def parse(data: bytes) -> Structure:
    """Return the Structure of a JPEG file. Raises RefusedImage for what is damaged, or of a kind that is not read."""
    parser = _Parser(data)
    for segment in segments(data):
        parser.take(segment)
    return parser.structure()


class _Parser:
    """The tables in force, and what was found, while the segments go by."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.frame = b""
        self.is_progressive = False
        self.components: list[FrameComponent] = []
        self.steps: dict[int, NDArray[np.uint16]] = {}
        self.huffman: dict[int, int] = {}
        self.restart = 0
        self.scans: list[Scan] = []
        self.tables: list[HuffmanTable] = []
        self.table_segments: list[TableSegment] = []
        self.obstacles: list[str] = []
        self.progress: dict[tuple[int, int], int] = {}  # (component, place) → bits that are not coded yet

    def take(self, segment: Segment) -> None:
        marker, start, end, _ = segment
        body = self.data[start + 2 : end]
        if check_frame(marker, self.data[start:end]):
            self._take_frame(marker, body)
        elif marker == QUANTIZATION:
            self._take_steps(body)
        elif marker == HUFFMAN:
            entries = tuple(self._huffman_tables(body))
            self.huffman.update(entries)
            self.table_segments.append(TableSegment(start + 2, end, entries))
        elif marker == RESTARTS:
            if len(body) != 2:
                raise damaged("its restart interval has the wrong length")
            (self.restart,) = struct.unpack(">H", body)
        elif marker == SCAN:
            self._take_scan(body, segment)
        elif marker == _LINES:
            raise unsupported("a JPEG whose height follows its first scan (DNL)")
        elif marker == _MULTI_PICTURE[0] and body.startswith(_MULTI_PICTURE[1]):
            self._object("it holds several pictures (MPF), and the positions of the others would be wrong")
        elif marker == _JUMBF[0] and body.startswith(_JUMBF[1]):
            self._object("it holds a signature of its bytes (C2PA, JUMBF), which would be broken")

    def structure(self) -> Structure:
        if not self.frame or not self.scans:
            raise damaged("it has no image")
        precision, height, width = struct.unpack(">BHH", self.frame[:5])
        assert precision == 8
        seen = {number for number, _ in self.progress}
        if len(seen) < len(self.components):
            raise damaged("a component is in no scan")
        places = 64 * len(self.components)
        if len(self.progress) < places or any(self.progress.values()):
            self._object("its scans leave bits of coefficients out")
        return Structure(
            height,
            width,
            self.is_progressive,
            tuple(self.components),
            tuple(self.scans),
            tuple(self.tables),
            tuple(self.table_segments),
            tuple(self.obstacles),
        )

    def _object(self, obstacle: str) -> None:
        if obstacle not in self.obstacles:
            self.obstacles.append(obstacle)

    def _take_frame(self, marker: int, body: bytes) -> None:
        if self.frame:
            raise damaged("it has two frame headers")
        self.frame, self.is_progressive = body, marker == PROGRESSIVE
        self.is_baseline = marker == BASELINE
        _, height, width, count = struct.unpack(">BHHB", body[:6])
        if count not in (1, 3):
            raise unsupported(f"a JPEG of {count} components")
        parts = [(body[i], body[i + 1] >> 4, body[i + 1] & 15, body[i + 2]) for i in range(6, 6 + 3 * count, 3)]
        if any(not 1 <= factor <= 4 for _, h, v, _ in parts for factor in (h, v)) or any(
            selector > 3 for *_, selector in parts
        ):
            raise damaged("its frame header has factors or tables that do not exist")
        if len({identifier for identifier, *_ in parts}) < count:
            raise damaged("two components have one name")
        most_h, most_v = max(h for _, h, _, _ in parts), max(v for _, _, v, _ in parts)
        for identifier, h, v, selector in parts:
            size = -(-height * v // most_v), -(-width * h // most_h)
            blocks = -(-size[0] // 8), -(-size[1] // 8)
            self.components.append(FrameComponent(identifier, (h, v), size, blocks, blocks, None, selector))

    def _take_steps(self, body: bytes) -> None:
        position = 0
        while position < len(body):
            wide, place = body[position] >> 4, body[position] & 15
            if wide > 1 or place > 3:
                raise damaged("it has a quantization table that does not exist")
            length = 64 << wide
            values = body[position + 1 : position + 1 + length]
            if len(values) < length:
                raise truncated("a quantization table")
            table = np.empty(64, np.uint16)
            table[ZIGZAG] = np.frombuffer(values, ">u2" if wide else "u1")
            if not table.all():
                raise damaged("a quantization step is 0")
            self.steps[place] = table.reshape(8, 8)
            position += 1 + length

    def _huffman_tables(self, body: bytes) -> Iterator[tuple[int, int]]:
        position = 0
        while position < len(body):
            head, counts = body[position], body[position + 1 : position + 17]
            symbols = body[position + 17 : position + 17 + sum(counts)]
            position += 17 + sum(counts)
            if head >> 4 > 1 or head & 15 > 3:
                raise damaged("it has a Huffman table that does not exist")
            if len(counts) < 16 or position > len(body):
                raise truncated("a Huffman table")
            code = 0
            for length, count in enumerate(counts, 1):
                code = (code << 1) + count
                if count and code >= 1 << length:  # the code of ones only is never used
                    raise damaged("a Huffman table has too many codes")
            if len(symbols) > 256:
                raise damaged("a Huffman table has too many codes")
            if len(set(symbols)) < len(symbols):
                self._object("a Huffman table has two codes for one symbol")
            self.tables.append(HuffmanTable(counts, symbols))
            yield head, len(self.tables) - 1

    def _take_scan(self, body: bytes, segment: Segment) -> None:
        if not self.frame:
            raise damaged("a scan comes before the frame header")
        count = body[0] if body else 0
        if not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise damaged("a scan header has the wrong length")
        names = [component.identifier for component in self.components]
        numbers = [names.index(name) if name in names else -1 for name in body[1 : 1 + 2 * count : 2]]
        if -1 in numbers or len(set(numbers)) < count:
            raise damaged("a scan has components that the frame does not have")
        first, last, high, low = body[-3], body[-2], body[-1] >> 4, body[-1] & 15
        self._check_band(count, first, last, high, low)
        for number in numbers:
            self._advance(number, first, last, high, low)
        selectors = body[2 : 2 + 2 * count : 2]
        needs_dc = first == 0 and high == 0
        needs_ac = last > 0
        dc = tuple(self._table_of(selector >> 4) if needs_dc else NO_TABLE for selector in selectors)
        ac = tuple(self._table_of(16 + (selector & 15)) if needs_ac else NO_TABLE for selector in selectors)
        for number in numbers:
            self._latch_steps(number)
        end = segment.scan_end
        while self.data[end - 1] == 0xFF and end > segment.end:  # fillers: a sample byte FF is followed by 00
            end -= 1
        scan = Scan(
            tuple(numbers), dc, ac, first, last, high, low, self.restart, self._units(numbers), segment.end, end
        )  # fmt: skip
        self.scans.append(scan)

    def _check_band(self, count: int, first: int, last: int, high: int, low: int) -> None:
        if not self.is_progressive:
            if (first, last, high, low) != (0, 63, 0, 0):
                raise damaged("a scan of a sequential JPEG codes a part of the coefficients")
            return
        is_band = first <= last <= 63 and (last == 0 or (first > 0 and count == 1))
        if not is_band or low > _MOST_SHIFT or (high and low != high - 1):
            raise damaged("a scan codes coefficients that do not exist")

    def _advance(self, number: int, first: int, last: int, high: int, low: int) -> None:
        """Note what a scan codes. Raises RefusedImage where it is not what was left out: each bit is coded once, so that no
        file takes longer than its coefficients have bits.
        """
        if first > 0 and (number, 0) not in self.progress:
            raise damaged("a component has AC coefficients before its DC coefficients")
        for place in range(first, last + 1):
            if self.progress.get((number, place), 0) != high or ((number, place) in self.progress and high == 0):
                raise damaged("a scan codes again what was coded already")
            self.progress[number, place] = low

    def _table_of(self, head: int) -> int:
        if head not in self.huffman:
            raise damaged("a scan needs a Huffman table that the file does not have")
        return self.huffman[head]

    def _latch_steps(self, number: int) -> None:
        """Take the quantization table that is in force at the component's first scan."""
        component = self.components[number]
        if component.table is None:
            table = self.steps.get(component.selector)
            if table is None:
                raise damaged("a component needs a quantization table that the file does not have")
            if self.is_baseline and table.max() > 255:
                self._object("it is baseline, but has a quantization table of 16 bits")
            self.components[number] = replace(component, table=table)

    def _units(self, numbers: list[int]) -> tuple[int, int]:
        """Return the (rows, columns) of units of a scan; note how many blocks they have."""
        if len(numbers) == 1:
            return self.components[numbers[0]].blocks
        height, width = struct.unpack(">HH", self.frame[1:5])
        factors = [component.sampling for component in self.components]
        most_h, most_v = max(h for h, _ in factors), max(v for _, v in factors)
        rows, columns = -(-height // (8 * most_v)), -(-width // (8 * most_h))
        if sum(factors[n][0] * factors[n][1] for n in numbers) > _MOST_UNIT_BLOCKS:
            raise damaged("a scan has units of too many blocks")
        for number in numbers:
            h, v = factors[number]
            self.components[number] = replace(self.components[number], coded=(rows * v, columns * h))
        return rows, columns
