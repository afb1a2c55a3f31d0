"""Read and write the scans of a JPEG: coefficients from entropy-coded bytes, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ssgan.errors import RefusedImage
from ssgan.images.formats import jpeg_bands_loops as bands
from ssgan.images.formats import jpeg_scans_loops as loops
from ssgan.images.formats.jpeg_huffman import codes, decoding
from ssgan.images.formats.jpeg_structure import NO_TABLE, ZIGZAG, HuffmanTable, Scan, Structure
from ssgan.images.header import damaged, truncated

Blocks = NDArray[np.int16]  # flat: 64 values a block, block after block, component after component
_MISPLACED = "its restart markers are not where they must be"
_RESTART = re.compile(rb"\xff([\xd0-\xd7])")
_ORDER = ZIGZAG.astype(np.int64)
_WRONG = {
    loops.NO_CODE: "a scan has bits that are no code",
    loops.BEYOND: "a scan has coefficients out of range",
    loops.LEFT_OVER: "a scan has bits after its last block",
}


def num_blocks(structure: Structure) -> int:
    """Return how many blocks the components have. Raises RefusedImage where the scans are too short to hold so many.

    Each block has at least one bit in the scan of its DC coefficient, and two where its AC coefficients follow. So no header
    makes a short file take much memory.
    """
    for scan in structure.scans:
        if scan.first == 0 and scan.high == 0:
            bits = 1 if structure.progressive else 2
            if sum(bits * _units(structure, scan, number) for number in scan.components) > 8 * (scan.end - scan.start):
                raise truncated("a scan: it is too short for its blocks")
    return sum(rows * columns for rows, columns in (component.coded for component in structure.components))


def decode(data: bytes, structure: Structure) -> tuple[Blocks, bool]:
    """Return the coefficients of a file with this structure, and whether writing them by its tables gives its bytes again.

    The second is known of sequential files only, and False for the others. Raises RefusedImage for scans that end early, have
    bits left over, or codes that do not exist.
    """
    blocks = np.zeros(64 * num_blocks(structure), np.int16)
    tables = decoding(structure.tables)
    is_canonical = not structure.progressive
    for scan in structure.scans:
        words, starts, lengths, is_plain = _intervals(data, scan)
        layout, grid = _layout(structure, scan), _grid(scan)
        is_canonical = is_canonical and is_plain
        if scan.first > 0:
            row = scan.ac[0]
            wrong = bands.decode_band(
                words, starts, lengths, blocks, layout, grid, _ORDER,
                tables.lookups[row], tables.limits[row], tables.firsts[row], tables.symbols[row],
                scan.first, scan.last, scan.high > 0,
            )  # fmt: skip
        elif scan.high > 0:
            wrong = bands.decode_dc_bits(words, starts, lengths, blocks, layout, grid)
        else:
            wrong, is_tight = loops.decode_blocks(
                words, starts, lengths, blocks, layout, grid, _ORDER, *tables, scan.last > 0
            )  # fmt: skip
            is_canonical = is_canonical and is_tight
        if wrong == loops.TRUNCATED:
            raise truncated("a scan")
        if wrong != loops.SOUND:
            raise damaged(_WRONG[wrong])
    return blocks, is_canonical


def count_symbols(structure: Structure, blocks: Blocks) -> NDArray[np.int64]:
    """Return int64 (tables, 256): how often each symbol of each Huffman table is written for these coefficients."""
    counts = np.zeros((max(len(structure.tables), 1), 256), np.int64)
    for scan in structure.scans:
        _encode(structure, scan, blocks, None, counts)
    return counts


def encode(structure: Structure, blocks: Blocks, tables: Sequence[HuffmanTable]) -> list[bytes]:
    """Return the entropy-coded bytes of each scan for these coefficients and Huffman tables.

    Raises RefusedImage for a coefficient out of range, and for one whose symbol has no code.
    """
    all_codes = codes(tables)
    return [_encode(structure, scan, blocks, all_codes, None) for scan in structure.scans]


def _encode(
    structure: Structure,
    scan: Scan,
    blocks: Blocks,
    all_codes: NDArray[np.uint32] | None,
    counts: NDArray[np.int64] | None,
) -> bytes:
    """Return the bytes of a scan; where there are no codes, count its symbols in `counts` instead."""
    layout, grid = _layout(structure, scan), _grid(scan)
    num_intervals = _num_intervals(scan)
    starts, lengths = np.zeros(num_intervals, np.int64), np.zeros(num_intervals, np.int64)
    is_counting = all_codes is None
    # The cover's scan and an eighth: where the stego's is longer, there is a second try.
    size = loops.MARGIN + num_intervals + (0 if is_counting else (scan.end - scan.start) * 9 // 32 + 1024)
    used_codes = np.zeros((1, 256), np.uint32) if all_codes is None else all_codes
    used_counts = np.zeros((1, 256), np.int64) if counts is None else counts
    while True:
        words = np.empty(size, np.uint32)
        if scan.first > 0:
            row = scan.ac[0]
            wrong = bands.encode_band(
                blocks, layout, grid, _ORDER, used_codes[0 if is_counting else row], used_counts[row if is_counting else 0],
                words, starts, lengths, scan.first, scan.last, scan.high > 0, is_counting,
            )  # fmt: skip
        elif scan.high > 0:
            wrong = loops.SOUND if is_counting else bands.encode_dc_bits(blocks, layout, grid, words, starts, lengths)
        else:
            wrong = loops.encode_blocks(
                blocks, layout, grid, _ORDER, used_codes, used_counts, words, starts, lengths, scan.last > 0, is_counting
            )  # fmt: skip
        if wrong != loops.OVERFULL:
            break
        size *= 2
    if wrong == loops.BEYOND:
        raise RefusedImage(
            "a coefficient is out of range: AC coefficients have at most 10 bits, differences of DC coefficients 11",
            hint="leave coefficients at the ends of the range as they are",
        )
    if wrong == loops.NO_CODE:
        raise RefusedImage(
            "the JPEG has Huffman tables of its own, which have no code for what is to be written",
            hint="take another picture, or save this one with standard or optimized Huffman tables",
        )
    return b"" if is_counting else _stuffed(words, starts, lengths)


def _stuffed(words: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> bytes:
    """Return the bytes of all intervals, with a zero after each byte FF, and restart markers between the intervals."""
    stream = words[: starts[-1] + (lengths[-1] + 31) // 32].astype(">u4").tobytes()
    parts = []
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        if number:
            parts.append(bytes((0xFF, 0xD0 + (number - 1) % 8)))
        parts.append(stream[4 * start : 4 * start + length // 8].replace(b"\xff", b"\xff\0"))
    return b"".join(parts)


def _intervals(data: bytes, scan: Scan) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64], bool]:
    """Return the words of a scan, the first word and the bits of each restart interval, and whether there are no fillers."""
    if (found := _plain_words(data, scan)) is not None:
        if _num_intervals(scan) != 1:
            raise damaged(_MISPLACED)
        return found[0], np.zeros(1, np.int64), np.array([8 * found[1]], np.int64), True
    stream = data[scan.start : scan.end]
    pieces, numbers = [], []
    position = 0
    for match in _RESTART.finditer(stream):
        pieces.append(stream[position : match.start()])
        numbers.append(match[1][0] - 0xD0)
        position = match.end()
    pieces.append(stream[position:])
    if len(pieces) != _num_intervals(scan) or any(number != i % 8 for i, number in enumerate(numbers)):
        raise damaged(_MISPLACED)
    is_plain = b"\xff\xff" not in stream
    padded, starts, lengths, at = [], [], [], 0
    for piece in pieces:
        plain = (piece if is_plain else piece.rstrip(b"\xff")).replace(b"\xff\0", b"\xff")
        starts.append(at)
        lengths.append(8 * len(plain))
        padded += [plain, bytes(-len(plain) % 4)]
        at += (len(plain) + 3) // 4
    padded.append(bytes(4 * loops.MARGIN))
    words = np.frombuffer(b"".join(padded), ">u4").astype(np.uint32)
    return words, np.array(starts, np.int64), np.array(lengths, np.int64), is_plain


def _plain_words(data: bytes, scan: Scan) -> tuple[NDArray[np.uint32], int] | None:
    """Return the words of a scan without stuffing, and its bytes; None where there are markers or fillers in it."""
    stream = np.frombuffer(data, np.uint8, scan.end - scan.start, scan.start)
    plain = np.empty(-(-len(stream) // 4) * 4 + 4 * loops.MARGIN, np.uint8)
    count = loops.unstuff(stream, plain)
    if count < 0:
        return None
    end = -(-count // 4) * 4 + 4 * loops.MARGIN
    plain[count:end] = 0
    return plain[:end].view(">u4").astype(np.uint32), count


def _num_intervals(scan: Scan) -> int:
    rows, columns = scan.units
    return -(-rows * columns // scan.restart) if scan.restart else 1


def _units(structure: Structure, scan: Scan, number: int) -> int:
    """Return how many blocks of this component a scan codes."""
    rows, columns = scan.units
    h, v = structure.components[number].sampling if len(scan.components) > 1 else (1, 1)
    return rows * columns * h * v


def _layout(structure: Structure, scan: Scan) -> NDArray[np.int64]:
    """Return the layout that the loops take: see `jpeg_scans_loops.py`."""
    firsts = np.cumsum([0] + [rows * columns for rows, columns in (part.coded for part in structure.components)])
    rows = []
    for number, dc, ac in zip(scan.components, scan.dc, scan.ac, strict=True):
        component = structure.components[number]
        h, v = component.sampling if len(scan.components) > 1 else (1, 1)
        tables = [0 if table == NO_TABLE else table for table in (dc, ac)]  # a loop that needs none takes none
        rows.append([firsts[number], component.coded[1], h, v, *tables])
    return np.array(rows, np.int64)


def _grid(scan: Scan) -> NDArray[np.int64]:
    return np.array([*scan.units, scan.restart, scan.low], np.int64)
