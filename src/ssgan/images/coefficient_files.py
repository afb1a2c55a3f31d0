"""Read the coefficients of a JPEG file, and write the file with other coefficients, alike in all else.

A file is a cover if its own coefficients, written by its own tables, give its own bytes; then only what carries a message can
differ. What is read for looking only need not be one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.allocator import keep_freed
from ssgan.errors import RefusedImage
from ssgan.images.coefficients import Coefficients, Component
from ssgan.images.detect import JPEG_SIGNATURE
from ssgan.images.files import check_memory, of_source
from ssgan.images.formats.jpeg_structure import HuffmanTable, Structure, parse
from ssgan.images.header import MAX_FILE_BYTES

Blocks: TypeAlias = NDArray[np.int16]  # flat, as `jpeg_scans.py` has them
_BLOCK_BYTES = 256  # of memory for each block: its coefficients twice


def read_coefficients(source: str | os.PathLike[str] | bytes | BinaryIO, *, name: str = "") -> Coefficients:
    """Return the coefficients of a JPEG in a regular file, in bytes, or in an open binary stream.

    Sequential and progressive files of 8 bits, gray or of three components, are read, with any sampling. `name` is put before
    an error where `source` has none. Raises RefusedImage for what is no JPEG, damaged or of another kind, NotEnoughMemory for
    what is too large for this machine.
    """
    return of_source(source, name, lambda data, _: _read(data))


def _read(data: bytes) -> Coefficients:
    from ssgan.images.formats import jpeg_scans  # compiled loops, which most that read images do not need

    keep_freed()
    if not data.startswith(JPEG_SIGNATURE):
        raise RefusedImage("the file is no JPEG, and only a JPEG has coefficients", hint="name a .jpg file")
    if len(data) > MAX_FILE_BYTES:
        raise RefusedImage(f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB", hint="cut it into smaller images")
    structure = parse(data)
    check_memory(_BLOCK_BYTES * jpeg_scans.num_blocks(structure), "the coefficients")
    flat, is_canonical = jpeg_scans.decode(data, structure)
    components, position = [], 0
    for part in structure.components:
        rows, columns = part.coded
        blocks = flat[position : position + 64 * rows * columns].reshape(rows, columns, 8, 8)
        position += blocks.size
        assert part.table is not None
        whole = part.size[0] // 8, part.size[1] // 8
        components.append(Component(blocks, part.table, part.sampling, whole, part.size))
    structure = replace(structure, is_canonical=is_canonical)
    return Coefficients(structure.height, structure.width, tuple(components), structure.progressive, data, structure)


def encode_coefficients(coefficients: Coefficients) -> bytes:
    """Return the bytes of the JPEG with these coefficients: those of its file, but for its scans and optimized Huffman tables.

    Huffman tables that are optimal for the file's own coefficients are made again for these; all others are kept. Raises
    RefusedImage where the file is no cover (see the file's docstring), and for coefficients that the format cannot hold.
    """
    from ssgan.images.formats import jpeg_scans
    from ssgan.images.formats.jpeg_huffman import STANDARD

    data = coefficients.file
    structure = _structure(coefficients)
    blocks = _flat(coefficients, structure)
    if structure.is_canonical and not structure.obstacles and all(table in STANDARD for table in structure.tables):
        return _assembled(data, structure, structure.tables, jpeg_scans.encode(structure, blocks, structure.tables))
    own = _read(data)
    check_cover(own)
    tables = _tables(structure, _flat(own, structure), blocks)
    return _assembled(data, structure, tables, jpeg_scans.encode(structure, blocks, tables))


def check_cover(coefficients: Coefficients) -> None:
    """Raise RefusedImage, with the reason, where coefficients as they were read from a file do not give its bytes again."""
    structure = _structure(coefficients)
    if structure.obstacles:
        raise RefusedImage(
            f"the JPEG is read, but not written: {structure.obstacles[0]}", hint="save the picture again, or take another one"
        )
    if structure.is_canonical:
        return
    from ssgan.images.formats import jpeg_scans

    scans = [coefficients.file[scan.start : scan.end] for scan in structure.scans]
    if jpeg_scans.encode(structure, _flat(coefficients, structure), structure.tables) != scans:
        raise RefusedImage(
            "the JPEG is read, but not written: its program coded it in a way of its own, which a stego would not have",
            hint="save the picture again, or take another one",
        )


def _structure(coefficients: Coefficients) -> Structure:
    structure = coefficients.structure or _read(coefficients.file).structure
    assert structure is not None
    return structure


def _tables(structure: Structure, own: Blocks, blocks: Blocks) -> list[HuffmanTable]:
    """Return the tables to write by: those of the cover, made again where they are optimal for the cover's symbols."""
    from ssgan.images.formats import jpeg_scans
    from ssgan.images.formats.jpeg_huffman import STANDARD, optimal

    own_counts = jpeg_scans.count_symbols(structure, own)
    counts: NDArray[np.int64] | None = None
    tables = list(structure.tables)
    for i, table in enumerate(tables):
        if table not in STANDARD and own_counts[i].any() and table == optimal(own_counts[i]):
            if counts is None:
                counts = jpeg_scans.count_symbols(structure, blocks)
            tables[i] = optimal(counts[i])
    return tables


def _assembled(data: bytes, structure: Structure, tables: Sequence[HuffmanTable], scans: list[bytes]) -> bytes:
    """Return the file with other scans, and other Huffman tables in the segments that define them."""
    changes = [(scan.start, scan.end, content) for scan, content in zip(structure.scans, scans, strict=True)]
    for segment in structure.table_segments:
        content = b"".join(bytes([head]) + tables[i].counts + tables[i].symbols for head, i in segment.tables)
        changes.append((segment.start - 2, segment.end, (len(content) + 2).to_bytes(2, "big") + content))
    parts, position = [], 0
    for start, end, content in sorted(changes):
        parts += [data[position:start], content]
        position = end
    return b"".join([*parts, data[position:]])


def _flat(coefficients: Coefficients, structure: Structure) -> Blocks:
    for component, part in zip(coefficients.components, structure.components, strict=True):
        assert component.blocks.shape == (*part.coded, 8, 8)
    return np.concatenate([component.blocks.reshape(-1) for component in coefficients.components])
