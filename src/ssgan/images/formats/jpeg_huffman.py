"""Make Huffman tables of a JPEG: to decode by, to encode by, and those that libjpeg makes for given symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssgan.images.formats.jpeg_huffman_loops import LOOKUP_BITS, fill_lookup, optimal_depths
from ssgan.images.formats.jpeg_structure import HuffmanTable


def _table(counts: str, symbols: str) -> HuffmanTable:
    return HuffmanTable(bytes.fromhex(counts), bytes.fromhex(symbols))


# T.81, annex K.3: the tables of an encoder that does not make its own; luma and chroma, DC and AC.
STANDARD = (
    _table("00010501010101010100000000000000", "000102030405060708090a0b"),
    _table("00030101010101010101010000000000", "000102030405060708090a0b"),
    _table(
        "0002010303020403050504040000017d",
        "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
        "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9"
        "aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
    ),
    _table(
        "00020102040403040705040400010277",
        "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536373839"
        "3a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7"
        "a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
    ),
)


class Decoding(NamedTuple):
    """What the loops decode by, a row a table: see `fill_lookup`; symbols uint8 (tables, 256)."""

    lookups: NDArray[np.uint16]
    limits: NDArray[np.int64]
    firsts: NDArray[np.int64]
    symbols: NDArray[np.uint8]


def decoding(tables: Sequence[HuffmanTable]) -> Decoding:
    """Return what these tables are decoded by."""
    count = max(len(tables), 1)
    made = Decoding(
        np.zeros((count, 1 << LOOKUP_BITS), np.uint16),
        np.zeros((count, 17), np.int64),
        np.zeros((count, 17), np.int64),
        np.zeros((count, 256), np.uint8),
    )
    for i, (counts, symbols) in enumerate(tables):
        made.symbols[i, : len(symbols)] = np.frombuffer(symbols, np.uint8)
        fill_lookup(np.frombuffer(counts, np.uint8), made.symbols[i], made.lookups[i], made.limits[i], made.firsts[i])
    return made


def codes(tables: Sequence[HuffmanTable]) -> NDArray[np.uint32]:
    """Return uint32 (tables, 256): of each symbol 65,536 x the length of its code + the code, 0 where it has none."""
    made = np.zeros((max(len(tables), 1), 256), np.uint32)
    for row, (counts, symbols) in zip(made, tables, strict=False):
        code, place = 0, 0
        for length, count in enumerate(counts, 1):
            for symbol in symbols[place : place + count]:
                row[symbol] = length << 16 | code
                code += 1
            place += count
            code <<= 1
    return made


def optimal(counts: NDArray[np.int64]) -> HuffmanTable:
    """Return the table that libjpeg makes for symbols that occur so often, int64 (256,)."""
    lengths, depths = np.zeros(17, np.int64), np.zeros(257, np.int64)
    optimal_depths(counts, lengths, depths)
    occurring = np.flatnonzero(depths[:256])
    symbols = occurring[np.argsort(depths[occurring], kind="stable")]
    return HuffmanTable(lengths[1:].astype(np.uint8).tobytes(), symbols.astype(np.uint8).tobytes())
