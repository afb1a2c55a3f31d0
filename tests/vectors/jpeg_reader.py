"""A second reader of messages in JPEG files: the section "Samples of a JPEG" of docs/format.md in plain Python.

Like `reader.py` it shares no code with the package. Sequential files are decoded here bit by bit after ITU-T T.81.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.vectors.reader import Container, Found, Key


@dataclass
class Plane:
    """A component: its factors, its quantization steps and its blocks by (row, column), both in row order."""

    h: int
    v: int
    steps: list[int]
    blocks: dict[tuple[int, int], list[int]]
    dc: int = 0  # the Huffman tables of the scan
    ac: int = 0


def zigzag() -> list[int]:
    """Place in a scan to 8 k + l: along diagonals, upward in the even ones."""
    places = []
    for diagonal in range(15):
        along = [(k, diagonal - k) for k in range(8) if 0 <= diagonal - k < 8]
        places += [8 * row + column for row, column in (along if diagonal % 2 else reversed(along))]
    return places


def codes(counts: bytes, symbols: bytes) -> dict[str, int]:
    """T.81, annex C: codes as strings of 0 and 1."""
    table, code, given = {}, 0, iter(symbols)
    for length, count in enumerate(counts, 1):
        for _ in range(count):
            table[f"{code:0{length}b}"] = next(given)
            code += 1
        code *= 2
    return table


def decode(data: bytes) -> tuple[int, int, list[Plane]]:
    """Height, width and components of a sequential file."""
    steps: dict[int, list[int]] = {}
    huffman: dict[int, dict[str, int]] = {}
    planes: dict[int, Plane] = {}
    height = width = restart = 0
    at = 2
    while data[at + 1] != 0xD9:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        body = data[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xDB:
            while body:
                size = 128 if body[0] >> 4 else 64
                values = struct.unpack(">64H" if size == 128 else ">64B", body[1 : 1 + size])
                table = [0] * 64
                for place, value in zip(zigzag(), values, strict=True):
                    table[place] = value
                steps[body[0] & 15], body = table, body[1 + size :]
        elif marker == 0xC4:
            while body:
                count = sum(body[1:17])
                huffman[body[0]], body = codes(body[1:17], body[17 : 17 + count]), body[17 + count :]
        elif marker in (0xC0, 0xC1):
            height, width = struct.unpack(">HH", body[1:5])
            for i in range(6, len(body), 3):
                planes[body[i]] = Plane(body[i + 1] >> 4, body[i + 1] & 15, steps[body[i + 2]], {})
        elif marker == 0xDD:
            restart = struct.unpack(">H", body)[0]
        elif marker == 0xDA:
            scanned = [planes[body[i]] for i in range(1, 2 * body[0], 2)]
            for plane, tables in zip(scanned, body[2 : 2 * body[0] + 1 : 2], strict=True):
                plane.dc, plane.ac = tables >> 4, 16 + (tables & 15)
            most = max(plane.h for plane in planes.values()), max(plane.v for plane in planes.values())
            at = scan(data, at, (height, width), most, scanned, huffman, restart)
    return height, width, list(planes.values())


def scan(
    data: bytes, at: int, whole: tuple[int, int], most: tuple[int, int], planes: list[Plane],
    huffman: dict[int, dict[str, int]], restart: int,
) -> int:  # fmt: skip
    """Decode a scan, and return where it ends."""
    (height, width), (h, v) = whole, most
    across, down = -(-width // (8 * h)), -(-height // (8 * v))
    factors = [(plane.h, plane.v) for plane in planes]
    if len(planes) == 1:  # a unit is one block, whatever the factors
        across, down = -(-width * planes[0].h // (8 * h)), -(-height * planes[0].v // (8 * v))
        factors = [(1, 1)]
    end = at
    while data[end] != 0xFF or data[end + 1] == 0 or 0xD0 <= data[end + 1] <= 0xD7:
        end += 1
    intervals, raw = [b""], data[at:end]
    i = 0
    while i < len(raw):
        if raw[i] == 0xFF and raw[i + 1] != 0:
            intervals.append(b"")
            i += 2
        else:
            intervals[-1] += raw[i : i + 1]
            i += 2 if raw[i] == 0xFF else 1
    bits: Iterator[str] = iter("")
    last = [0] * len(planes)

    def symbol(table: dict[str, int]) -> int:
        code = ""
        while code not in table:
            code += next(bits)
        return table[code]

    def value(size: int) -> int:
        text = "".join(next(bits) for _ in range(size))
        return 0 if not size else int(text, 2) if text[0] == "1" else int(text, 2) - 2**size + 1

    for unit in range(across * down):
        if unit == 0 or (restart and unit % restart == 0):
            interval = intervals[unit // restart if restart else 0]
            bits, last = iter("".join(f"{byte:08b}" for byte in interval)), [0] * len(planes)
        for number, plane in enumerate(planes):
            wide, high = factors[number]
            for inner in range(wide * high):
                block = [0] * 64
                last[number] += value(symbol(huffman[plane.dc]))
                block[0] = last[number]
                k = 1
                while k < 64:
                    run, size = divmod(symbol(huffman[plane.ac]), 16)
                    if size == 0 and run < 15:
                        break
                    k += run
                    if size:
                        block[zigzag()[k]] = value(size)
                    k += 1
                row = unit // across * high + inner // wide
                plane.blocks[row, unit % across * wide + inner % wide] = block
    return end


class JpegContainer(Container):
    """Places and keys of a JPEG file."""

    def __init__(self, data: bytes, key: Key) -> None:
        height, width, planes = decode(data)
        factors = [(plane.h, plane.v) for plane in planes]
        most_h, most_v = max(h for h, _ in factors), max(v for _, v in factors)
        x: list[int] = []
        tables = b""
        for plane in planes:
            tables += bytes([plane.h, plane.v]) + struct.pack("<64H", *plane.steps)
            rows, columns = -(-height * plane.v // most_v) // 8, -(-width * plane.h // most_h) // 8
            x += [value for row in range(rows) for column in range(columns) for value in plane.blocks[row, column]]
        total, blocks = len(x), len(x) // 64
        self.shape = b"ssgan/1/jpeg" + struct.pack("<IIB", height, width, len(planes)) + tables + struct.pack("<I", total)
        k = min(256, max(16, blocks // 8), blocks)
        p = min(64, max(16, blocks // 32), blocks)
        self.unlock(x, [struct.pack("<h", value) for value in x], list(range(0, total, 64)), k, p, key)


def read(data: bytes, key: Key) -> Found | None:
    """What is hidden, or None."""
    return next(JpegContainer(data, key).candidates(), None)
